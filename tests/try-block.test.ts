import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

const root = join(import.meta.dirname, '..');
let folder = '';
let printed: Ended;

interface Ended {
  readonly exitCode: number;
  readonly text: string;
}

function run(program: string, args: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(
      program,
      args,
      // A pasted line stands where its `cd` put it: what npm noted of our own folder is not for it.
      { cwd: root, env: { ...process.env, CI: '1' }, maxBuffer: 1 << 26 },
      (error, stdout, stderr) => {
        const code = error === null ? 0 : error.code;
        resolve({ exitCode: typeof code === 'number' ? code : 1, text: `${stdout}${stderr}` });
      },
    );
  });
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vmstation-try-'));
  printed = await run(process.execPath, ['tools/start/main.ts', '--once', '--workspace', join(folder, 'example')]);
}, 240_000);

afterAll(async () => {
  await run(join(root, 'apps/cli/bin/vmstation'), ['lab', 'stop', '--workspace', join(folder, 'example')]);
  await rm(folder, { recursive: true, force: true });
}, 60_000);

test('the journey ends validated', () => {
  expect(printed.text).toContain('application-stack');
  expect(printed.exitCode).toBe(0);
});

test('the Try block of the last lines works when pasted: it finds exactly the tampering and repairs it', async () => {
  const block = printed.text
    .slice(printed.text.lastIndexOf('\nTry'))
    .split('\n')
    .filter((line) => line.startsWith('  '));
  const [enter = '', start = '', verify = '', tamper = '', drift = '', up = ''] = block.map((line) => line.trim());
  expect(block).toHaveLength(6);
  const paste = (...lines: readonly string[]) => run('sh', ['-c', [enter, ...lines].join('\n')]);

  const verified = await paste(start, verify);
  expect(verified.text).toContain('drift/node');
  expect(verified).toMatchObject({ exitCode: 0 });

  const drifted = await paste(tamper, drift);
  expect(drifted.exitCode).toBe(2);
  expect(drifted.text).toContain('net.ipv4.ip_forward');
  const document = await paste('vmstation drift --json');
  const report = JSON.parse(document.text) as {
    nodes: { node: string; changes: unknown[] }[];
    cluster: { changes: unknown[] };
  };
  expect(report.nodes.map(({ node, changes }) => [node, changes.length])).toEqual([
    ['masternode', 0],
    ['storagenodet3500', 1],
    ['homelab', 0],
  ]);
  expect(report.cluster.changes).toEqual([]);

  const repaired = await paste(up);
  expect(repaired.exitCode).toBe(0);
  expect(repaired.text).toContain('1 changed');
  expect((await paste('vmstation drift')).exitCode).toBe(0);
}, 180_000);

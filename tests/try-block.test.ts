import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { isOnPath, tryLines } from '../tools/start/try-block.ts';
import { kubectlProgram } from './contract/kubernetes/kubectl/kubectl-program.ts';

const root = join(import.meta.dirname, '..');
let folder = '';
let kubectlFolder = '';
let printed: Ended;

interface Ended {
  readonly exitCode: number;
  readonly text: string;
}

function run(program: string, args: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(program, args, { cwd: root, env: environment(), maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
      const code = error === null ? 0 : error.code;
      resolve({ exitCode: typeof code === 'number' ? code : 1, text: `${stdout}${stderr}` });
    });
  });
}

function environment(): NodeJS.ProcessEnv {
  const path = [kubectlFolder, process.env['PATH'] ?? ''].join(delimiter);
  return { ...process.env, PATH: path, CI: '1' };
}

beforeAll(async () => {
  kubectlFolder = dirname(await kubectlProgram());
  folder = await mkdtemp(join(tmpdir(), 'vmstation-try-'));
  printed = await run(process.execPath, ['tools/start/main.ts', '--once', '--workspace', join(folder, 'example')]);
}, 240_000);

afterAll(async () => {
  await run(join(root, 'apps/cli/bin/vmstation'), ['lab', 'stop', '--workspace', join(folder, 'example')]);
  await rm(folder, { recursive: true, force: true });
}, 300_000);

test('the journey ends validated', () => {
  expect(printed.text).toContain('application-stack');
  expect(printed.exitCode).toBe(0);
});

test('the Try block of the last lines works when pasted: it finds exactly the tampering and repairs it', async () => {
  const block = printed.text
    .slice(printed.text.lastIndexOf('\nTry'))
    .split('\n')
    .filter((line) => line.startsWith('  '));
  const [enter = '', start = '', verify = '', look = '', tamper = '', drift = '', up = '', ...fault] = block.map(
    (line) => line.trim(),
  );
  expect(block).toHaveLength(10);
  const paste = (...lines: readonly string[]) => run('sh', ['-c', [enter, ...lines].join('\n')]);

  const verified = await paste(start, verify);
  expect(verified.text).toContain('drift/node');
  expect(verified).toMatchObject({ exitCode: 0 });

  const looked = await paste(look);
  expect(looked.exitCode).toBe(0);
  const rows = looked.text.split('\n').map((line) => line.trim().split(/ +/u));
  for (const node of ['masternode', 'storagenodet3500', 'homelab']) {
    expect(rows).toContainEqual([`node/${node}`, 'Ready', expect.anything(), expect.anything(), expect.anything()]);
  }
  const pods = rows.filter(([, name]) => name?.startsWith('pod/'));
  expect(pods.some(([namespace, name]) => namespace === 'monitoring' && name?.startsWith('pod/grafana'))).toBe(true);
  expect(pods.filter(([, , ready, status]) => ready !== '1/1' || status !== 'Running')).toEqual([]);

  const drifted = await paste(tamper, drift);
  expect(drifted.exitCode).toBe(2);
  expect(drifted.text).toContain('net.ipv4.ip_forward');
  const document = await paste('vmstation drift --json');
  const report = JSON.parse(document.text) as {
    nodes: { host: string; items: { id: string }[] }[];
    cluster: { items: unknown[] };
  };
  expect(report.nodes.map(({ host, items }) => [host, items.map(({ id }) => id)])).toEqual([
    ['masternode', []],
    ['storagenodet3500', ['sysctl:net.ipv4.ip_forward']],
    ['homelab', []],
  ]);
  expect(report.cluster.items).toEqual([]);

  const repaired = await paste(up);
  expect(repaired.exitCode).toBe(0);
  expect(repaired.text).toContain('1 changed');
  expect((await paste('vmstation drift')).exitCode).toBe(0);

  const [breaks = '', looks = '', ends = ''] = fault;
  const away = await paste(breaks, looks);
  expect(away.text.replaceAll(/\s+/g, ' ')).toMatch(
    /unreadable homelab homelab could not be reached over SSH: .*refused/,
  );
  expect(away.exitCode).toBe(3);
  expect((await paste(ends, 'vmstation drift')).exitCode).toBe(0);
}, 300_000);

test('kubectl is in the block only where it is installed', () => {
  const block = { binFolder: '/bin', workspace: '/lab', labStopped: false };
  const lines = (path: string) => tryLines({ ...block, kubectl: isOnPath('kubectl', path) }).join('\n');
  expect(lines([folder, kubectlFolder].join(delimiter))).toContain('kubectl --kubeconfig .vmstation/kubeconfig get');
  expect(lines(folder)).not.toContain('kubectl');
});

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { runLine } from '../apps/cli/src/testing/run-line.ts';
import { wideClusterFile } from '../bench/wide-cluster.ts';

// That the way to many machines works; how fast it is, the bench tells.

test('forty machines start in one process and are all read', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'forty-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, 'wide.yaml'), wideClusterFile(40));
  writeFileSync(
    join(folder, 'forty.scenario'),
    'seed 40\nstart wide.yaml\nrun drift\nexpect exit 2\nexpect output without "could not be reached"\non worker39 hostname\n',
  );
  const { exitCode, out, err } = await runLine(['lab', 'scenario', 'forty.scenario'], { folder });
  expect(err).toBe('');
  expect(out).toContain('40 machines: first, worker1,');
  // Forty places drifted, and the cluster cannot be read: nothing has installed one.
  expect(out.match(/drifted +(?:first|worker\d+)/g)).toHaveLength(40);
  expect(out).toContain('    worker39\n');
  expect(exitCode).toBe(0);
});

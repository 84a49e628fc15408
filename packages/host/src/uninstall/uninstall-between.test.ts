import { readFileSync, writeFileSync } from 'node:fs';
import type { FileResource } from '@vmstation/core';
import { expect, onTestFinished, test } from 'vitest';
import { scratchMachine } from '../testing/scratch-machine.ts';
import { createUninstaller } from './uninstall.ts';

test('a run that was refused and changed nothing does not let an earlier one write over what somebody changed since', async () => {
  const machine = scratchMachine();
  onTestFinished(() => machine.remove());
  const { folder, host, transport } = machine;
  const path = `${folder}/file`;
  const file: FileResource = { kind: 'file', path, content: 'ours\n' };
  await host.apply({ node: 'n', runId: 'r1', resources: [file] });
  writeFileSync(path, 'between\n');
  const refused: FileResource = { ...file, validate: { command: ['false', '{}'] } };
  const report = await host.apply({ node: 'n', runId: 'r2', resources: [refused] });
  expect(report.resources).toMatchObject([{ outcome: 'failed' }]);
  writeFileSync(path, 'theirs\n');
  const uninstaller = createUninstaller({ transport, tryMode: undefined, stateFolder: `${folder}/state` });
  const { failed } = await uninstaller.takeBack('n', await uninstaller.records('n'));
  expect(failed).toMatchObject([{ id: `file:${path}`, reason: expect.stringContaining('changed after the run') }]);
  expect(readFileSync(path, 'utf8')).toBe('theirs\n');
});

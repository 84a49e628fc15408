import { readFileSync, writeFileSync } from 'node:fs';
import type { BlockResource, FileResource, LineResource } from '@vmstation/core';
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

test('in a file that others share only our lines go: what somebody wrote between and after our runs stays', async () => {
  const machine = scratchMachine();
  onTestFinished(() => machine.remove());
  const { folder, host, transport } = machine;
  const path = `${folder}/shared`;
  writeFileSync(path, 'first\nPort 22\nlast\n');
  const port = (number: number): LineResource => ({
    kind: 'line',
    path,
    name: 'port',
    line: `Port ${number}`,
    match: '^Port',
  });
  await host.apply({ node: 'n', runId: 'r1', resources: [port(2022)] });
  writeFileSync(path, readFileSync(path, 'utf8').replace('first', 'first\nbetween'));
  await host.apply({ node: 'n', runId: 'r2', resources: [port(2023)] });
  writeFileSync(path, `${readFileSync(path, 'utf8')}after\n`);
  const uninstaller = createUninstaller({ transport, tryMode: undefined, stateFolder: `${folder}/state` });
  expect(await uninstaller.takeBack('n', await uninstaller.records('n'))).toMatchObject({ failed: [] });
  expect(readFileSync(path, 'utf8')).toBe('first\nbetween\nPort 22\nlast\nafter\n');
});

test('a rollback takes our block out of a file that somebody changed; where our lines were changed, it leaves them', async () => {
  const machine = scratchMachine();
  onTestFinished(() => machine.remove());
  const { folder, host } = machine;
  const path = `${folder}/shared`;
  const block: BlockResource = { kind: 'block', path, name: 'b', content: 'one\none\n' };
  await host.apply({ node: 'n', runId: 'r1', resources: [block] });
  writeFileSync(path, `theirs\n${readFileSync(path, 'utf8')}one\n`);
  expect(await host.rollback('n', 'r1')).toMatchObject({ failed: [] });
  expect(readFileSync(path, 'utf8')).toBe('theirs\none\n');
  await host.apply({ node: 'n', runId: 'r2', resources: [block] });
  writeFileSync(path, readFileSync(path, 'utf8').replaceAll('one', 'two'));
  const { failed } = await host.rollback('n', 'r2');
  expect(failed).toMatchObject([{ reason: expect.stringContaining('changed after the run') }]);
});

test('runs are taken back in the order in which the machine saw them, whatever they are called and whoever’s clock is wrong', async () => {
  const machine = scratchMachine();
  onTestFinished(() => machine.remove());
  const { folder, host, transport } = machine;
  const path = `${folder}/file`;
  const file = (content: string): FileResource => ({ kind: 'file', path, content });
  writeFileSync(path, 'theirs\n');
  // Two runs of one second differ in letters that were drawn; the first goes on after the second has begun.
  await host.apply({ node: 'n', runId: '20261123-091500-m', resources: [file('one\n')] });
  await host.apply({ node: 'n', runId: '20261123-091500-z', resources: [file('two\n')] });
  await host.apply({ node: 'n', runId: '20261123-091500-a', resources: [file('three\n')] });
  await host.apply({ node: 'n', runId: '20261123-091500-m', resources: [file('four\n')] });
  const uninstaller = createUninstaller({ transport, tryMode: undefined, stateFolder: `${folder}/state` });
  const records = await uninstaller.records('n');
  expect(records.changes.map(({ run, apply }) => `${run.at(-1)}${apply}`)).toEqual(['m2', 'a1', 'z1', 'm1']);
  expect(await uninstaller.takeBack('n', records)).toMatchObject({ failed: [] });
  expect(readFileSync(path, 'utf8')).toBe('theirs\n');
});

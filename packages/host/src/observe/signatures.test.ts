import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { scratchMachine } from '../testing/scratch-machine.ts';
import { readSignatures } from './signatures.ts';

const canMake = ['wipefs', 'mkfs.ext4'].every(
  (program) => spawnSync('sh', ['-c', `PATH=$PATH:/usr/sbin:/sbin; command -v ${program}`]).status === 0,
);

test.skipIf(!canMake)('one look at all devices; alone where names end alike or one cannot be read', async () => {
  const machine = scratchMachine();
  onTestFinished(() => machine.remove());
  const { folder, host, sent } = machine;
  mkdirSync(`${folder}/other`);
  const image = (name: string, label?: string) => {
    writeFileSync(`${folder}/${name}`, Buffer.alloc(2 << 20));
    if (label === undefined) return;
    const made = spawnSync('/usr/sbin/mkfs.ext4', ['-q', '-F', '-L', label, `${folder}/${name}`]);
    expect(made.status, String(made.stderr)).toBe(0);
  };
  image('one', 'a \\ é=');
  image('two', 'b');
  image('two,0x4', 'd');
  image('other/one', 'c');
  mkdirSync(`${folder}/unread`);
  const look = async (...names: readonly (readonly [name: string, label: string])[]) => {
    const check = await host.check(
      'node',
      names.map(([name, label]) => ({ kind: 'filesystem', device: `${folder}/${name}`, fstype: 'ext4', label })),
    );
    return { states: [...check.resources.values()].map(({ state }) => state), started: check.remoteProcesses };
  };
  const nothing = (await look()).started;
  const apart = await look(['one', 'a \\ é='], ['two', 'b'], ['two,0x4', 'd'], ['nofile', 'x']);
  expect(apart).toEqual({ states: ['equal', 'equal', 'equal', 'differs'], started: nothing + 1 });
  expect((await look(['one', 'a \\ é='], ['other/one', 'c'])).states).toEqual(['equal', 'equal']);
  expect((await look(['one', 'a \\ é='], ['unread', 'x'], ['two', 'b'])).states).toEqual([
    'equal',
    'unreadable',
    'equal',
  ]);
  expect(sent).toHaveLength(4);
});

test('a later look at a device replaces an earlier one', () => {
  const lines = ['device /dev/a', 'device /dev/b', 'status 1', 'device /dev/a', 'a,0x0,u,l,xfs', 'status 0'];
  expect(readSignatures(lines)).toEqual(
    new Map([
      ['/dev/a', { exitCode: 0, signatures: [{ type: 'xfs', label: 'l' }] }],
      ['/dev/b', { exitCode: 1, signatures: [] }],
    ]),
  );
});

import { expect, test } from 'vitest';
import { runAtConsole } from './console.ts';
import type { KernelState } from './kernel-state.ts';
import { Machine } from './machine.ts';
import type { MachineSpec } from './machine-spec.ts';

const spec: MachineSpec = {
  name: 'one',
  face: 'debian-12',
  nics: [{ name: 'eth0', mac: '02:00:00:00:00:01', ip: '10.0.0.1' }],
};

async function inShell(machine: Machine, script: string): Promise<string> {
  const { stdout } = await runAtConsole(machine, { argv: ['sh', '-c', script], stdin: '' });
  return Buffer.from(stdout).toString();
}

test('what lies below /run outlives the process of the lab, and no boot', async () => {
  const before = new Machine({ ...spec });
  await before.begin(false);
  const look = 'cat /run/mine/list; stat -c "%a %U %Y" /run/mine/list; readlink /run/mine/link';
  await inShell(
    before,
    'mkdir -m 750 /run/mine; printf "\\351\\n" >/run/mine/list; chmod 640 /run/mine/list; ln -s list /run/mine/link',
  );
  const seen = await inShell(before, look);
  expect(seen).toContain('640 root');

  const state = JSON.parse(JSON.stringify(before.memory)) as KernelState;
  const resumed = new Machine({ ...spec }, { volume: before.volume, state });
  await resumed.begin(true);
  expect(await inShell(resumed, look)).toBe(seen);

  const booted = new Machine({ ...spec }, { volume: before.volume });
  await booted.begin(false);
  expect(await inShell(booted, 'ls /run/mine 2>&1')).toContain('No such file');
});

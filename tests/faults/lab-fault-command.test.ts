import { askLab, labPaths } from '@vmstation/lab';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type LabWorkspace, openLabWorkspace } from '../lab-workspace.ts';

// The faults of a running lab, switched and judged from the command line, as an operator would.

let lab: LabWorkspace;
beforeAll(async () => {
  lab = await openLabWorkspace();
});
afterAll(() => lab?.remove());

test('faults are switched on, listed and cleared', async () => {
  const on = await lab.vmstation(['lab', 'fault', 'homelab', 'slow', '50', 'bytes-per-second=100000']);
  expect(on).toMatchObject({ exitCode: 0 });
  expect(on.text).toContain('homelab: every byte is late, and few at a time (latency-ms=50 bytes-per-second=100000)');
  expect(on.text).toContain('vmstation lab fault clear homelab slow');
  await lab.fault('api', 'throttled', '3');
  const { text } = await lab.vmstation(['lab', 'fault', 'list', '--json']);
  expect(JSON.parse(text)).toMatchObject({
    faults: [
      { on: 'node', node: 'homelab', kind: 'slow', values: { 'latency-ms': 50 } },
      { on: 'api', kind: 'throttled', values: { times: 3, 'retry-after-seconds': 1 } },
    ],
  });
  const cleared = await lab.vmstation(['lab', 'fault', 'clear']);
  expect(cleared.text).toContain('2 faults cleared: homelab slow, api throttled');
  expect(await askLab(labPaths(lab.root), 'fault.list', {})).toEqual({ faults: [] });
});

test.each([
  [{ node: 'homelab' }, ['unreachabel'], 'lab/unknown-fault', 'unreachable'],
  ['api', ['liar'], 'lab/unknown-fault', 'There is no fault liar of the API'],
  [{ node: 'homelb' }, ['liar'], 'lab/unknown-node', 'homelab'],
  [{ node: 'homelab' }, ['slow', 'soon'], 'lab/bad-fault-value', 'latency-ms is a number from 0, not soon'],
  [{ node: 'homelab' }, ['unit-fails'], 'lab/bad-fault-value', 'unit is missing'],
] as const)('on %j: %j is refused', async (on, [kind, ...words], code, says) => {
  await expect(lab.fault(on, kind, ...words)).rejects.toMatchObject({
    code,
    kind: 'user',
    message: expect.stringContaining(says),
  });
});

test('drift names the node that is away, and no other', async () => {
  await lab.fault({ node: 'homelab' }, 'unreachable');
  const { exitCode, text } = await lab.vmstation(['drift']);
  await lab.clearFaults();
  expect(text).toMatch(/homelab could not be reached over SSH: ssh: connect to host \S+ port \d+: Connection refused/);
  expect(text).not.toMatch(/(masternode|storagenodet3500) could not be reached/);
  // Bare machines differ as well.
  expect(exitCode).toBe(2);
});

test('a clock that stays wrong under its time service ends setup red, and by how much', async () => {
  await lab.fault({ node: 'homelab' }, 'clock-skew', '900');
  const setup = ['up', '--yes', '--only', 'setup', '--node', 'homelab'];
  const { exitCode, text } = await lab.vmstation(setup);
  await lab.clearFaults();
  expect(text).toMatch(/setup\/verify failed homelab: (899|900)\.\d s ahead of the median/);
  expect(text).toContain('chronyc tracking');
  expect(exitCode).toBe(1);
  expect(await lab.vmstation(setup)).toMatchObject({ exitCode: 0 });
});

test('a suspend that lies leaves a machine that is awake to everybody', async () => {
  await lab.fault({ node: 'homelab' }, 'lying-suspend');
  const suspended = await lab.vmstation(['lab', 'ssh', 'homelab', '--', 'sudo', 'systemctl', 'suspend']);
  expect(suspended).toMatchObject({ exitCode: 0 });
  const power = await askLab(labPaths(lab.root), 'node.power', { node: 'homelab' });
  expect(power).toMatchObject({ power: 'on', state: 'awake' });
  await lab.clearFaults();
});

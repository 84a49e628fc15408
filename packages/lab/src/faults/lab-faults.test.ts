import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { ClusterFaults } from '../kubernetes/faults/cluster-faults.ts';
import { Machine } from '../machine/machine.ts';
import { FaultFile } from './fault-file.ts';
import { type FaultKind, faultKinds, type LabFault } from './fault-kinds.ts';
import { faultKindOf, readFaultValues, withDefaults } from './fault-values.ts';
import { type FaultTargets, LabFaults } from './lab-faults.ts';

const nics = [{ name: 'enp1s0', mac: '02:00:00:00:00:01', ip: '192.168.4.9' }];

/** A machine `node1`, a cluster, and what was told of each change. */
async function faultyLab(): Promise<{
  machine: Machine;
  cluster: ClusterFaults;
  faults: LabFaults;
  told: (readonly LabFault[])[];
}> {
  const machine = new Machine({ name: 'node1', face: 'debian-12', nics });
  await machine.begin(false);
  const cluster = new ClusterFaults();
  const told: (readonly LabFault[])[] = [];
  const faults = new LabFaults({
    machine: () => machine,
    nodes: () => ['node1'],
    cluster: () => cluster,
    changed: (list) => told.push(list),
  });
  return { machine, cluster, faults, told };
}

const needed = (kind: FaultKind): readonly string[] =>
  kind.parameters.filter(({ required }) => required === true).map(({ name }) => `${name}=cron.service`);
const listed: readonly FaultKind[] = faultKinds;

test.each(listed.map((kind) => [kind.subject === 'api' ? 'api' : 'node', kind.kind, kind] as const))(
  'a fault of the %s, %s, changes something while it is on, and nothing afterwards',
  async (on, name, kind) => {
    const { machine, cluster, faults } = await faultyLab();
    const state = (): string => JSON.stringify([machine.faults, cluster.list()]);
    const before = state();
    const fault = faults.set(on === 'api' ? 'api' : { node: 'node1' }, name, needed(kind));
    expect(faults.list()).toEqual([fault]);
    expect(state()).not.toBe(before);
    expect(faults.clear()).toEqual([fault]);
    expect(state()).toBe(before);
  },
);

test('the later of two equal kinds replaces the earlier, and two units stand side by side', async () => {
  const { machine, faults } = await faultyLab();
  faults.onNode('node1', 'slow', { 'latency-ms': 10 });
  faults.onNode('node1', 'slow', { 'latency-ms': 20 });
  faults.onNode('node1', 'unit-fails', { unit: 'cron.service' });
  faults.onNode('node1', 'unit-fails', { unit: 'ssh.service', 'after-seconds': 60 });
  expect(faults.list()).toHaveLength(3);
  expect(machine.faults).toMatchObject({
    slowWire: { latencyMs: 20 },
    unitDiesAfterSeconds: { 'cron.service': 0, 'ssh.service': 60 },
  });
  expect(faults.clear({ node: 'node1' }, 'unit-fails')).toHaveLength(2);
});

test('a fault that has happened often enough is over, and others go on counting', async () => {
  const { machine, cluster, faults, told } = await faultyLab();
  let cuts = 0;
  machine.onConnectionsCut = () => {
    cuts += 1;
  };
  faults.onApi('throttled', { times: 2 });
  faults.onNode('node1', 'cut', { 'after-steps': 3 });
  machine.stepTaken();
  machine.stepTaken();
  faults.onNode('node1', 'no-sudo');
  machine.stepTaken();
  await new Promise((resolve) => setImmediate(resolve));
  expect(cuts).toBe(1);
  expect(faults.list().map(({ kind }) => kind)).toEqual(['throttled', 'no-sudo']);
  cluster.take('api-throttled');
  cluster.take('api-throttled');
  expect(told.at(-1)?.map(({ kind }) => kind)).toEqual(['no-sudo']);
});

test('a fault of the API waits for a cluster', () => {
  let cluster: ClusterFaults | undefined;
  const faults = new LabFaults({ machine: () => undefined, nodes: () => [], cluster: () => cluster });
  faults.onApi('down');
  cluster = new ClusterFaults();
  faults.reapply();
  faults.reapply();
  expect(cluster.list()).toEqual([{ kind: 'api-down' }]);
});

test('faults are kept for the next process, and a file of another version is refused', () => {
  const folder = mkdtempSync(join(tmpdir(), 'lab-faults-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = new FaultFile(join(folder, 'faults.json'));
  expect(file.read()).toEqual([]);
  const targets: FaultTargets = { machine: () => undefined, nodes: () => ['node1'], cluster: () => undefined };
  const faults = new LabFaults({ ...targets, changed: (list) => file.write(list) });
  faults.onNode('node1', 'cut', { 'after-bytes': 100 });
  faults.onApi('throttled', { times: 3 });
  expect(new LabFaults(targets, file.read()).list()).toEqual(faults.list());
  writeFileSync(join(folder, 'faults.json'), '[{"on":"api","kind":"gone","values":{}}]');
  expect(() => file.read()).toThrow('There is no fault gone of the API');
});

test('whatever is written, values are read whole or refused', () => {
  const kinds = fc.constantFrom(...listed);
  const words = fc.array(fc.oneof(fc.string(), fc.constantFrom('always', '5', 'after-steps=2', 'unit=a', 'mount=/x')));
  fc.assert(
    fc.property(kinds, words, (kind, given) => {
      let ended: unknown;
      try {
        const values = readFaultValues(kind, given);
        ended = JSON.stringify(withDefaults(kind, values)) === JSON.stringify(values) ? 'whole' : values;
      } catch (error) {
        ended = (error as { readonly code?: string }).code;
      }
      expect(['whole', 'lab/bad-fault-value']).toContain(ended);
    }),
  );
  expect(() => faultKindOf('node', 'throttled')).toThrow('There is no fault throttled of a machine');
});

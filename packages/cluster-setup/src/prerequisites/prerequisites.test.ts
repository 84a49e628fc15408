import {
  AppError,
  type ClusterNode,
  type DesiredState,
  errorRecord,
  exampleFacts,
  exampleReading,
  exampleTime,
  exampleWorkspace,
  type Finding,
  type NodeFacts,
  type NodeReading,
  nodeOf,
} from '@vmstation/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { clockSkews } from './clock-skew.ts';
import { judgePrerequisites } from './index.ts';

const workspace = exampleWorkspace();
const nothing: DesiredState = { nodes: new Map() };
const node = (name: string): ClusterNode => nodeOf(workspace.cluster, name);

function judge(name: string, facts: Partial<NodeFacts>, desired = nothing): readonly Finding[] {
  const readings = new Map([[name, exampleReading(node(name), desired, { facts })]]);
  return judgePrerequisites(workspace, desired, readings).get(name) ?? [];
}

function notOk(name: string, facts: Partial<NodeFacts>): readonly string[] {
  return judge(name, facts)
    .filter((finding) => finding.state !== 'ok')
    .map((finding) => `${finding.code} ${finding.state}: ${finding.evidence}`);
}

function clockAt(seconds: number): string {
  return new Date(exampleTime.getTime() + seconds * 1000).toISOString();
}

test('machines that fit the model meet every requirement', () => {
  for (const { name } of workspace.cluster.nodes) expect(notOk(name, {})).toEqual([]);
});

test.each<[string, string, Partial<NodeFacts>, string]>([
  [
    'another system',
    'masternode',
    { osId: 'ubuntu', osVersion: '24.04', osName: 'Ubuntu 24.04' },
    'setup/operating-system failed: Ubuntu 24.04 (ubuntu 24.04), the model says debian-12',
  ],
  [
    'another release',
    'homelab',
    { osVersion: '9.6' },
    'setup/operating-system failed: Red Hat Enterprise Linux 10.0 (Coughlan) (rhel 9.6), the model says rhel-10',
  ],
  ['an old kernel', 'masternode', { kernel: '5.10.0-28-amd64' }, 'setup/kernel failed: 5.10.0-28-amd64'],
  [
    'a strange processor',
    'masternode',
    { architecture: 'riscv64' },
    'setup/architecture failed: riscv64 (images are made for x86_64, amd64, aarch64, arm64)',
  ],
  ['one core', 'homelab', { cpus: 1 }, 'setup/cpus failed: 1 core'],
  [
    'a small control plane',
    'masternode',
    { memoryMiB: 1000 },
    'setup/memory failed: 1000 MiB, a control plane needs 1792 MiB',
  ],
  ['a small worker', 'homelab', { memoryMiB: 512 }, 'setup/memory failed: 512 MiB, a worker needs 896 MiB'],
  ['a full disk', 'homelab', { freeDiskMiB: 5000 }, 'setup/disk failed: 4.9 GiB free on the root file system'],
  [
    'a rather full disk',
    'homelab',
    { freeDiskMiB: 15_000 },
    'setup/disk warning: 14.6 GiB free on the root file system',
  ],
  [
    'no systemd',
    'masternode',
    { hasSystemd: false },
    'setup/systemd failed: something else than systemd runs as the first process',
  ],
  ['an old Python', 'masternode', { pythonVersion: '3.8.10' }, 'setup/python failed: 3.8.10'],
  ['no Python yet', 'masternode', { pythonVersion: undefined }, 'setup/python warning: no python3'],
  [
    'another MAC',
    'homelab',
    { macs: ['02:00:00:00:00:99'] },
    'setup/mac failed: 02:00:00:00:00:62 is not among 02:00:00:00:00:99',
  ],
  ['no readable MAC', 'homelab', { macs: [] }, 'setup/mac unreadable: no MAC address could be read'],
  [
    'root by password',
    'masternode',
    { rootByPassword: true },
    'setup/root-by-password warning: sshd accepts passwords for root',
  ],
  ['k3s', 'homelab', { kubernetes: 'k3s' }, 'setup/other-kubernetes warning: k3s runs here'],
  ['swap', 'homelab', { swapMiB: 976 }, 'setup/swap warning: 976 MiB of swap'],
])('%s is named with its reason', (_what, name, facts, expected) => {
  expect(notOk(name, facts)).toEqual([expected]);
});

test('a worker may have less memory than a control plane, and a 2 GiB machine is one', () => {
  expect(notOk('homelab', { memoryMiB: 960 })).toEqual([]);
  expect(notOk('masternode', { memoryMiB: 1950 })).toEqual([]);
});

test('clones of RHEL count as RHEL of their major release', () => {
  expect(notOk('homelab', { osId: 'rocky', osVersion: '10.1' })).toEqual([]);
});

test('a cluster that runs already is not refused for having filled its disk', () => {
  expect(notOk('homelab', { freeDiskMiB: 5000, kubernetes: 'kubeadm' })).toEqual([
    'setup/disk warning: 4.9 GiB free on the root file system',
  ]);
});

test('a wrong clock is a warning while the time service is still to come, a failure once it runs', () => {
  const [master] = workspace.cluster.nodes;
  if (master === undefined) throw new Error('the example has nodes');
  const service = { kind: 'service', unit: 'chrony.service', active: true } as const;
  const desired: DesiredState = {
    nodes: new Map(
      workspace.cluster.nodes.map(({ name }) => [
        name,
        [{ resource: service, phase: 'setup', role: 'ntp', origins: ['role ntp'] }] as const,
      ]),
    ),
  };
  const stateWith = (chrony: 'equal' | 'differs'): Finding | undefined => {
    const resources = {
      'service:chrony.service': chrony === 'equal' ? { state: chrony } : { state: chrony, differences: [] },
    } as const;
    const readings = new Map<string, NodeReading>(
      workspace.cluster.nodes.map((candidate) => [
        candidate.name,
        exampleReading(candidate, desired, candidate === master ? { facts: { clock: clockAt(90) }, resources } : {}),
      ]),
    );
    return judgePrerequisites(workspace, desired, readings)
      .get(master.name)
      ?.find((finding) => finding.code === 'node/clock-skew');
  };
  expect(stateWith('differs')).toMatchObject({
    state: 'warning',
    evidence: '90.0 s ahead of the median of the nodes and this computer',
  });
  expect(stateWith('equal')).toMatchObject({ state: 'failed' });
});

test('whoever has the wrong clock is named, this computer included', () => {
  const readings = (seconds: readonly number[]) =>
    new Map(
      workspace.cluster.nodes.map((candidate, index) => [
        candidate.name,
        exampleReading(candidate, nothing, { facts: { clock: clockAt(seconds[index] ?? 0) } }),
      ]),
    );
  expect([...clockSkews(readings([0, 40, 0])).values()]).toEqual([0, 40, 0]);
  // All nodes agree and this computer is 60 s late: the nodes are right.
  expect([...clockSkews(readings([60, 60, 60])).values()]).toEqual([0, 0, 0]);
});

test('property: clocks that agree are never blamed, and moving all of them alike changes nothing', () => {
  const [first, second, third] = workspace.cluster.nodes.map((candidate) => candidate.name);
  fc.assert(
    fc.property(fc.integer({ min: -100_000, max: 100_000 }), (seconds) => {
      const readings = new Map(
        workspace.cluster.nodes.map((candidate) => [
          candidate.name,
          exampleReading(candidate, nothing, { facts: { clock: clockAt(seconds) } }),
        ]),
      );
      const skews = clockSkews(readings);
      return [first, second, third].every((name) => skews.get(name ?? '') === 0);
    }),
  );
});

test('a node that sleeps is asleep and one that does not answer is unreadable, never ok', () => {
  const error = errorRecord(
    new AppError({
      code: 'ssh/unreachable',
      kind: 'unreachable',
      message: 'homelab did not answer',
      tryThis: 'Switch it on.',
    }),
  );
  const readings = new Map<string, NodeReading>([
    ['storagenodet3500', { state: 'asleep', evidence: 'suspended by the station', since: undefined }],
    ['homelab', { state: 'unreadable', error }],
  ]);
  const findings = judgePrerequisites(workspace, nothing, readings);
  expect(findings.get('storagenodet3500')).toMatchObject([{ state: 'asleep', evidence: 'suspended by the station' }]);
  expect(findings.get('homelab')).toMatchObject([
    { state: 'unreadable', evidence: 'homelab did not answer', tryThis: 'Switch it on.' },
  ]);
});

test('facts of the example fit the model', () => {
  expect(exampleFacts(node('homelab')).osId).toBe('rhel');
});

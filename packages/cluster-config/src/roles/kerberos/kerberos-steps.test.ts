import {
  type ClusterKerberos,
  exampleContext,
  exampleReading,
  exampleWorkspace,
  fixedReadings,
  mergeDeclarations,
  type PhaseContext,
  present,
  Secret,
} from '@vmstation/core';
import { expect, test } from 'vitest';
import { configPhase } from '../../config-phase.ts';
import { declareConfig } from '../../declare-config.ts';

const example = exampleWorkspace();
const names = example.cluster.nodes.map(({ name }) => name);
const realm = { realm: 'HOME.ARPA', hosts: names };
const mit: ClusterKerberos = {
  ...realm,
  provider: 'mit',
  server: 'masternode',
  keys: { secret: 'kerberos-keys' },
  keyVersion: 1,
  users: [],
  services: [],
};
const freeipa: ClusterKerberos = {
  ...realm,
  provider: 'freeipa',
  ipaServer: 'ipa.home.arpa',
  enrolAs: 'enroller',
  password: { secret: 'freeipa-enroller' },
};

/** A cluster in which everything is as declared. */
async function contextOf(kerberos: ClusterKerberos): Promise<PhaseContext<'setup'>> {
  const { cluster } = example;
  const workspace = exampleWorkspace({
    cluster: { ...cluster, services: { ...cluster.services, kerberos } },
  });
  const secrets = { get: async () => new Secret('a secret of twenty characters') };
  const desired = mergeDeclarations(names, await declareConfig(workspace, secrets));
  const readings = cluster.nodes.map((node) => [node.name, exampleReading(node, desired, { resources: {} })] as const);
  const facts = { setup: present({ nodes: [], asleep: [] }) };
  return { ...exampleContext<'setup'>({ desired, readings: fixedReadings(new Map(readings)), facts }), workspace };
}

async function needsOf(kerberos: ClusterKerberos): Promise<Readonly<Record<string, readonly string[]>>> {
  const steps = (await configPhase.plan(await contextOf(kerberos))).filter(({ tags }) => tags.includes('kerberos'));
  return Object.fromEntries(
    steps.map(({ id, needs }) => [id, needs.steps.filter((need) => need.startsWith('config/kerberos/'))]),
  );
}

test('the KDC comes first, and an SSH server takes tickets only when its node has its keys', async () => {
  const kdc = 'config/kerberos/masternode';
  expect(await needsOf(mit)).toEqual({
    [kdc]: [],
    [`${kdc}/sshd`]: [kdc],
    'config/kerberos/storagenodet3500': [kdc],
    'config/kerberos/storagenodet3500/sshd': [kdc, 'config/kerberos/storagenodet3500'],
    'config/kerberos/homelab': [kdc],
    'config/kerberos/homelab/sshd': [kdc, 'config/kerberos/homelab'],
  });
});

test('with FreeIPA nodes wait for themselves only, and enrolment is a step in try mode', async () => {
  expect(await needsOf({ ...freeipa, hosts: ['homelab'] })).toEqual({
    'config/kerberos/homelab': [],
    'config/kerberos/homelab/pam': ['config/kerberos/homelab'],
    'config/kerberos/homelab/sshd': ['config/kerberos/homelab'],
  });
});

test('what nobody has tried is never proved, however equal all of it is', async () => {
  const untried = async (kerberos: ClusterKerberos) =>
    (await configPhase.verify(await contextOf(kerberos)))
      .filter(({ code }) => code === 'config/freeipa-untried')
      .map(({ state }) => state);
  expect(await untried(freeipa)).toEqual(['not-proved']);
  expect(await untried(mit)).toEqual([]);
});

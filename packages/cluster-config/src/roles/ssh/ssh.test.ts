import {
  type Cluster,
  type ClusterUser,
  type Declaration,
  exampleCluster,
  nodeOf,
  type Resource,
  resourceId,
  type SshAccess,
} from '@vmstation/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { refuseLockOut } from '../../way-in/refuse-lock-out.ts';
import { sshRole } from './index.ts';
import { sshdConfiguration, sudoRules } from './sshd-configuration.ts';

const example = exampleCluster();
const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIalex alex@laptop';
const alex: ClusterUser = {
  name: 'alex',
  keys: [key],
  groups: ['adm'],
  sudo: 'password',
  uid: 1001,
  shell: '/bin/bash',
  nodes: ['masternode'],
  locked: false,
};

function clusterWith(changes: {
  access?: Partial<SshAccess>;
  users?: readonly ClusterUser[];
  login?: string;
}): Cluster {
  const { access, users = [], login = 'ops' } = changes;
  return {
    ...example,
    access: { ...example.access, ...access },
    users,
    nodes: example.nodes.map((node) => ({ ...node, ssh: { user: login, port: 22, local: false } })),
  };
}

function declared(cluster: Cluster, node = 'masternode'): readonly (Resource & { origin: string })[] {
  const settings = {
    sysctl: new Map(),
    packages: new Map(),
    services: new Map(),
    timezone: undefined,
    ntpUpstream: undefined,
  };
  return sshRole
    .declare(nodeOf(cluster, node), { cluster, settings })
    .map((one) => ('resource' in one ? { ...one.resource, origin: one.origin } : { ...one, origin: 'role ssh' }));
}

function find(cluster: Cluster, id: string, node?: string) {
  return declared(cluster, node).find((resource) => resourceId(resource) === id);
}

const sshd = (cluster: Cluster) => sshdConfiguration(nodeOf(cluster, 'masternode'), cluster);

test('passwords and root are off; root keeps its keys only where the tool itself logs in as root', () => {
  expect(sshd(clusterWith({ login: 'root' }))).toContain(
    '\nPermitRootLogin prohibit-password\nPasswordAuthentication no\n',
  );
  expect(sshd(clusterWith({}))).toContain('\nPermitRootLogin no\n');
  const open = clusterWith({ access: { rootLogin: 'password', passwords: true, banner: undefined } });
  expect(sshd(open)).toMatch(/\nPermitRootLogin yes\nPasswordAuthentication yes\n[^]*\nBanner none\n/);
  expect(find(open, 'file:/etc/issue.net')).toBeUndefined();
  expect(find(open, 'file:/etc/issue')).toBeUndefined();
});

test('the console shows the banner as it is written, and which machine it is', () => {
  const cluster = clusterWith({ access: { banner: 'Private \\o/\n' } });
  expect(find(cluster, 'file:/etc/issue.net')).toMatchObject({ content: 'Private \\o/\n' });
  expect(find(cluster, 'file:/etc/issue')).toMatchObject({ content: 'Private \\\\o/\n\n\\n \\l\n\n' });
});

test('a declared user has an account, groups, keys and rights, on its nodes only, and says where that is written', () => {
  const cluster = clusterWith({ users: [alex] });
  expect(find(cluster, 'user:alex')).toEqual({
    kind: 'user',
    name: 'alex',
    uid: 1001,
    groups: ['adm'],
    shell: '/bin/bash',
    origin: 'vmstation.yaml: users.alex',
  });
  expect(find(cluster, 'group:adm')).toBeDefined();
  expect(find(cluster, `authorized-key:alex#${key.split(' ')[1]}`)).toMatchObject({ user: 'alex', key });
  expect(find(cluster, 'file:/etc/sudoers.d/vmstation-users')).toMatchObject({
    guard: 'sudoers',
    mode: '0440',
    content: expect.stringMatching(/\nalex ALL=\(ALL:ALL\) ALL\n$/),
    validate: { command: ['visudo', '-c', '-f', '{}'] },
  });
  expect(find(cluster, 'user:alex', 'homelab')).toBeUndefined();
  expect(find(cluster, 'file:/etc/sudoers.d/vmstation-users', 'homelab')).toMatchObject({ ensure: 'absent' });
});

test('a right that is given no longer goes with the file; an account that is named no longer is not touched', () => {
  const gone = declared(clusterWith({ users: [] }));
  expect(gone.filter(({ kind }) => ['user', 'group', 'authorized-key'].includes(kind))).toEqual([]);
  expect(gone.find((one) => resourceId(one) === 'file:/etc/sudoers.d/vmstation-users')).toMatchObject({
    ensure: 'absent',
    guard: 'sshd',
  });
});

test('a locked user is refused by sshd, its keys go on trial, its right too; its account stays', () => {
  const cluster = clusterWith({ users: [{ ...alex, locked: true, sudo: 'no-password' }] });
  expect(sshd(cluster)).toContain('\nDenyUsers alex\n');
  expect(sudoRules(nodeOf(cluster, 'masternode'), cluster)).toBeUndefined();
  expect(find(cluster, `authorized-key:alex#${key.split(' ')[1]}`)).toMatchObject({
    ensure: 'absent',
    guard: 'login-key',
  });
  expect(find(cluster, 'user:alex')).toBeUndefined();
});

test('where groups are let in, the user that the tool logs in as is in the first of them before sshd is told', () => {
  const cluster = clusterWith({ access: { allowGroups: ['ssh-users', 'adm'] } });
  expect(find(cluster, 'group:ssh-users')).toBeDefined();
  expect(find(cluster, 'user:ops')).toMatchObject({
    groups: ['ssh-users'],
    origin: 'vmstation.yaml: ssh.allow-groups',
  });
  expect(find(cluster, 'file:/etc/ssh/sshd_config.d/10-vmstation.conf')).toMatchObject({
    after: expect.arrayContaining(['user:ops']),
  });
});

const name = fc.constantFrom('alex', 'sam', 'kim', 'root', 'backup');
const users = fc.uniqueArray(
  fc.record({
    name,
    keys: fc.subarray([key]),
    groups: fc.subarray(['adm', 'docker']),
    sudo: fc.constantFrom('none', 'password', 'no-password' as const),
    uid: fc.constant(undefined),
    shell: fc.constantFrom(undefined, '/bin/bash', '/usr/sbin/nologin'),
    nodes: fc.subarray(['masternode', 'homelab']),
    locked: fc.boolean(),
  }),
  { selector: (user) => user.name, maxLength: 4 },
);
const access = fc.record({
  keys: fc.subarray([key]),
  rootLogin: fc.constantFrom(undefined, 'never', 'key' as const),
  passwords: fc.boolean(),
  allowUsers: fc.option(fc.array(name, { maxLength: 3 }), { nil: undefined }),
  allowGroups: fc.option(fc.array(fc.constantFrom('ssh-users', 'adm'), { minLength: 1, maxLength: 2 }), {
    nil: undefined,
  }),
  banner: fc.option(fc.constant('Hello.\n'), { nil: undefined }),
});

test('whatever the model limits, the user that the tool logs in as gets in', () => {
  fc.assert(
    fc.property(access, users, (limits, people) => {
      // Names of people and the login differ here; that the login is locked is refused when the file is read.
      const cluster = clusterWith({ access: limits, users: people });
      const declarations = cluster.nodes.flatMap((node) =>
        declared(cluster, node.name).map(
          ({ origin, ...resource }): Declaration => ({
            node: node.name,
            resource: resource as Resource,
            phase: 'config',
            role: 'ssh',
            origin,
          }),
        ),
      );
      refuseLockOut(cluster, declarations, 'ssh-ed25519 AAAAown vmstation');
      const text = sshd(cluster);
      const listOf = (keyword: string) => new RegExp(`^${keyword} (.*)$`, 'm').exec(text)?.[1]?.split(' ');
      expect(listOf('AllowUsers') ?? ['ops']).toContain('ops');
      expect(listOf('DenyUsers') ?? []).not.toContain('ops');
      const [group] = limits.allowGroups ?? [];
      const members = declarations.flatMap(({ resource }) =>
        resource.kind === 'user' && resource.name === 'ops' ? (resource.groups ?? []) : [],
      );
      expect(new Set(members)).toEqual(new Set(group === undefined ? [] : [group]));
    }),
    { numRuns: 200 },
  );
});

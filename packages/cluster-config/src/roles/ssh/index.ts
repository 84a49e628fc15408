import type { Cluster, ClusterNode, FileResource, Resource } from '@vmstation/core';
import { type ConfigRole, familyOf } from '../config-role.ts';
import { accountsOf } from './accounts.ts';
import { bannerFile, sshdConfiguration, sudoRules } from './sshd-configuration.ts';

/** Sorts before the vendor's drop-ins: sshd takes the first value that it reads. */
export const sshDropIn = '/etc/ssh/sshd_config.d/10-vmstation.conf';
// Names with a dot are passed over in this folder (sudoers(5)), so no account's name stands in it.
const sudoFile = '/etc/sudoers.d/vmstation-users';

/** The unit of OpenSSH's server on a node. */
export function sshUnitOf(node: ClusterNode): string {
  return familyOf(node) === 'debian' ? 'ssh.service' : 'sshd.service';
}

/** Accounts with their keys and rights, and hardening of sshd in a drop-in, guarded: it stays only if a new connection still gets in. */
export const sshRole: ConfigRole = {
  name: 'ssh',
  title: 'SSH',
  why: 'logins by key only, with algorithms that auditors accept, and the accounts of the cluster file',
  phase: 'config',
  declare(node, { cluster }) {
    const unit = sshUnitOf(node);
    const login = cluster.access.allowGroups === undefined ? [] : ([`user:${node.ssh.user}`] as const);
    return [
      { kind: 'package', name: 'openssh-server' },
      { kind: 'service', unit, enabled: true, active: true, after: ['package:openssh-server'] },
      ...accountsOf(node, cluster),
      sudo(node, cluster),
      ...banner(cluster),
      {
        kind: 'file',
        path: sshDropIn,
        content: sshdConfiguration(node, cluster),
        owner: 'root',
        group: 'root',
        mode: '0600',
        guard: 'sshd',
        validate: { command: ['sshd', '-t', '-f', '{}'] },
        after: ['package:openssh-server', ...(cluster.access.banner === undefined ? [] : [bannerId]), ...login],
        notifies: [{ unit, action: 'reload' }],
      },
    ];
  },
};

const bannerId = `file:${bannerFile}` as const;

/** Before a login by SSH, and at the console, where agetty(8) takes a backslash for the start of a sequence: there the names of machine and terminal follow. */
function banner({ access }: Cluster): readonly Resource[] {
  if (access.banner === undefined) return [];
  const dress = { owner: 'root', group: 'root', mode: '0644' } as const;
  const atConsole = `${access.banner.replaceAll('\\', String.raw`\\`)}\n${String.raw`\n \l`}\n\n`;
  return [
    { kind: 'file', path: bannerFile, content: access.banner, ...dress },
    { kind: 'file', path: '/etc/issue', content: atConsole, ...dress },
  ];
}

/** The file goes with the last right in it: a right that is given no longer must not stay. */
function sudo(node: ClusterNode, cluster: Cluster): FileResource {
  const content = sudoRules(node, cluster);
  const file = { kind: 'file', path: sudoFile } as const;
  // Tried together with sshd: where nobody has such a right, no step of its own stands in every plan.
  if (content === undefined) return { ...file, ensure: 'absent', guard: 'sshd' };
  return {
    ...file,
    guard: 'sudoers',
    content,
    owner: 'root',
    group: 'root',
    mode: '0440',
    validate: { command: ['visudo', '-c', '-f', '{}'] },
    after: ['package:sudo'],
  };
}

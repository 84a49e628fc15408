import type { Cluster, ClusterNode } from '@vmstation/core';
import { writtenBy } from '../config-role.ts';
import { lockedUsersOf, usersOf } from './accounts.ts';

/** Shown before a login. */
export const bannerFile = '/etc/issue.net';

// Taken away from what sshd offers by itself: a list that named an exchange which this version does not know would keep sshd from starting.
// Of the post-quantum ones stays the one that clients know since OpenSSH 8.5 (release notes 8.5, 9.9); its second name is no gain.
const keyExchange = '-diffie-hellman-*,ecdh-sha2-*,mlkem768*,sntrup761x25519-sha512';
// In these three every name is known since OpenSSH 6.5 or, for rsa-sha2, 7.8; RHEL 9 has 8.7.
const ciphers = ['aes256-gcm@openssh.com', 'aes128-gcm@openssh.com', 'aes256-ctr', 'aes192-ctr', 'aes128-ctr'];
const macs = ['hmac-sha2-512-etm@openssh.com', 'hmac-sha2-256-etm@openssh.com', 'umac-128-etm@openssh.com'];
const hostKeyAlgorithms = [
  'ssh-ed25519',
  'ssh-ed25519-cert-v01@openssh.com',
  'rsa-sha2-512',
  'rsa-sha2-512-cert-v01@openssh.com',
  'rsa-sha2-256',
  'rsa-sha2-256-cert-v01@openssh.com',
];

const rootLogins = { never: 'no', key: 'prohibit-password', password: 'yes' } as const;

type Settings = readonly (readonly [keyword: string, value: string])[];

/** The drop-in of a node; keywords as in sshd_config(5). The user that the tool logs in as is let in whatever the model limits. */
export function sshdConfiguration(node: ClusterNode, cluster: Cluster): string {
  const { access } = cluster;
  const rootLogin = access.rootLogin ?? (node.ssh.user === 'root' ? 'key' : 'never');
  const settings: Settings = [
    ['PermitRootLogin', rootLogins[rootLogin]],
    ['PasswordAuthentication', access.passwords ? 'yes' : 'no'],
    ['KbdInteractiveAuthentication', 'no'],
    ['PermitEmptyPasswords', 'no'],
    ['PubkeyAuthentication', 'yes'],
    ...whoMayLogIn(node, cluster),
    ['MaxAuthTries', '4'],
    // One check, one apply and one operator share a connection; fewer sessions would make them take turns.
    ['MaxSessions', '10'],
    ['LoginGraceTime', '30'],
    ['ClientAliveInterval', '300'],
    ['ClientAliveCountMax', '2'],
    // The two above do so inside the encryption; packets of TCP anybody can forge.
    ['TCPKeepAlive', 'no'],
    ['Compression', 'no'],
    ['X11Forwarding', 'no'],
    ['AllowAgentForwarding', 'no'],
    ['PermitUserEnvironment', 'no'],
    ['LogLevel', 'VERBOSE'],
    ['Banner', access.banner === undefined ? 'none' : bannerFile],
    ['HostKey', '/etc/ssh/ssh_host_ed25519_key'],
    ['HostKey', '/etc/ssh/ssh_host_rsa_key'],
    ['HostKeyAlgorithms', hostKeyAlgorithms.join(',')],
    ['KexAlgorithms', keyExchange],
    ['Ciphers', ciphers.join(',')],
    ['MACs', macs.join(',')],
  ];
  return `${writtenBy('ssh')}${settings.map(([keyword, value]) => `${keyword} ${value}\n`).join('')}`;
}

/** A user must pass both lists where there are both (sshd_config(5), AllowUsers). */
function whoMayLogIn(node: ClusterNode, cluster: Cluster): Settings {
  const { allowUsers, allowGroups } = cluster.access;
  const locked = lockedUsersOf(node, cluster);
  const users = allowUsers === undefined ? [] : [...new Set([node.ssh.user, ...allowUsers])];
  return [
    ...(users.length === 0 ? [] : [['AllowUsers', users.join(' ')] as const]),
    ...(allowGroups === undefined ? [] : [['AllowGroups', allowGroups.join(' ')] as const]),
    ...(locked.length === 0 ? [] : [['DenyUsers', locked.join(' ')] as const]),
  ];
}

/** The rules of sudo for the users of a node, as sudoers(5); undefined where nobody has any. */
export function sudoRules(node: ClusterNode, cluster: Cluster): string | undefined {
  const rules = usersOf(node, cluster)
    .filter(({ sudo, locked }) => sudo !== 'none' && !locked)
    .map(({ name, sudo }) => `${name} ALL=(ALL:ALL) ${sudo === 'no-password' ? 'NOPASSWD: ' : ''}ALL\n`);
  return rules.length === 0 ? undefined : `${writtenBy('ssh')}${rules.join('')}`;
}

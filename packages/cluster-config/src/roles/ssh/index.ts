import type { ClusterNode, Resource } from '@vmstation/core';
import { type ConfigRole, familyOf, writtenBy } from '../config-role.ts';

/** Sorts before the vendor's drop-ins: sshd takes the first value that it reads. */
export const sshDropIn = '/etc/ssh/sshd_config.d/10-vmstation.conf';
const banner = '/etc/issue.net';

// Taken away from what sshd offers by itself, so that post-quantum and curve25519 stay under whatever names this version knows: a
// list that named one it does not know would keep sshd from starting.
const keyExchange = '-diffie-hellman-*,ecdh-sha2-*';
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

/** The unit of OpenSSH's server on a node. */
export function sshUnitOf(node: ClusterNode): string {
  return familyOf(node) === 'debian' ? 'ssh.service' : 'sshd.service';
}

/** Hardening of sshd in a drop-in, guarded: it takes effect only if a new connection still gets in. */
export const sshRole: ConfigRole = {
  name: 'ssh',
  title: 'SSH',
  why: 'logins by key only, with algorithms that auditors accept',
  phase: 'config',
  declare(node): readonly Resource[] {
    const unit = sshUnitOf(node);
    return [
      { kind: 'package', name: 'openssh-server' },
      { kind: 'service', unit, enabled: true, active: true, after: ['package:openssh-server'] },
      {
        kind: 'file',
        path: banner,
        content: 'Authorised use only. Sessions are logged.\n',
        owner: 'root',
        group: 'root',
        mode: '0644',
      },
      {
        kind: 'file',
        path: sshDropIn,
        content: sshdConfiguration(node),
        owner: 'root',
        group: 'root',
        mode: '0600',
        guard: 'sshd',
        validate: { command: ['sshd', '-t', '-f', '{}'] },
        after: ['package:openssh-server', `file:${banner}`],
        notifies: [{ unit, action: 'reload' }],
      },
    ];
  },
};

/** The drop-in of a node; keywords as in sshd_config(5). Root keeps its way in by key where the tool itself logs in as root. */
export function sshdConfiguration(node: ClusterNode): string {
  const settings: readonly (readonly [keyword: string, value: string])[] = [
    ['PermitRootLogin', node.ssh.user === 'root' ? 'prohibit-password' : 'no'],
    ['PasswordAuthentication', 'no'],
    ['KbdInteractiveAuthentication', 'no'],
    ['PermitEmptyPasswords', 'no'],
    ['PubkeyAuthentication', 'yes'],
    ['MaxAuthTries', '4'],
    // One check, one apply and one operator share a connection; fewer sessions would make them take turns.
    ['MaxSessions', '10'],
    ['LoginGraceTime', '30'],
    ['ClientAliveInterval', '300'],
    ['ClientAliveCountMax', '2'],
    ['X11Forwarding', 'no'],
    ['AllowAgentForwarding', 'no'],
    ['PermitUserEnvironment', 'no'],
    ['LogLevel', 'VERBOSE'],
    ['Banner', banner],
    ['HostKey', '/etc/ssh/ssh_host_ed25519_key'],
    ['HostKey', '/etc/ssh/ssh_host_rsa_key'],
    ['HostKeyAlgorithms', hostKeyAlgorithms.join(',')],
    ['KexAlgorithms', keyExchange],
    ['Ciphers', ciphers.join(',')],
    ['MACs', macs.join(',')],
  ];
  return `${writtenBy('ssh')}${settings.map(([keyword, value]) => `${keyword} ${value}\n`).join('')}`;
}

import type { ClusterNode, FileValidation, GuardArea, PhaseName, ResourceId, UnitAction } from '@vmstation/core';
import { familyOf } from '../roles/config-role.ts';
import { sshUnitOf } from '../roles/ssh/index.ts';

/** What is known about a file of an overlay from its path alone. */
export interface OverlayRule {
  /** The role whose step carries it, and the tag that selects it. */
  readonly role: string;
  readonly phase?: PhaseName;
  readonly guard?: GuardArea;
  readonly validate?: FileValidation;
  readonly after?: readonly ResourceId[];
  readonly notifies?: readonly UnitAction[];
}

interface PathRule {
  readonly paths: RegExp;
  readonly rule: (node: ClusterNode) => OverlayRule;
}

const rules: readonly PathRule[] = [
  {
    paths: /^\/etc\/ssh\/sshd_config(?:$|\.d\/)/,
    rule: (node) => ({
      role: 'ssh',
      guard: 'sshd',
      validate: { command: ['sshd', '-t', '-f', '{}'] },
      notifies: [{ unit: sshUnitOf(node), action: 'reload' }],
    }),
  },
  { paths: /^\/etc\/ssh\/ssh_config(?:$|\.d\/)/, rule: () => ({ role: 'ssh' }) },
  {
    paths: /^\/etc\/ssh\//,
    rule: (node) => ({ role: 'ssh', guard: 'sshd', notifies: [{ unit: sshUnitOf(node), action: 'reload' }] }),
  },
  { paths: /^(?:\/root|\/home\/[^/]+)\/\.ssh\//, rule: () => ({ role: 'ssh', guard: 'login-key' }) },
  {
    paths: /^\/etc\/sudoers(?:$|\.d\/)/,
    rule: () => ({ role: 'files', guard: 'sudoers', validate: { command: ['visudo', '-c', '-f', '{}'] } }),
  },
  {
    paths: /^\/etc\/(?:pam\.d\/|pam\.conf$|security\/|login\.defs$|nologin$)/,
    rule: () => ({ role: 'files', guard: 'pam' }),
  },
  // Debian's sshd asks these before it lets anybody in.
  { paths: /^\/etc\/hosts\.(?:allow|deny)$/, rule: () => ({ role: 'networking', guard: 'sshd' }) },
  {
    paths: /^\/etc\/(?:passwd|group|shadow|gshadow|shells)$/,
    rule: () => ({ role: 'files', guard: 'login-key' }),
  },
  {
    paths: /^\/etc\/chrony(?:\.|\/)/,
    rule: (node) => ({
      role: 'ntp',
      phase: 'setup',
      after: ['package:chrony'],
      notifies: [{ unit: familyOf(node) === 'debian' ? 'chrony.service' : 'chronyd.service', action: 'restart' }],
    }),
  },
  {
    paths: /^\/etc\/rsyslog\.(?:conf$|d\/)/,
    rule: () => ({
      role: 'syslog',
      validate: { command: ['rsyslogd', '-N1', '-f', '{}'], unlessMissing: true },
      after: ['package:rsyslog'],
      notifies: [{ unit: 'rsyslog.service', action: 'restart' }],
    }),
  },
  { paths: /^\/etc\/krb5(?:\.conf(?:$|\.d\/)|\.keytab$|kdc\/)/, rule: () => ({ role: 'kerberos' }) },
  {
    paths: /^\/etc\/exports(?:$|\.d\/)/,
    rule: () => ({ role: 'storage', notifies: [{ unit: 'nfs-server.service', action: 'reload' }] }),
  },
  { paths: /^\/etc\/fstab$/, rule: () => ({ role: 'storage' }) },
  {
    paths: /^\/etc\/(?:nftables\.conf$|vmstation\/firewall\.nft$)/,
    rule: () => ({
      role: 'networking',
      guard: 'firewall',
      validate: { command: ['nft', '-c', '-f', '{}'], unlessMissing: true },
    }),
  },
  {
    paths: /^\/etc\/(?:nftables\.|nftables\/|firewalld\/|ufw\/|iptables\/)/,
    rule: () => ({ role: 'networking', guard: 'firewall' }),
  },
  {
    paths: /^\/etc\/(?:resolv\.conf$|resolvconf\/|nsswitch\.conf$|systemd\/resolved\.conf(?:$|\.d\/))/,
    rule: () => ({ role: 'networking', guard: 'resolver' }),
  },
  {
    paths: /^\/etc\/(?:network\/|netplan\/|NetworkManager\/|systemd\/network(?:\/|d\.conf)|sysconfig\/network)/,
    rule: () => ({ role: 'networking', guard: 'network' }),
  },
  { paths: /^\/etc\/(?:hosts|hostname)$/, rule: () => ({ role: 'networking' }) },
  // Units and their drop-ins: the files of a service decide as much as its configuration.
  {
    paths: /^\/etc\/systemd\/system\/sshd?(?:@?\.service|\.socket)(?:$|\.d\/)/,
    rule: (node) => ({ role: 'ssh', guard: 'sshd', notifies: [{ unit: sshUnitOf(node), action: 'restart' }] }),
  },
  {
    paths:
      /^\/etc\/systemd\/system\/(?:nftables|firewalld|ufw|netfilter-persistent|vmstation-firewall)\.service(?:$|\.d\/)/,
    rule: () => ({ role: 'networking', guard: 'firewall' }),
  },
  {
    paths: /^\/etc\/systemd\/system\/(?:networking|NetworkManager|systemd-networkd)\.service(?:$|\.d\/)/,
    rule: () => ({ role: 'networking', guard: 'network' }),
  },
  {
    paths: /^\/etc\/systemd\/system\/systemd-resolved\.service(?:$|\.d\/)/,
    rule: () => ({ role: 'networking', guard: 'resolver' }),
  },
  {
    paths: /^\/etc\/systemd\/journald\.conf(?:$|\.d\/)/,
    rule: () => ({ role: 'system', notifies: [{ unit: 'systemd-journald.service', action: 'restart' }] }),
  },
  { paths: /^\/etc\/(?:sysctl\.(?:conf$|d\/)|motd$|logrotate\.)/, rule: () => ({ role: 'system' }) },
];

/** What a path says about a file: its role, its guard, which program judges it and which unit is told. */
export function overlayRuleOf(path: string, node: ClusterNode): OverlayRule {
  return rules.find(({ paths }) => paths.test(path))?.rule(node) ?? { role: 'files' };
}

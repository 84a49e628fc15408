import type { NodeOs, PackageResource } from '@vmstation/core';
import type { SetupRole } from '../setup-role.ts';

const debianPackages = [
  'python3',
  'python3-apt',
  'sudo',
  'curl',
  'ca-certificates',
  'gpg',
  'openssl',
  'tar',
  'socat',
  'conntrack',
  'nftables',
  'kmod',
  'procps',
  'iproute2',
];

// No curl here: RHEL's images carry curl-minimal, which answers to the same command and conflicts with the package curl.
const rhelPackages = [
  'python3',
  'python3-libselinux',
  'sudo',
  'ca-certificates',
  'openssl',
  'tar',
  'socat',
  'conntrack-tools',
  'nftables',
  'kmod',
  'procps-ng',
  'iproute',
];

// br_netfilter, ip_set and nft_compat left RHEL 10's kernel-modules package; images do not carry this one.
const rhel10Packages = [...rhelPackages, 'kernel-modules-extra'];

/** Packages that Ansible, Kubespray and the later roles need, by operating system. */
export const dependenciesByOs: Readonly<Record<NodeOs, readonly string[]>> = {
  'debian-12': debianPackages,
  'debian-13': debianPackages,
  'rhel-9': rhelPackages,
  'rhel-10': rhel10Packages,
};

/** What Ansible, Kubespray and the later roles need on the node. */
export const dependenciesRole: SetupRole = {
  name: 'dependencies',
  title: 'Dependencies',
  why: 'Ansible, Kubespray and the later roles need these programs',
  phase: 'setup',
  declare: (node) => dependenciesByOs[node.os].map((name): PackageResource => ({ kind: 'package', name })),
};

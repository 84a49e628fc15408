import { debianAvailable, debianBase } from './faces/debian-packages.ts';
import type { PackageDefinition } from './faces/package-definition.ts';
import { RHEL_KERNEL, rhelAvailable, rhelBase } from './faces/rhel-packages.ts';
import type { Face, MachineSpec } from './machine-spec.ts';

/** What differs between distributions. */
export interface FaceDefinition {
  readonly face: Face;
  readonly family: 'debian' | 'rhel';
  readonly kernelRelease: string;
  readonly kernelVersion: string;
  readonly shellDialect: 'dash' | 'bash';
  readonly osRelease: string;
  readonly sshUnit: string;
  readonly rootType: 'ext4' | 'xfs';
  readonly pythonVersion: string;
  readonly selinux: 'Enforcing' | 'Disabled';
  /** Modules that the kernel's own packages bring. */
  readonly modules: readonly string[];
  /** Packages are started on installation (Debian) or only enabled by hand (RHEL). */
  readonly startsServices: boolean;
  base(): PackageDefinition[];
  available(): PackageDefinition[];
}

const COMMON_MODULES =
  'overlay nf_conntrack nf_nat nf_tables ip_tables ip6_tables iptable_nat iptable_filter xt_conntrack xt_MASQUERADE ip_set ip_vs ip_vs_rr ip_vs_wrr ip_vs_sh ipip vxlan dummy veth bridge tun fuse loop sunrpc lockd nfs nfsv4 nfsd ext4 xfs btrfs wireguard tcp_bbr sch_fq ipmi_si ipmi_devintf ipmi_msghandler softdog rbd'.split(
    ' ',
  );

const DEBIAN: FaceDefinition = {
  face: 'debian-12',
  family: 'debian',
  kernelRelease: '6.1.0-37-amd64',
  kernelVersion: '#1 SMP PREEMPT_DYNAMIC Debian 6.1.140-1 (2025-05-22)',
  shellDialect: 'dash',
  osRelease: `PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"
NAME="Debian GNU/Linux"
VERSION_ID="12"
VERSION="12 (bookworm)"
VERSION_CODENAME=bookworm
ID=debian
HOME_URL="https://www.debian.org/"
SUPPORT_URL="https://www.debian.org/support"
BUG_REPORT_URL="https://bugs.debian.org/"
`,
  sshUnit: 'ssh.service',
  rootType: 'ext4',
  pythonVersion: '3.11.2',
  selinux: 'Disabled',
  modules: [...COMMON_MODULES, 'br_netfilter'],
  startsServices: true,
  base: debianBase,
  available: debianAvailable,
};

const RHEL: FaceDefinition = {
  face: 'rhel-10',
  family: 'rhel',
  kernelRelease: RHEL_KERNEL,
  kernelVersion: '#1 SMP PREEMPT_DYNAMIC Mon Apr 28 10:00:00 UTC 2025',
  shellDialect: 'bash',
  osRelease: `NAME="Red Hat Enterprise Linux"
VERSION="10.0 (Coughlan)"
ID="rhel"
ID_LIKE="centos fedora"
VERSION_ID="10.0"
PLATFORM_ID="platform:el10"
PRETTY_NAME="Red Hat Enterprise Linux 10.0 (Coughlan)"
ANSI_COLOR="0;31"
CPE_NAME="cpe:/o:redhat:enterprise_linux:10::baseos"
HOME_URL="https://www.redhat.com/"
`,
  sshUnit: 'sshd.service',
  rootType: 'xfs',
  pythonVersion: '3.12.9',
  selinux: 'Enforcing',
  modules: COMMON_MODULES.filter((name) => name !== 'ip_set' && name !== 'btrfs'),
  startsServices: false,
  base: rhelBase,
  available: rhelAvailable,
};

/** What another release of a family says of itself. Its packages are those of the family's face. */
const RELEASES: Readonly<Record<NonNullable<MachineSpec['release']>, FaceDefinition>> = {
  'debian-13': {
    ...DEBIAN,
    kernelRelease: '6.12.41+deb13-amd64',
    kernelVersion: '#1 SMP PREEMPT_DYNAMIC Debian 6.12.41-1 (2025-08-12)',
    pythonVersion: '3.13.5',
    osRelease: DEBIAN.osRelease
      .replaceAll('12 (bookworm)', '13 (trixie)')
      .replace('"12"', '"13"')
      .replace('bookworm', 'trixie'),
  },
  'rhel-9': {
    ...RHEL,
    kernelRelease: '5.14.0-570.12.1.el9_6.x86_64',
    kernelVersion: '#1 SMP PREEMPT_DYNAMIC Fri Apr 4 10:41:31 EDT 2025',
    pythonVersion: '3.9.21',
    // Only RHEL 10 moved these to kernel-modules-extra.
    modules: [...RHEL.modules, 'br_netfilter', 'ip_set'],
    osRelease: RHEL.osRelease
      .replaceAll('10.0 (Coughlan)', '9.6 (Plow)')
      .replace('"10.0"', '"9.6"')
      .replace('el10', 'el9')
      .replace(':10::', ':9::'),
  },
};

/** The definition behind a spec's face. */
export function faceOf(spec: Pick<MachineSpec, 'face' | 'release'>): FaceDefinition {
  if (spec.release !== undefined) return RELEASES[spec.release];
  return spec.face === 'debian-12' ? DEBIAN : RHEL;
}

const catalogues = new Map<Face, ReadonlyMap<string, PackageDefinition>>();

/** Everything that the face's package manager can install, by name. */
export function catalogueOf(face: FaceDefinition): ReadonlyMap<string, PackageDefinition> {
  let catalogue = catalogues.get(face.face);
  if (!catalogue) {
    catalogue = new Map(face.available().map((definition) => [definition.name, definition]));
    catalogues.set(face.face, catalogue);
  }
  return catalogue;
}

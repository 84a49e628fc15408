import type { Secret } from '../ports/workspace.ts';
import type {
  HostnameResource,
  HostsEntriesResource,
  HostsEntryResource,
  LinkResource,
  NetworkInterfaceResource,
  ResolverResource,
} from './network-resources.ts';
import type { FileValidation, Labelling, Ownership, ResourceBase, ResourceId } from './resource-base.ts';

export type {
  HostnameResource,
  HostsEntriesResource,
  HostsEntry,
  HostsEntryResource,
  LinkResource,
  NetworkInterfaceResource,
  ResolverResource,
} from './network-resources.ts';
export type {
  FileValidation,
  GuardArea,
  Labelling,
  Ownership,
  ResourceBase,
  ResourceId,
  ResourceKind,
  UnitAction,
} from './resource-base.ts';

/** A whole file with exact content. */
export interface FileResource extends ResourceBase, Ownership, Labelling {
  readonly kind: 'file';
  readonly path: string;
  readonly ensure?: 'present' | 'absent';
  /** Exact content, UTF-8. */
  readonly content?: string;
  /** `base64`: `content` is not the text itself but any bytes in base64 (RFC 4648). */
  readonly encoding?: 'base64';
  /** Content is secret: it is never shown, logged or journalled. */
  readonly secret?: boolean;
  readonly validate?: FileValidation;
}

/** A directory. */
export interface DirectoryResource extends ResourceBase, Ownership, Labelling {
  readonly kind: 'directory';
  readonly path: string;
}

/** A symbolic link. */
export interface SymlinkResource extends ResourceBase {
  readonly kind: 'symlink';
  readonly path: string;
  readonly target: string;
}

/** One line in a file that somebody else owns. `match` is a POSIX extended expression; the last match is replaced, else the line is appended. */
export interface LineResource extends ResourceBase {
  readonly kind: 'line';
  readonly path: string;
  /** Names the declaration, as one file may hold several lines. */
  readonly name: string;
  readonly line: string;
  readonly match?: string;
  readonly ensure?: 'present' | 'absent';
  readonly validate?: FileValidation;
}

/**
 * Lines between two marks in a file that somebody else owns: `# BEGIN vmstation NAME` and `# END vmstation NAME`. A block that is not there is
 * put at the end; the rest of the file is never touched.
 */
export interface BlockResource extends ResourceBase {
  readonly kind: 'block';
  readonly path: string;
  /** Names the block, as one file may hold several; one line. */
  readonly name: string;
  /** Whole lines, each with its newline; up to 64 KiB. */
  readonly content: string;
  /** What begins a comment in this file; `#` when left out. */
  readonly comment?: string;
  readonly ensure?: 'present' | 'absent';
  readonly validate?: FileValidation;
}

/** A package by its name on each family; a family left out means: not needed there. */
export interface PackageResource extends ResourceBase {
  readonly kind: 'package';
  readonly name: string;
  readonly ensure?: 'present' | 'absent';
  /**
   * The version as the package manager prints it: dpkg's whole version, rpm's VERSION-RELEASE or VERSION alone, with or without the epoch. Left
   * out, any will do. An older one than what is installed is a downgrade, which is carried out because it was asked for.
   */
  readonly version?: string;
  /** Whether it stays at its version whoever upgrades the machine: apt-mark(8) hold, or a lock of dnf's versionlock. Left out, a hold is left alone. */
  readonly held?: boolean;
}

/**
 * A source of packages: a deb822 file of apt (sources.list.d/NAME.sources) or a file of dnf (yum.repos.d/NAME.repo), with the key that signs
 * it in a file of its own. It is put in place only when its index could be read and its signature was right.
 */
export interface PackageRepositoryResource extends ResourceBase {
  readonly kind: 'package-repository';
  /** Stem of the files on the node: letters, digits, `-` and `_`. */
  readonly name: string;
  readonly ensure?: 'present' | 'absent';
  /** Where the packages are: `https://…`, `http://…` or `file:/…`. */
  readonly uris: readonly string[];
  /** apt: suites such as `bookworm`; one that ends with `/` is a plain folder and has no components. `./` when left out. */
  readonly suites?: readonly string[];
  /** apt: components such as `main`. */
  readonly components?: readonly string[];
  /** ASCII-armoured public key. Without one the keys that the system trusts anyway must do. */
  readonly signingKey?: string;
}

/** A unit's state. `unit` is the full name, for example `chrony.service`. */
export interface ServiceResource extends ResourceBase {
  readonly kind: 'service';
  readonly unit: string;
  readonly enabled?: boolean;
  readonly active?: boolean;
  readonly masked?: boolean;
}

/** A unit file of ours under /etc/systemd/system (a name with a `.d/` part is a drop-in). */
export interface UnitResource extends ResourceBase {
  readonly kind: 'unit';
  readonly name: string;
  readonly content: string;
}

/** A kernel setting: the value that runs and the file that sets it at boot (/etc/sysctl.d/99-zz-vmstation.conf). */
export interface SysctlResource extends ResourceBase {
  readonly kind: 'sysctl';
  readonly key: string;
  readonly value: string;
  /** A declared file that sets it at boot instead of ours; ours need not name it then. */
  readonly setAtBootBy?: string;
}

/** A kernel module: loaded now and at boot (/etc/modules-load.d/vmstation.conf). */
export interface KernelModuleResource extends ResourceBase {
  readonly kind: 'kernel-module';
  readonly name: string;
}

/** Swap of the whole machine: nothing in /proc/swaps and no active line in fstab. */
export interface SwapResource extends ResourceBase {
  readonly kind: 'swap';
  readonly ensure: 'off';
}

/** A user account. */
export interface UserResource extends ResourceBase {
  readonly kind: 'user';
  readonly name: string;
  readonly uid?: number;
  readonly group?: string;
  readonly groups?: readonly string[];
  readonly home?: string;
  readonly shell?: string;
  readonly system?: boolean;
}

/** A group. */
export interface GroupResource extends ResourceBase {
  readonly kind: 'group';
  readonly name: string;
  readonly gid?: number;
  readonly system?: boolean;
}

/** One public key in a user's authorized_keys; other keys stay. */
export interface AuthorizedKeyResource extends ResourceBase {
  readonly kind: 'authorized-key';
  readonly user: string;
  /** `type base64 [comment]`; the key itself is what identifies it, not the comment. */
  readonly key: string;
  readonly ensure?: 'present' | 'absent';
}

/** The time zone, for example `Europe/Berlin`. */
export interface TimezoneResource extends ResourceBase {
  readonly kind: 'timezone';
  readonly zone: string;
}

/** A line of fstab, and what is mounted. `source` is a device, UUID=… or host:/path. */
export interface MountResource extends ResourceBase {
  readonly kind: 'mount';
  readonly path: string;
  readonly source: string;
  readonly fstype: string;
  readonly options: readonly string[];
  /** False: the line is wanted but it may be unmounted now (automount, sleeping server). */
  readonly mounted: boolean;
}

/**
 * A file system on a device, made only where the device carries no signature of any kind (file system, partition table, RAID, LVM, LUKS) and is not
 * in use. A rollback takes its signature away again unless it was used since.
 */
export interface FilesystemResource extends ResourceBase {
  readonly kind: 'filesystem';
  /** A block device, for example `/dev/disk/by-id/…`; or a regular file that holds nothing but zeros. */
  readonly device: string;
  readonly fstype: 'ext4' | 'xfs';
  /** Up to 16 bytes for ext4, 12 for xfs. */
  readonly label?: string;
}

/** SELinux: the mode in force and the one for the next boot (/etc/selinux/config). */
export interface SelinuxResource extends ResourceBase {
  readonly kind: 'selinux';
  readonly mode: 'enforcing' | 'permissive';
}

/** A command with a guard: run only when `check` fails, right when `check` succeeds afterwards. Argument vectors, never shell strings. */
export interface CommandResource extends ResourceBase {
  readonly kind: 'command';
  readonly name: string;
  readonly run: readonly string[];
  readonly check: readonly string[];
  /** A text file: the check succeeds only while what it prints is what this file holds. Both are read, so neither may be secret. */
  readonly prints?: string;
  readonly undo?: readonly string[];
  /** What `run` reads on its standard input; it goes there and nowhere else. */
  readonly stdin?: Secret;
}

/**
 * A principal in the database of an MIT KDC on this node. A password that differs from the one that was declared before is set; one that its
 * owner changed since is left alone, unless `keyVersion` says that the key is ours.
 */
export interface KerberosPrincipalResource extends ResourceBase {
  readonly kind: 'kerberos-principal';
  /** Without the realm: `alex`, `host/masternode.home.arpa`. */
  readonly name: string;
  readonly realm: string;
  /** File of the database; without it there is no principal. */
  readonly database: string;
  /** File with the key of the database; without it nobody can look into it. */
  readonly stash: string;
  readonly password: Secret;
  /** Key version number (kvno) for keys that stand in a keytab; another one, or another key, is a difference. */
  readonly keyVersion?: number;
}

/** Everything a node can be asked to be. */
export type Resource =
  | FileResource
  | DirectoryResource
  | SymlinkResource
  | LineResource
  | BlockResource
  | PackageResource
  | PackageRepositoryResource
  | ServiceResource
  | UnitResource
  | SysctlResource
  | KernelModuleResource
  | SwapResource
  | UserResource
  | GroupResource
  | AuthorizedKeyResource
  | HostnameResource
  | HostsEntryResource
  | HostsEntriesResource
  | TimezoneResource
  | MountResource
  | FilesystemResource
  | LinkResource
  | SelinuxResource
  | ResolverResource
  | NetworkInterfaceResource
  | CommandResource
  | KerberosPrincipalResource;

/** The id of a resource: its kind and what identifies it on the node. */
export function resourceId(resource: Resource): ResourceId {
  return `${resource.kind}:${resourceKey(resource)}`;
}

function resourceKey(resource: Resource): string {
  switch (resource.kind) {
    case 'file':
    case 'directory':
    case 'symlink':
    case 'mount':
      return resource.path;
    case 'line':
    case 'block':
      return `${resource.path}#${resource.name}`;
    case 'package':
    case 'package-repository':
    case 'link':
    case 'kernel-module':
    case 'user':
    case 'group':
    case 'command':
    case 'unit':
    case 'hosts-entries':
    case 'network-interface':
      return resource.name;
    case 'kerberos-principal':
      return `${resource.name}@${resource.realm}`;
    case 'service':
      return resource.unit;
    case 'filesystem':
      return resource.device;
    case 'sysctl':
      return resource.key;
    case 'authorized-key':
      return `${resource.user}#${resource.key.split(/\s+/)[1] ?? resource.key}`;
    case 'hosts-entry':
      return resource.address;
    case 'swap':
    case 'selinux':
    case 'hostname':
    case 'timezone':
    case 'resolver':
      return 'system';
  }
}

import {
  AppError,
  type BlockResource,
  type CommandResource,
  type FilesystemResource,
  type HostsEntry,
  type LinkResource,
  type PackageRepositoryResource,
  type PackageResource,
  type ResolverResource,
  type Resource,
  resourceId,
} from '@vmstation/core';

/**
 * Refuses resources that no script could carry safely. Names of files may hold anything but control characters; names of units,
 * packages, users and settings are as their own programs allow.
 * @throws AppError host/unusable-resource
 */
export function assertUsable(resources: readonly Resource[]): void {
  for (const resource of resources) {
    const why = unusable(resource);
    if (why === undefined) continue;
    throw new AppError({
      code: 'host/unusable-resource',
      kind: 'user',
      message: `${resourceId(resource)} cannot be declared: ${why}.`,
      tryThis: 'Correct the value where it is declared; `vmstation config explain` names the place.',
      context: { resource: resourceId(resource) },
    });
  }
}

const controls = /\p{Cc}/u;

function unusable(resource: Resource): string | undefined {
  if (controls.test(resourceId(resource))) return 'its name holds a control character';
  if ('path' in resource) return badPath(resource.path) ?? badText(resource);
  switch (resource.kind) {
    case 'package':
      return badPackage(resource);
    case 'package-repository':
      return badRepository(resource);
    case 'filesystem':
      return badPath(resource.device) ?? badLabel(resource);
    case 'link':
      return badLink(resource);
    case 'service':
      return bad(resource.unit, /^[A-Za-z0-9@:_.\\-]+\.[a-z]+$/, 'is no full name of a unit, such as chrony.service');
    case 'unit':
      return bad(
        resource.name,
        /^[A-Za-z0-9@:_.\\-]+\.[a-z]+(?:\.d\/[A-Za-z0-9_.-]+\.conf)?$/,
        'is no name of a unit file or drop-in',
      );
    case 'sysctl':
      return bad(resource.key, /^[a-z0-9][A-Za-z0-9_./@:-]*$/, 'is no kernel setting') ?? oneLine(resource.value);
    case 'kernel-module':
      return bad(resource.name, /^[A-Za-z0-9_-]+$/, 'is no kernel module');
    case 'user':
    case 'group':
      return bad(resource.name, /^[a-z_][a-z0-9_-]*\$?$/, 'is no name of an account');
    case 'authorized-key':
      return bad(resource.user, /^[a-z_][a-z0-9_-]*\$?$/, 'is no name of an account') ?? oneLine(resource.key);
    case 'hostname':
      return bad(resource.name, /^[a-z0-9]([a-z0-9.-]{0,62}[a-z0-9])?$/, 'is no host name');
    case 'hosts-entry':
      return badHostsEntry(resource);
    case 'hosts-entries':
      return resource.entries.length === 0 ? 'it has no entries' : badHostsEntries(resource.entries);
    case 'timezone':
      return bad(resource.zone, /^[A-Za-z0-9_+-]+(?:\/[A-Za-z0-9_+-]+)*$/, 'is no time zone');
    case 'kerberos-principal':
      return (
        bad(resource.name, /^[A-Za-z0-9_][A-Za-z0-9_.-]*(?:\/[A-Za-z0-9_][A-Za-z0-9_.-]*)?$/, 'is no principal') ??
        bad(resource.realm, /^[A-Za-z0-9][A-Za-z0-9.-]*$/, 'is no realm') ??
        badPath(resource.database) ??
        badPath(resource.stash) ??
        (/^\P{Cc}+$/u.test(resource.password.reveal()) ? undefined : 'its password must be one line that is not empty')
      );
    case 'resolver':
      return unusableResolver(resource);
    case 'network-interface':
      return (
        bad(resource.name, /^[A-Za-z0-9][A-Za-z0-9_.-]{0,14}$/, 'is no name of a network card') ??
        [resource.address, resource.gateway, ...resource.servers].map(badAddress).find(Boolean)
      );
    case 'command':
      return badCommand(resource);
    default:
      return undefined;
  }
}

function badCommand({ run, check, prints }: CommandResource): string | undefined {
  if (run.length === 0 || check.length === 0) return 'it needs a command and a check';
  return prints === undefined ? undefined : badPath(prints);
}

function badHostsEntry({ address, names }: HostsEntry): string | undefined {
  for (const word of [address, ...names]) {
    const why = bad(word, /^[A-Za-z0-9.:_-]+$/, 'is no name or address');
    if (why !== undefined) return why;
  }
  return names.length === 0 ? `${address} has no name` : undefined;
}

const judged = new WeakMap<readonly HostsEntry[], string | undefined>();

/** Nodes share these lists, which never change: each is looked through once. */
function badHostsEntries(entries: readonly HostsEntry[]): string | undefined {
  if (!judged.has(entries)) judged.set(entries, entries.map(badHostsEntry).find(Boolean));
  return judged.get(entries);
}

/** Texts that stand in one line of what a check reads, or of the file that they go to. */
function badText(resource: Resource): string | undefined {
  if (resource.kind === 'symlink')
    return controls.test(resource.target) ? 'its target holds a control character' : undefined;
  if (resource.kind === 'block') return badBlock(resource);
  return resource.kind === 'line' ? oneLine(resource.line) : undefined;
}

function badBlock({ name, content, comment = '#' }: BlockResource): string | undefined {
  if (name === '' || comment === '' || /[\r\n\0]/.test(`${name}${comment}`)) return 'its marks must be one line each';
  if (content !== '' && !content.endsWith('\n')) return 'its last line needs a newline at its end';
  if (content.includes('\0')) return 'its content holds a NUL';
  if (
    content
      .split('\n')
      .some((line) => line.startsWith(`${comment} BEGIN vmstation `) || line.startsWith(`${comment} END vmstation `))
  )
    return 'its content holds a mark of a block';
  // One word of an environment may be 128 KiB (execve(2)).
  return content.length > 65_536 ? 'its content is longer than 64 KiB' : undefined;
}

function badPackage({ name, ensure, version, held }: PackageResource): string | undefined {
  if (ensure === 'absent' && (version !== undefined || held !== undefined))
    return 'a package that must be absent has no version and no hold';
  return (
    bad(name, /^[A-Za-z0-9][A-Za-z0-9+._-]*$/, 'is no name of a package') ??
    (version === undefined ? undefined : bad(version, /^[0-9A-Za-z][0-9A-Za-z.+:~^_-]*$/, 'is no version of a package'))
  );
}

function badRepository(resource: PackageRepositoryResource): string | undefined {
  const { uris, suites = [], components = [] } = resource;
  if (uris.length === 0 && resource.ensure !== 'absent') return 'it has no uris';
  return (
    bad(resource.name, /^[A-Za-z0-9][A-Za-z0-9_-]*$/, 'is no name of a package repository') ??
    uris.map((uri) => bad(uri, /^(?:https?:\/\/|file:\/)[!-~]+$/, 'is no address of packages')).find(Boolean) ??
    [...suites, ...components]
      .map((word) => bad(word, /^[A-Za-z0-9._/~+-]+$/, 'is no suite or component'))
      .find(Boolean)
  );
}

function badLabel({ fstype, label = '' }: FilesystemResource): string | undefined {
  const most = fstype === 'ext4' ? 16 : 12;
  if (/[\p{Cc}/,]/u.test(label)) return 'its label holds a character that no label may hold';
  return Buffer.byteLength(label) > most ? `a label of ${fstype} has at most ${most} bytes` : undefined;
}

function badLink({ name, mtu, wakeOnLan }: LinkResource): string | undefined {
  if (mtu === undefined && wakeOnLan === undefined) return 'it says nothing of the card';
  if (mtu !== undefined && !(Number.isInteger(mtu) && mtu >= 68 && mtu <= 65_536))
    return `${mtu} is no size of a packet`;
  return bad(name, /^[A-Za-z0-9][A-Za-z0-9_.-]{0,14}$/, 'is no name of a network card');
}

function unusableResolver({ servers, search }: ResolverResource): string | undefined {
  // resolv.conf(5): MAXNS is 3; what stands after it would never be asked.
  if (servers.length === 0 || servers.length > 3) return 'it needs one to three servers';
  return (
    servers.map(badAddress).find(Boolean) ??
    search.map((word) => bad(word, /^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/, 'is no domain')).find(Boolean)
  );
}

function badAddress(text: string): string | undefined {
  return bad(text, /^\d{1,3}(?:\.\d{1,3}){3}$/, 'is no IPv4 address');
}

function badPath(path: string): string | undefined {
  if (!path.startsWith('/') || path.endsWith('/')) return 'its path must begin with / and not end with it';
  return path.split('/').some((part) => part === '.' || part === '..') ? 'its path must not hold . or ..' : undefined;
}

function bad(value: string, shape: RegExp, why: string): string | undefined {
  return shape.test(value) ? undefined : `"${value}" ${why}`;
}

function oneLine(value: string): string | undefined {
  return /[\r\n\0]/.test(value) ? 'its value must be one line' : undefined;
}

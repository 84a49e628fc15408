import type { Resource } from '../resource/resource.ts';
import { resourceId } from '../resource/resource.ts';
import type { DesiredResource } from './desired-state.ts';

/**
 * Whole files against declarations of a part of the same file: a hosts entry, a line, a block, a mount, swap, the host name or a login key
 * that a declared content contradicts would be changed back and forth by every run. One message each, naming both places.
 */
export function partConflicts(node: string, list: Iterable<DesiredResource>): readonly string[] {
  const all = [...list];
  const parts = Map.groupBy(all, ({ resource }) => fileOfPart(resource) ?? '');
  const conflicts: string[] = [];
  for (const whole of all) {
    const { resource: file } = whole;
    if (file.kind !== 'file' || file.content === undefined || file.ensure === 'absent') continue;
    for (const part of parts.get(file.path) ?? []) {
      const missing = missingPart(file.content, part.resource);
      if (missing === undefined) continue;
      conflicts.push(
        `${node}: ${file.path}: ${whole.origins.join(', ')} gives the whole file ${missing}, ${part.origins.join(', ')} asks for ${resourceId(part.resource)}`,
      );
    }
  }
  return conflicts;
}

/** The file that a resource is a part of; undefined for one that is no part of a file. */
function fileOfPart(part: Resource): string | undefined {
  switch (part.kind) {
    case 'hosts-entry':
    case 'hosts-entries':
      return '/etc/hosts';
    case 'hostname':
      return '/etc/hostname';
    case 'mount':
    case 'swap':
      return '/etc/fstab';
    case 'line':
    case 'block':
      return part.path;
    case 'selinux':
      return '/etc/selinux/config';
    case 'authorized-key':
      return `${part.user === 'root' ? '/root' : `/home/${part.user}`}/.ssh/authorized_keys`;
    default:
      return undefined;
  }
}

/** What a file with this content lacks of a part that belongs into it; undefined when the part is there. */
function missingPart(content: string, part: Resource): string | undefined {
  const lines = content.split('\n').map((line) => line.trim());
  const fields = lines.filter((line) => line !== '' && !line.startsWith('#')).map((line) => line.split(/\s+/));
  switch (part.kind) {
    case 'hosts-entry': {
      const entry = fields.find(([address]) => address === part.address);
      const named = part.names.every((name) => entry?.includes(name));
      return named ? undefined : `without ${part.address} ${part.names.join(' ')}`;
    }
    case 'hosts-entries': {
      const named = new Map(fields.map(([address = '', ...names]) => [address, names]));
      const missing = part.entries.filter(
        ({ address, names }) => !names.every((name) => named.get(address)?.includes(name)),
      );
      const shown = missing.slice(0, 3).map(({ address, names }) => `${address} ${names.join(' ')}`);
      const more = missing.length > shown.length ? ` and ${missing.length - shown.length} more` : '';
      return missing.length === 0 ? undefined : `without ${shown.join(', ')}${more}`;
    }
    case 'hostname':
      return content.trim() === part.name ? undefined : `with ${content.trim()}`;
    case 'mount': {
      const mounted = fields.some(([source, path]) => source === part.source && path === part.path);
      return mounted ? undefined : `without ${part.source} on ${part.path}`;
    }
    case 'swap':
      return fields.some((entry) => entry[2] === 'swap') ? 'with a swap line' : undefined;
    case 'line': {
      const there = content.split('\n').includes(part.line);
      return there === (part.ensure !== 'absent') ? undefined : `${there ? 'with' : 'without'} the line "${part.line}"`;
    }
    case 'block': {
      const mark = `${part.comment ?? '#'} BEGIN vmstation ${part.name}`;
      const there = content.includes(`${mark}\n${part.content}`);
      if (part.ensure === 'absent') return content.includes(mark) ? `with the block "${part.name}"` : undefined;
      return there ? undefined : `without the block "${part.name}"`;
    }
    case 'selinux': {
      const mode = lines.findLast((line) => line.startsWith('SELINUX='))?.slice('SELINUX='.length);
      return mode === part.mode ? undefined : `with SELINUX=${mode ?? ''}`;
    }
    case 'authorized-key': {
      const key = part.key.split(/\s+/)[1] ?? part.key;
      const there = content.includes(key);
      return there === (part.ensure !== 'absent') ? undefined : `${there ? 'with' : 'without'} that key`;
    }
    default:
      return undefined;
  }
}

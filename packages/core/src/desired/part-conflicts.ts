import type { FileResource, Resource } from '../resource/resource.ts';
import { resourceId } from '../resource/resource.ts';
import type { DesiredResource } from './desired-state.ts';

/**
 * Whole files against declarations of a part of the same file: a hosts entry, a line, a mount, swap, the host name or a login key
 * that a declared content contradicts would be changed back and forth by every run. One message each, naming both places.
 */
export function partConflicts(node: string, list: Iterable<DesiredResource>): readonly string[] {
  const all = [...list];
  const conflicts: string[] = [];
  for (const whole of all) {
    const { resource: file } = whole;
    if (file.kind !== 'file' || file.content === undefined || file.ensure === 'absent') continue;
    for (const part of all) {
      const missing = missingPart(file, file.content, part.resource);
      if (missing === undefined) continue;
      conflicts.push(
        `${node}: ${file.path}: ${whole.origins.join(', ')} gives the whole file ${missing}, ${part.origins.join(', ')} asks for ${resourceId(part.resource)}`,
      );
    }
  }
  return conflicts;
}

/** What the file lacks of a part that belongs into it; undefined when the part is there, or belongs elsewhere. */
function missingPart(file: FileResource, content: string, part: Resource): string | undefined {
  const lines = content.split('\n').map((line) => line.trim());
  const fields = lines.filter((line) => line !== '' && !line.startsWith('#')).map((line) => line.split(/\s+/));
  switch (part.kind) {
    case 'hosts-entry': {
      if (file.path !== '/etc/hosts') return undefined;
      const entry = fields.find(([address]) => address === part.address);
      const named = part.names.every((name) => entry?.includes(name));
      return named ? undefined : `without ${part.address} ${part.names.join(' ')}`;
    }
    case 'hostname':
      if (file.path !== '/etc/hostname' || content.trim() === part.name) return undefined;
      return `with ${content.trim()}`;
    case 'mount': {
      if (file.path !== '/etc/fstab') return undefined;
      const mounted = fields.some(([source, path]) => source === part.source && path === part.path);
      return mounted ? undefined : `without ${part.source} on ${part.path}`;
    }
    case 'swap':
      if (file.path !== '/etc/fstab' || !fields.some((entry) => entry[2] === 'swap')) return undefined;
      return 'with a swap line';
    case 'line': {
      if (file.path !== part.path) return undefined;
      const there = content.split('\n').includes(part.line);
      return there === (part.ensure !== 'absent') ? undefined : `${there ? 'with' : 'without'} the line "${part.line}"`;
    }
    case 'authorized-key': {
      const home = part.user === 'root' ? '/root' : `/home/${part.user}`;
      if (file.path !== `${home}/.ssh/authorized_keys`) return undefined;
      const key = part.key.split(/\s+/)[1] ?? part.key;
      const there = content.includes(key);
      return there === (part.ensure !== 'absent') ? undefined : `${there ? 'with' : 'without'} that key`;
    }
    default:
      return undefined;
  }
}

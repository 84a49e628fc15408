import type { Declaration } from '@vmstation/core';
import { type KnownFile, knownFiles, loginOf, type ShutWayIn, settingLines, type WayIn } from './way-in.ts';

const noShell = /\/(?:nologin|false|true|sync|halt|shutdown)$/;

/** What declarations do to the user that logs in, to its keys and to the server that lets it in. */
export function accountShuts(way: WayIn): readonly ShutWayIn[] {
  const files = knownFiles(way);
  return [
    ...way.declared.flatMap((declaration) => {
      const does = declarationShuts(way, declaration);
      return does === undefined ? [] : [{ origin: declaration.origin, does, against: loginOf(way) }];
    }),
    ...files.flatMap((file) => {
      const shut = fileShuts(way, file);
      return shut === undefined ? [] : [{ origin: file.origin, against: loginOf(way), ...shut }];
    }),
  ];
}

function declarationShuts(way: WayIn, { resource }: Declaration): string | undefined {
  const { user, key, home } = way;
  switch (resource.kind) {
    case 'user':
      if (resource.name !== user || resource.shell === undefined || !noShell.test(resource.shell)) return undefined;
      return `gives ${user} no shell (${resource.shell})`;
    case 'authorized-key':
      if (resource.user !== user || resource.ensure !== 'absent' || key === undefined) return undefined;
      return resource.key.split(/\s+/).includes(key) ? 'removes the key of this workspace' : undefined;
    case 'file':
      return resource.ensure === 'absent' && resource.path === `${home}/.ssh/authorized_keys`
        ? `removes every key of ${user}`
        : undefined;
    case 'package':
      return resource.ensure === 'absent' &&
        ['openssh-server', ...(user === 'root' ? [] : ['sudo'])].includes(resource.name)
        ? `removes ${resource.name}`
        : undefined;
    case 'service':
      if (!/^sshd?\.service$/.test(resource.unit)) return undefined;
      if (resource.masked === true) return `masks ${resource.unit}`;
      return resource.active === false || resource.enabled === false ? `switches ${resource.unit} off` : undefined;
    case 'command':
      return commandShuts(user, resource.run);
    default:
      return undefined;
  }
}

function commandShuts(user: string, argv: readonly string[]): string | undefined {
  const [path = '', ...words] = argv;
  const program = path.split('/').at(-1) ?? '';
  if (!words.includes(user)) return undefined;
  const locks =
    ['userdel', 'deluser'].includes(program) ||
    (program === 'passwd' && words.some((one) => one === '-l' || one === '--lock')) ||
    (program === 'usermod' && words.some((one) => one === '-L' || one === '--lock'));
  return locks ? `removes or locks ${user} (${argv.join(' ')})` : undefined;
}

function fileShuts(way: WayIn, file: KnownFile): (Pick<ShutWayIn, 'does'> & Partial<ShutWayIn>) | undefined {
  const { user, home, key } = way;
  switch (file.path) {
    case '/etc/passwd':
      return passwdShuts(user, file);
    case '/etc/shadow': {
      const entry = settingLines(file.content)
        .map((line) => line.split(':'))
        .find(([name]) => name === user);
      if (entry === undefined) return { does: `does not name ${user}` };
      return ['0', '1'].includes(entry[7] ?? '') ? { does: `lets ${user} expire` } : undefined;
    }
    case '/etc/nologin':
      return user === 'root' ? undefined : { does: 'lets nobody but root log in' };
    case `${home}/.ssh/authorized_keys`: {
      const keys = settingLines(file.content);
      const against = `this workspace logs in to ${way.node.name} as ${user} with its own key (role ssh-keys)`;
      if (keys.length === 0 || (key !== undefined && !keys.some((line) => line.split(/\s+/).includes(key))))
        return { does: 'leaves out the key of this workspace', against };
      // sshd_config(5), StrictModes.
      return (Number.parseInt(file.mode ?? '0', 8) & 0o022) === 0
        ? undefined
        : { does: `can be written by others (mode ${file.mode ?? ''}), and sshd then takes no key from it`, against };
    }
    default:
      return undefined;
  }
}

function passwdShuts(user: string, file: KnownFile): { readonly does: string } | undefined {
  const entry = settingLines(file.content)
    .map((line) => line.split(':'))
    .find(([name]) => name === user);
  if (entry === undefined) return { does: `does not name ${user}` };
  const shell = entry[6] ?? '';
  return noShell.test(shell) ? { does: `gives ${user} no shell (${shell})` } : undefined;
}

import { createHash } from 'node:crypto';
import { accessSync, constants, lstatSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '@vmstation/core';
import { makePrivateFolder } from '../process/private-folder.ts';
import type { SudoPasswords } from '../sudo/sudo-turns.ts';

/** Where a node is reached. Without a user, ssh_config and the local user name decide. */
export interface SshNode {
  readonly address: string;
  readonly port?: number;
  readonly user?: string;
  readonly identityFile?: string;
}

/** What every connection of a workspace shares. */
export interface SshSettings {
  readonly nodes: Readonly<Record<string, SshNode>>;
  /** The workspace's own list; its lines are keyed by node name. */
  readonly knownHostsFile: string;
  /** Preferred folder of the shared connections' sockets; when its path is too long or it cannot be written, a private folder under /tmp is used. */
  readonly controlDir: string;
  /** An ssh_config to use instead of the user's, with a `Host` block per node name (the lab's). */
  readonly configFile?: string;
  readonly sshBinary?: string;
  /** What sudo asks the login user of a node for; left out: nothing. */
  readonly sudoPassword?: SudoPasswords;
  /**
   * Connections stay open for a minute after `close`, and serve whoever asks for the same on this workspace meanwhile. Only for commands that
   * look: one that finds an old connection dead runs again. Left out: connections of this process alone, which prove that the node lets us in now.
   */
  readonly keepConnections?: boolean;
  /** Seconds to wait for a connection; 10 when left out. */
  readonly connectTimeoutSeconds?: number;
}

/** Seconds that a shared connection stays open after its last use. */
export const controlPersistSeconds = 60;

/** OpenSSH adds 17 characters while it makes the socket; the kernel allows 103 (macOS) or 107 (Linux). */
const longestControlPath = 80;

/** Whose keys ssh offers: that of the workspace alone, or what ssh offers by itself (agent, own files, the user's ssh_config). */
export type OfferedKeys = 'workspace' | 'operator';

/** The options of every ssh call for a node, in the order of ssh_config(5); command line options win over any file. */
export function sshOptions(
  settings: SshSettings,
  node: string,
  controlPath: string | undefined,
  keys: OfferedKeys = 'workspace',
): string[] {
  const known = settings.nodes[node];
  const options = [
    ...(settings.configFile === undefined ? [] : ['-F', settings.configFile]),
    ...option('BatchMode', 'yes'),
    ...option('StrictHostKeyChecking', 'yes'),
    ...option('UserKnownHostsFile', settings.knownHostsFile),
    ...option('GlobalKnownHostsFile', '/dev/null'),
    ...option('HostKeyAlias', node),
    ...option('CheckHostIP', 'no'),
    ...option('UpdateHostKeys', 'no'),
    ...option('ConnectTimeout', String(settings.connectTimeoutSeconds ?? 10)),
    ...option('ServerAliveInterval', '5'),
    ...option('ServerAliveCountMax', '3'),
    ...option('LogLevel', 'ERROR'),
    ...option('RequestTTY', 'no'),
    ...option('ForwardAgent', 'no'),
    ...option('ForwardX11', 'no'),
    ...option('ClearAllForwardings', 'yes'),
    ...option('PermitLocalCommand', 'no'),
  ];
  if (controlPath === undefined) {
    options.push(...option('ControlMaster', 'no'), ...option('ControlPath', 'none'));
  } else {
    options.push(
      ...option('ControlMaster', 'auto'),
      ...option('ControlPersist', String(controlPersistSeconds)),
      ...option('ControlPath', controlPath),
    );
  }
  if (settings.configFile === undefined && known !== undefined) {
    if (known.port !== undefined) options.push('-p', String(known.port));
    // Apart from each other: keys of an agent go first, and a server that allows four tries would not get to the workspace's.
    if (known.identityFile !== undefined && keys === 'workspace')
      options.push('-i', known.identityFile, ...option('IdentitiesOnly', 'yes'));
  }
  return options;
}

/** The destination argument: the node's name when an ssh_config knows it, else `user@address`. */
export function sshDestination(settings: SshSettings, node: string): string {
  if (settings.configFile !== undefined) return node;
  const known = settings.nodes[node];
  if (known === undefined) {
    throw new AppError({
      code: 'ssh/node-unknown',
      kind: 'user',
      message: `There is no address for a node called ${node}.`,
      tryThis: 'Look at the names under `nodes:` in vmstation.yaml.',
      context: { node },
    });
  }
  return known.user === undefined ? known.address : `${known.user}@${known.address}`;
}

/**
 * The socket of a node's shared connection: one per workspace, node and destination, and per process unless connections are kept; always short
 * enough for the kernel.
 * Makes the folder (0700). @throws AppError ssh/control-directory-unsafe when somebody else could reach into it.
 */
export function controlPathOf(settings: SshSettings, node: string): string {
  const identity = [
    settings.knownHostsFile,
    settings.configFile ?? '',
    node,
    JSON.stringify(settings.nodes[node] ?? ''),
    settings.keepConnections === true ? '' : String(process.pid),
  ];
  const name = createHash('sha256').update(identity.join('\n')).digest('hex').slice(0, 16);
  const preferred = join(settings.controlDir, name);
  if (Buffer.byteLength(preferred) <= longestControlPath && canHold(settings.controlDir)) return preferred;
  const uid = process.getuid?.() ?? 0;
  const folder = `/tmp/vmstation-${uid}`;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const found = lstatSync(folder);
  if (!found.isDirectory() || found.uid !== uid || (found.mode & 0o077) !== 0) {
    throw new AppError({
      code: 'ssh/control-directory-unsafe',
      kind: 'refused',
      message: `The folder ${folder} for shared SSH connections exists, but others can write or read there, so a connection in it could be taken over.`,
      tryThis: `Remove it (rm -r ${folder}) and run the same command again.`,
      context: { folder },
    });
  }
  return join(folder, name);
}

/** Makes the folder; false where no socket can be made in it, as on a file system that is mounted read-only. */
function canHold(folder: string): boolean {
  try {
    makePrivateFolder(folder);
    accessSync(folder, constants.W_OK | constants.X_OK);
    return true;
  } catch (error) {
    if (['EROFS', 'EACCES', 'EPERM'].includes(String((error as NodeJS.ErrnoException).code))) return false;
    throw error;
  }
}

function option(name: string, value: string): string[] {
  // ssh splits an option's value at blanks unless it is quoted.
  return ['-o', /[\s"\\]/.test(value) ? `${name}="${value.replaceAll(/(["\\])/g, '\\$1')}"` : `${name}=${value}`];
}

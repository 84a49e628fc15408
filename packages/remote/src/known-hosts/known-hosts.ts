import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { chmod, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { AppError } from '@vmstation/core';

/** A machine's public host key. */
export interface HostKey {
  /** For example `ssh-ed25519`. */
  readonly type: string;
  /** The key itself, base64. */
  readonly key: string;
  /** `SHA256:…`, as ssh-keygen -l prints it. */
  readonly fingerprint: string;
}

/** A host key with the fingerprint that OpenSSH shows for it (RFC 4253 key blob, SHA-256, base64 without padding). */
export function hostKey(type: string, key: string): HostKey {
  const digest = createHash('sha256').update(Buffer.from(key, 'base64')).digest('base64').replace(/=+$/, '');
  return { type, key, fingerprint: `SHA256:${digest}` };
}

/** The keys trusted for each node, from the workspace's known_hosts; an absent file is an empty list. */
export function readKnownHosts(file: string): ReadonlyMap<string, readonly HostKey[]> {
  const found = new Map<string, HostKey[]>();
  for (const line of linesOf(file)) {
    const [names, type, key] = line.trim().split(/\s+/);
    if (names === undefined || type === undefined || key === undefined || names.startsWith('#')) continue;
    for (const name of names.split(',')) found.set(name, [...(found.get(name) ?? []), hostKey(type, key)]);
  }
  return found;
}

/**
 * False when no line of the file can be about this node, so that strict host keys would refuse it whatever it shows.
 * Lines that only ssh can judge (hashed names, patterns, @cert-authority: sshd(8)) count as lines about it.
 */
export function mayKnowHost(file: string, node: string): boolean {
  return linesOf(file).some((line) => {
    const names = line.trim().split(/\s+/)[0] ?? '';
    if (names === '' || names.startsWith('#')) return false;
    return /^[@|]|[*?!]/.test(names) || names.split(',').includes(node);
  });
}

/**
 * Trusts exactly these keys for a node: its former lines are replaced. The file is written beside and renamed, mode 0600.
 * @throws AppError ssh/no-host-keys when the list is empty.
 */
export async function trustHostKey(file: string, node: string, keys: readonly HostKey[]): Promise<void> {
  if (keys.length === 0) {
    throw new AppError({
      code: 'ssh/no-host-keys',
      kind: 'remote',
      message: `${node} showed no host key, so there is nothing to trust.`,
      tryThis: `Check that an SSH server answers at its address and run: vmstation node trust ${node}`,
      context: { node },
    });
  }
  const lines = [...othersThan(file, node), ...keys.map((key) => `${node} ${key.type} ${key.key}`)];
  await writeAtomically(file, `${lines.join('\n')}\n`);
}

/** Forgets every key of a node. */
export async function forgetHostKey(file: string, node: string): Promise<void> {
  const lines = othersThan(file, node);
  await writeAtomically(file, lines.length === 0 ? '' : `${lines.join('\n')}\n`);
}

function othersThan(file: string, node: string): string[] {
  return linesOf(file).filter((line) => line.trim() !== '' && line.trim().split(/\s+/)[0] !== node);
}

function linesOf(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split(/\r?\n/);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

async function writeAtomically(file: string, content: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const beside = `${file}.${randomBytes(6).toString('hex')}`;
  try {
    const handle = await open(beside, 'wx', 0o600);
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await chmod(beside, 0o600);
    await rename(beside, file);
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  }
}

import { existsSync } from 'node:fs';
import { chmod, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { AppError } from '@vmstation/core';
import { runChild } from './child.ts';
import { makePrivateFolder } from './private-folder.ts';

/** A key pair on this computer. */
export interface KeyPair {
  readonly privateKeyFile: string;
  /** One line as authorized_keys wants it, without newline. */
  readonly publicKey: string;
  readonly created: boolean;
}

/**
 * An ed25519 key pair at `file` and `file.pub`, made when absent (mode 0600, no passphrase), else read.
 * @throws AppError ssh/client-missing without ssh-keygen, ssh/key-not-made when it failed.
 */
export async function sshKeygen(file: string, comment: string): Promise<KeyPair> {
  const created = !existsSync(file);
  if (created) {
    makePrivateFolder(dirname(file));
    await keygen(['-q', '-t', 'ed25519', '-N', '', '-C', comment, '-f', file]);
    await chmod(file, 0o600);
  }
  const publicKey = existsSync(`${file}.pub`)
    ? await readFile(`${file}.pub`, 'utf8')
    : `${await keygen(['-y', '-f', file])} ${comment}`;
  return { privateKeyFile: file, publicKey: publicKey.trim(), created };
}

async function keygen(args: readonly string[]): Promise<string> {
  const result = await runChild(['ssh-keygen', ...args], { timeoutMs: 30_000 });
  if (result.exitCode === 0 && result.ended === 'exit') return result.stdout.toString('utf8').trim();
  const missing = result.ended === 'missing';
  throw new AppError({
    code: missing ? 'ssh/client-missing' : 'ssh/key-not-made',
    kind: 'environment',
    message: `ssh-keygen could not make or read the key: ${(result.startError ?? result.stderr.trim()) || `exit ${result.exitCode}`}`,
    tryThis: missing ? 'Install the OpenSSH client.' : `Check the folder and the file ${args.at(-1) ?? ''}.`,
  });
}

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError, Secret, type Secrets } from '@vmstation/core';
import { isMissing } from './find-workspace.ts';
import { textOf } from './read-folder.ts';
import { writeFileAtomically } from './write-file.ts';

/** File of the operator's key, below the state directory. */
export const identityFileName = 'age-identity.txt';

/** Public keys that secrets are encrypted for, below the workspace. */
export const recipientsFileName = 'secrets/recipients.txt';

/**
 * Values of `secrets/*.age`, decrypted in memory when first asked for, with the key of the state directory.
 * One line break at the end of a value is not part of it. Throws secret/missing, secret/no-identity, secret/cannot-decrypt.
 */
export function ageSecrets(workspace: { readonly root: string; readonly stateDir: string }): Secrets {
  const known = new Map<string, Promise<Secret>>();
  const path = (name: string): string => join(workspace.root, 'secrets', `${name}.age`);
  return {
    get: (name) => {
      const value = known.get(name) ?? decrypt(name, path(name), join(workspace.stateDir, identityFileName));
      known.set(name, value);
      // A failure may be mended while we run.
      value.catch(() => known.delete(name));
      return value;
    },
    has: async (name) => (await encryptedBytes(path(name))) !== undefined,
  };
}

async function decrypt(name: string, path: string, identityPath: string): Promise<Secret> {
  const encrypted = await encryptedBytes(path);
  if (encrypted === undefined) throw missing(name);
  const identities = await identitiesIn(identityPath);
  // Loaded by those who have a secret to read: most commands only look at machines.
  const { armor, Decrypter } = await import('age-encryption');
  const decrypter = new Decrypter();
  try {
    for (const identity of identities) decrypter.addIdentity(identity);
    const text = await decrypter.decrypt(
      isArmored(encrypted) ? armor.decode(new TextDecoder().decode(encrypted)) : encrypted,
      'text',
    );
    return new Secret(text.replace(/\r?\n$/, ''));
  } catch (error) {
    throw new AppError({
      code: 'secret/cannot-decrypt',
      kind: 'environment',
      message: `The secret ${name} cannot be decrypted with the key in ${identityPath}.`,
      tryThis: `Encrypt it again for everybody in ${recipientsFileName}: vmstation secret set ${name}`,
      context: { secret: name, identity: identityPath },
      cause: error,
    });
  }
}

function missing(name: string): AppError {
  return new AppError({
    code: 'secret/missing',
    kind: 'user',
    message: `The secret ${name} is needed, and there is no secrets/${name}.age.`,
    tryThis: `vmstation secret set ${name}`,
    context: { secret: name },
  });
}

async function encryptedBytes(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

function isArmored(bytes: Uint8Array): boolean {
  return new TextDecoder().decode(bytes.subarray(0, 40)).trimStart().startsWith('-----BEGIN AGE');
}

/** Keys of an age key file: one a line, comments and empty lines aside. */
async function identitiesIn(path: string): Promise<readonly string[]> {
  const lines = keyLines((await textOf(path)) ?? '');
  if (lines.length > 0) return lines;
  throw new AppError({
    code: 'secret/no-identity',
    kind: 'environment',
    message: `There is no key in ${path}, so the workspace's secrets cannot be decrypted on this computer.`,
    tryThis:
      'Copy the file from the computer where the workspace was made, or put the recovery key into it (mode 0600).',
    context: { identity: path },
  });
}

function keyLines(text: string): readonly string[] {
  return text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
}

/** Encrypts a value for some recipients (`age1…`). */
export async function encryptFor(recipients: readonly string[], value: string): Promise<Uint8Array> {
  const { Encrypter } = await import('age-encryption');
  const encrypter = new Encrypter();
  for (const recipient of recipients) encrypter.addRecipient(recipient);
  return encrypter.encrypt(value);
}

/**
 * Writes `secrets/NAME.age` for everybody in `secrets/recipients.txt`.
 * Throws secret/no-recipients when that file names nobody.
 */
export async function writeSecret(root: string, name: string, value: string): Promise<void> {
  const recipients = keyLines((await textOf(join(root, recipientsFileName))) ?? '');
  if (recipients.length === 0) {
    throw new AppError({
      code: 'secret/no-recipients',
      kind: 'user',
      message: `${recipientsFileName} names nobody for whom secrets could be encrypted.`,
      tryThis: 'Restore the file from version control; it holds public keys only.',
      context: { workspace: root },
    });
  }
  const encrypted = await encryptFor(recipients, value);
  await writeFileAtomically(join(root, 'secrets', `${name}.age`), encrypted, { mode: 0o644, directoryMode: 0o755 });
}

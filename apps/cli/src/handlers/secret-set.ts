import { join } from 'node:path';
import { AppError, exitCodes, secretName } from '@vmstation/core';
import { findWorkspace, stateFolderName, writeSecret } from '@vmstation/workspace';
import type { CommandHandler } from '../command/define-command.ts';
import type { Invocation } from '../command/invocation.ts';
import { holdWorkspace } from '../compose/hold-workspace.ts';
import { startFolder } from '../compose/workspace-folder.ts';
import { jsonText } from '../render/json.ts';
import { mark } from '../render/style.ts';

/** Asks for a value and encrypts it into `secrets/NAME.age`. A workspace with faults will do: a missing secret is one of them. */
export const handleSecretSet: CommandHandler = async (invocation) => {
  const { io, global, style } = invocation;
  const name = invocation.required('name');
  if (secretName(`secret:${name}`) === undefined) throw invalidName(name);
  const root = await findWorkspace(startFolder(invocation));
  const value = await valueOf(invocation, name);
  if (value === '') throw emptyValue(name);
  await holdWorkspace(join(root, stateFolderName), invocation, () => writeSecret(root, name, value));
  const file = `secrets/${name}.age`;
  if (global.json) io.out(`${jsonText({ secret: name, file })}\n`);
  else io.out(`${mark('changed', style)} ${file} is written; vmstation.yaml refers to it as secret:${name}\n`);
  return exitCodes.done;
};

/** Typed twice where somebody sits, else all of standard input without the line break at its end. */
async function valueOf({ io }: Invocation, name: string): Promise<string> {
  if (io.askHidden === undefined) return ((await io.readInput?.()) ?? '').replace(/\r?\n$/, '');
  const value = await io.askHidden(`Value of ${name} (it is not shown): `);
  if (value !== '' && (await io.askHidden('Once more: ')) !== value) {
    throw new AppError({
      code: 'secret/not-equal',
      kind: 'user',
      message: `The two values typed for the secret ${name} are not equal, so nothing was written.`,
      tryThis: `vmstation secret set ${name}`,
    });
  }
  return value;
}

function invalidName(name: string): AppError {
  return new AppError({
    code: 'secret/invalid-name',
    kind: 'user',
    message: `${JSON.stringify(name)} cannot be the name of a secret: small letters, digits and dashes can, at most 63.`,
    tryThis: 'Give the name without `secret:` before it and `.age` behind it.',
  });
}

function emptyValue(name: string): AppError {
  return new AppError({
    code: 'secret/empty',
    kind: 'user',
    message: `No value was given for the secret ${name}, so nothing was written.`,
    tryThis: `Type it when asked, or hand it over on standard input: vmstation secret set ${name} < FILE`,
  });
}

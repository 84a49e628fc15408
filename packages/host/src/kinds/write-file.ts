import type { FileValidation, Ownership } from '@vmstation/core';
import { quoteArguments } from '@vmstation/remote';
import { feed, lines, type ShellText, sh, withPlaceholder, writeBytes } from '../script/shell-text.ts';
import type { ApplyContext } from './kind.ts';

/** A file to be put in place as a whole. */
export interface FileToWrite extends Ownership {
  readonly path: string;
  readonly content: string;
  /** `base64`: any bytes. */
  readonly encoding?: 'base64';
  readonly validate?: FileValidation;
}

/**
 * Writes beside, gives owner and mode (those of the present file where none are declared), lets its program judge the candidate, then renames.
 * `room`, `fill`, `dress`, `discard`, `put` and `place` are functions of the apply script.
 */
export function writeFile(file: FileToWrite, context: ApplyContext): ShellText {
  const { path, content, encoding, validate } = file;
  const begin = sh`t=${context.beside(path)}; room ${path} "$t" ${file.mode === undefined ? ['like'] : []}`;
  const fill = sh`fill ${path} ${ownershipWords(file)} >"$t"`;
  const filled = encoding === undefined ? feed(fill, content, context.delimiter) : undefined;
  if (filled !== undefined) return lines(begin, filled, judged(validate), sh`put ${path} "$t"`);
  const bytes = Buffer.from(content, encoding ?? 'utf8');
  return lines(begin, writeBytes(sh`"$t"`, bytes, context.delimiter), finishFile(file));
}

/** The second half of {@link writeFile}, for a candidate that stands at `$t` already. */
export function finishFile(file: Omit<FileToWrite, 'content'>): ShellText {
  return lines(sh`dress ${file.path} "$t" ${ownershipWords(file)}`, judged(file.validate), sh`place ${file.path} "$t"`);
}

function ownershipWords({ mode = '-', owner = '-', group = '-' }: Ownership): readonly string[] {
  return [mode, owner, group];
}

function judged(validate: FileValidation | undefined): ShellText | undefined {
  if (validate === undefined) return undefined;
  const program = validate.command[0] ?? '';
  const run = sh`${withPlaceholder(validate.command, 't')} || discard "$t" ${`refused by: ${quoteArguments(validate.command)}`}`;
  if (validate.unlessMissing !== true) return run;
  return sh`if command -v ${program} >/dev/null 2>&1; then ${run}; fi`;
}

/** Sets owner, group and mode of a file, without touching the content. `redress` is a function of the apply script. */
export function changeOwnership(path: string, want: Ownership): ShellText {
  return sh`redress ${path} ${ownershipWords(want)}`;
}

/** Sets owner, group and mode of the folder that the shell is in. */
export function ownershipHere(want: Ownership): ShellText {
  const [mode, owner = '-', group = '-'] = ownershipWords(want);
  return lines(
    owner === '-' && group === '-' ? undefined : sh`reown . ${owner} ${group}`,
    mode === undefined || mode === '-' ? undefined : sh`chmod ${mode} .`,
  );
}

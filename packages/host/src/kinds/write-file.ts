import type { FileValidation, Ownership } from '@vmstation/core';
import { quoteArguments } from '@vmstation/remote';
import { lines, type ShellText, sh, withPlaceholder, writeBytes, writeContent } from '../script/shell-text.ts';
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
 * `dress`, `discard` and `place` are functions of the apply script.
 */
export function writeFile(file: FileToWrite, context: ApplyContext): ShellText {
  const beside = context.beside(file.path);
  return lines(
    sh`parents ${file.path}; t=${beside}; rm -f "$t"`,
    file.encoding === 'base64'
      ? writeBytes(sh`"$t"`, Buffer.from(file.content, 'base64'), context.delimiter)
      : writeContent(sh`"$t"`, file.content, context.delimiter),
    finishFile(file),
  );
}

/** The second half of {@link writeFile}, for a candidate that stands at `$t` already. */
export function finishFile(file: Omit<FileToWrite, 'content'>): ShellText {
  return lines(
    sh`dress ${file.path} "$t" ${file.mode ?? '-'} ${file.owner ?? '-'} ${file.group ?? '-'}`,
    file.validate === undefined ? undefined : validation(file.validate),
    sh`place ${file.path} "$t"`,
  );
}

function validation(validate: FileValidation): ShellText {
  const program = validate.command[0] ?? '';
  const run = sh`${withPlaceholder(validate.command, 't')} || discard "$t" ${`refused by: ${quoteArguments(validate.command)}`}`;
  if (validate.unlessMissing !== true) return run;
  return sh`if command -v ${program} >/dev/null 2>&1; then ${run}; fi`;
}

/** Sets what differs of owner, group and mode, without touching the content. */
export function changeOwnership(path: string, want: Ownership): ShellText {
  return lines(
    want.owner === undefined && want.group === undefined
      ? undefined
      : sh`chown ${`${want.owner ?? ''}${want.group === undefined ? '' : `:${want.group}`}`} ${path}`,
    want.mode === undefined ? undefined : sh`chmod ${want.mode} ${path}`,
  );
}

import { AppError } from '@vmstation/core';

const plainWord = /^[A-Za-z0-9_@%+:,./-]+$/;

/**
 * One word for a POSIX shell, so that the shell hands exactly `value` to the program. Any text but NUL; POSIX 2.2.2 (single quotes).
 * @throws AppError remote/nul-in-argument: no program can receive a NUL in an argument.
 */
export function quoteArgument(value: string): string {
  if (value.includes('\0')) {
    throw new AppError({
      code: 'remote/nul-in-argument',
      kind: 'user',
      message: 'A value for a command line holds a NUL character, which no program can receive as an argument.',
      tryThis: 'Remove the NUL character from the value in the cluster file or in hosts/.',
    });
  }
  if (plainWord.test(value)) return value;
  return `'${value.replaceAll("'", `'\\''`)}'`;
}

/** A command line for a POSIX shell from an argument vector; see {@link quoteArgument}. */
export function quoteArguments(argv: readonly string[]): string {
  return argv.map(quoteArgument).join(' ');
}

/** Between single quotes csh still sees line breaks and `!`, and fish backslashes. */
const differsByShell = /[\n!\\]/;

/**
 * A command line for the login shell of a node, whichever that is: what POSIX shells, csh and fish read alike. Words that they do not read alike
 * travel as octal numbers to a POSIX shell, which the program then replaces.
 * @throws AppError remote/nul-in-argument
 */
export function quoteForLoginShell(argv: readonly string[]): string {
  const line = quoteArguments(argv);
  if (!argv.some((word) => differsByShell.test(word))) return line;
  // Octal as printf's %b reads it (POSIX): the quote itself as well, so that nothing is left for the login shell to see.
  const hidden = line.replaceAll(
    /[\n!\\']/g,
    (character) => `\\0${character.charCodeAt(0).toString(8).padStart(3, '0')}`,
  );
  return `sh -c 'eval "exec $(printf %b "$0")"' '${hidden}'`;
}

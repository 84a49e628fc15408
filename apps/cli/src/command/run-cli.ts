import { AppError, errorKindTable, errorRecord, exitCodes, toAppError } from '@vmstation/core';
import { type Command, CommanderError } from 'commander';
import { renderError } from '../render/error.ts';
import { jsonText } from '../render/json.ts';
import { buildProgram } from './build-program.ts';
import type { CommandIo } from './command-io.ts';
import type { CommandDefinition, CommandTree } from './define-command.ts';
import { type GlobalOptions, Invocation } from './invocation.ts';
import { styleFor } from './terminal-style.ts';
import { isPrinted, usageError } from './usage-error.ts';

/** Parses a command line, runs its handler and renders what it throws. Returns the exit code; never throws. */
export async function runCli(
  tree: CommandTree,
  version: string,
  argv: readonly string[],
  io: CommandIo,
): Promise<number> {
  // `help up` is what many programs teach.
  if (argv[0] === 'help') return runCli(tree, version, askedHelp(tree, argv.slice(1)), io);
  const beforeSeparator = argv.includes('--') ? argv.slice(0, argv.indexOf('--')) : argv;
  const json = beforeSeparator.includes('--json');
  const color = !beforeSeparator.includes('--no-color');
  try {
    const parsed = parse(tree, version, argv, io);
    if (parsed === undefined) return exitCodes.done;
    const global = globalsOf(parsed.options);
    const { definition, args, options } = parsed;
    const invocation = new Invocation({ path: definition.path, line: lineOf(argv), args, options, global, io, tree });
    const handler = await definition.load();
    return await handler(invocation);
  } catch (thrown) {
    const error = toAppError(thrown);
    if (json) io.out(`${jsonText({ error: errorRecord(error) })}\n`);
    else io.err(`${renderError(error, styleFor({ io, color, terminal: io.errIsTerminal }))}\n`);
    return errorKindTable[error.kind].exitCode;
  }
}

/** The line that asks for the help of the command that the words begin with; words that no command begins with are left to be refused. */
function askedHelp(tree: CommandTree, words: readonly string[]): readonly string[] {
  const paths = [...tree.commands, ...tree.groups].map(({ path }) => path);
  const known = words.findLastIndex((_, end) =>
    paths.some((path) => path.length === end + 1 && path.every((word, index) => word === words[index])),
  );
  return known === -1 && words.length > 0 ? words.slice(0, 1) : [...words.slice(0, known + 1), '--help'];
}

interface ParsedLine {
  readonly definition: CommandDefinition;
  readonly args: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly options: Readonly<Record<string, unknown>>;
}

/** The command that the line names, or undefined when help or version was what it asked for. */
function parse(tree: CommandTree, version: string, argv: readonly string[], io: CommandIo): ParsedLine | undefined {
  const found: ParsedLine[] = [];
  const program = buildProgram(tree, version, (parsed) => found.push(parsed));
  let refused = '';
  const output = {
    writeOut: io.out,
    writeErr: (text: string) => {
      refused += text;
    },
    outputError: () => {},
    getOutHelpWidth: () => Math.min(120, io.outIsTerminal ? io.columns() : 100),
    getErrHelpWidth: () => Math.min(120, io.errIsTerminal ? io.columns() : 100),
  };
  everyCommand(program, (command) => command.configureOutput(output));
  try {
    program.parse([...argv], { from: 'user' });
  } catch (thrown) {
    if (isPrinted(thrown)) return undefined;
    if (!(thrown instanceof CommanderError)) throw thrown;
    if (thrown.code !== 'commander.help') throw usageError(thrown, program, argv);
    if (argv.length === 0) {
      io.out(refused);
      return undefined;
    }
    throw new AppError({
      code: 'cli/incomplete-command',
      kind: 'user',
      message: `\`vmstation ${argv.join(' ')}\` is the beginning of a command.\n\n${refused.trimEnd()}`,
    });
  }
  const [only] = found;
  return only;
}

function everyCommand(command: Command, visit: (command: Command) => void): void {
  visit(command);
  for (const child of command.commands) everyCommand(child, visit);
}

function globalsOf(options: Readonly<Record<string, unknown>>): GlobalOptions {
  const { workspace } = options;
  return {
    workspace: typeof workspace === 'string' ? workspace : undefined,
    json: options['json'] === true,
    quiet: options['quiet'] === true,
    yes: options['yes'] === true,
    color: options['no-color'] !== true,
  };
}

/** The line as it can be typed again; arguments with blanks are quoted. */
function lineOf(argv: readonly string[]): string {
  return [
    'vmstation',
    ...argv.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`)),
  ].join(' ');
}

import { AppError, didYouMean } from '@vmstation/core';
import { type Command, CommanderError } from 'commander';

/** Turns what commander refuses into an error with a code of ours and, where something near exists, what was probably meant. */
export function usageError(thrown: CommanderError, program: Command, argv: readonly string[]): AppError {
  const command = deepestCommand(program, argv);
  const subcommands = command.commands.map((one) => one.name());
  const excess = thrown.code === 'commander.excessArguments';
  const word = excess ? command.args[command.registeredArguments.length] : /'([^']*)'/.exec(thrown.message)?.[1];
  if (thrown.code === 'commander.unknownCommand' || (excess && subcommands.length > 0)) {
    return wrongUse(
      'cli/unknown-command',
      `${nameOf(command)} has no command ${word}.`,
      command,
      didYouMean(word ?? '', subcommands),
    );
  }
  if (thrown.code === 'commander.unknownOption') {
    const near = didYouMean(word ?? '', optionsOf(command));
    return wrongUse('cli/unknown-option', `${nameOf(command)} has no option ${word}.`, command, near);
  }
  const message = thrown.message.replace(/^error: /, '').replace(/[.]?$/, '.');
  const near = nearestChoice(message);
  return wrongUse(codes[thrown.code] ?? 'cli/wrong-use', `${nameOf(command)}: ${message}`, command, near);
}

/** What was probably meant where commander lists the allowed choices. */
function nearestChoice(message: string): string | undefined {
  const [, word, choices] = /argument '([^']*)' is invalid\. Allowed choices are (.*)\.$/.exec(message) ?? [];
  return word === undefined || choices === undefined ? undefined : didYouMean(word, choices.split(', '));
}

/** True for what commander throws to say that help or version was printed. */
export function isPrinted(thrown: unknown): thrown is CommanderError {
  return thrown instanceof CommanderError && ['commander.helpDisplayed', 'commander.version'].includes(thrown.code);
}

const codes: Readonly<Record<string, 'cli/missing-argument' | 'cli/bad-value'>> = {
  'commander.missingArgument': 'cli/missing-argument',
  'commander.optionMissingArgument': 'cli/missing-argument',
  'commander.invalidArgument': 'cli/bad-value',
};

function wrongUse(code: UsageCode, message: string, command: Command, near: string | undefined): AppError {
  const help = `\`${nameOf(command)} --help\` shows what there is.`;
  return new AppError({
    code,
    kind: 'user',
    message,
    tryThis: near === undefined ? help : `Did you mean ${near}? ${help}`,
  });
}

type UsageCode =
  | 'cli/unknown-command'
  | 'cli/unknown-option'
  | 'cli/missing-argument'
  | 'cli/bad-value'
  | 'cli/wrong-use';

function deepestCommand(program: Command, argv: readonly string[]): Command {
  let command = program;
  for (const word of argv) {
    const next = command.commands.find((one) => one.name() === word);
    if (next !== undefined) command = next;
  }
  return command;
}

function optionsOf(command: Command): readonly string[] {
  return command.options.flatMap((option) => option.long ?? []);
}

function nameOf(command: Command): string {
  return command.parent === null ? command.name() : `${nameOf(command.parent)} ${command.name()}`;
}

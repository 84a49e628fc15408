import type { HelpConfiguration } from 'commander';
import type { CommandDefinition } from './define-command.ts';

/** What each exit code means, for help and pages. The numbers come from core's tables; a test compares. */
export const exitCodeMeanings: Readonly<Record<number, string>> = {
  0: 'done, and equal to what is declared',
  1: 'failed',
  2: 'differences found',
  3: 'something could not be read',
  4: 'equal as far as awake, or queued behind a sleeping node',
  64: 'wrong use, or a faulty workspace',
  69: 'nothing reachable',
  70: 'our bug',
  73: 'refused for safety',
  75: 'locked by another operator',
  130: 'interrupted',
};

/** How commander lays its help out. Global options are listed once, on the root. */
export const helpConfiguration: HelpConfiguration = {
  sortSubcommands: false,
  showGlobalOptions: false,
  visibleOptions: (command) =>
    command.options.filter((option) => !option.hidden && (command.parent === null || !isGlobal(option.name()))),
  optionDescription: (option) => option.description,
  subcommandTerm: (command) => {
    const args = command.registeredArguments.map(
      (argument) =>
        ` ${argument.required ? '' : '['}${argument.name().toUpperCase()}${argument.variadic ? '…' : ''}${argument.required ? '' : ']'}`,
    );
    return command.name() + args.join('');
  },
  commandUsage: (command) => {
    const names: string[] = [];
    for (let one: typeof command | null = command; one !== null; one = one.parent) names.unshift(one.name());
    return `${names.join(' ')} ${command.usage()}`;
  },
};

/** What follows the options: examples, what the command replaces, exit codes. */
export function helpTail(definition: CommandDefinition | undefined): string {
  if (definition === undefined) return '\nMore: vmstation COMMAND --help · vmstation explain CODE';
  const width = Math.max(...definition.examples.map(([line]) => line.length));
  const examples = definition.examples.map(([line, does]) => `  ${line.padEnd(width)}  ${does}`);
  const terms = (definition.terms ?? []).flatMap(({ title, rows }) => {
    const termWidth = Math.max(...rows.map(([term]) => term.length));
    return ['', `${title}:`, ...rows.map(([term, meaning]) => `  ${term.padEnd(termWidth)}  ${meaning}`)];
  });
  return [
    ...terms,
    ...(examples.length === 0 ? [] : ['', 'Examples:', ...examples]),
    ...(definition.replaces.length === 0 ? [] : ['', `Replaces: ${definition.replaces.join(', ')}`]),
    '',
    'Exit codes:',
    ...definition.exitCodes.map((code) => `  ${String(code).padStart(3)}  ${exitCodeMeanings[code]}`),
    '   64  wrong use, or a faulty workspace',
  ].join('\n');
}

function isGlobal(name: string): boolean {
  return ['workspace', 'json', 'quiet', 'yes', 'no-color', 'color', 'help'].includes(name);
}

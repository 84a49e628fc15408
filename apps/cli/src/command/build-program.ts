import { Argument, Command, Option } from 'commander';
import type { CommandDefinition, CommandTree, GroupDefinition, OptionDefinition } from './define-command.ts';
import { helpConfiguration, helpTail } from './help.ts';

/** Options of every command. They stand on the root and are accepted after any command. */
export const globalOptions: readonly (OptionDefinition & { readonly short?: string })[] = [
  {
    name: 'workspace',
    short: 'w',
    value: 'DIR',
    description: 'workspace folder (default: nearest with vmstation.yaml)',
  },
  { name: 'json', description: 'machine-readable output only' },
  { name: 'quiet', description: 'no progress, only the result' },
  { name: 'yes', description: 'do not ask' },
  { name: 'no-color', description: 'no colours (also NO_COLOR)' },
];

/** What the program calls with a parsed command line. */
export type OnCommand = (parsed: {
  definition: CommandDefinition;
  args: Readonly<Record<string, string | readonly string[] | undefined>>;
  options: Readonly<Record<string, unknown>>;
}) => void;

/** Builds commander's program from definitions. It prints nothing by itself and never ends the process. */
export function buildProgram(tree: CommandTree, version: string, onCommand: OnCommand): Command {
  const program = prepared(new Command('vmstation'), undefined)
    .description('Kubernetes on a few machines of your own: from bare Debian or RHEL to a validated cluster.')
    .version(version, '-V, --version', 'version of vmstation')
    .usage('COMMAND [options]');
  const nodes = new Map<string, Command>([['', program]]);
  const items = [...tree.groups, ...tree.commands].toSorted(
    (a, b) =>
      a.path.length - b.path.length || tree.order.indexOf(a.path[0] ?? '') - tree.order.indexOf(b.path[0] ?? ''),
  );
  for (const item of items) {
    const parent = nodes.get(item.path.slice(0, -1).join(' '));
    if (parent === undefined) throw new Error(`no group for the command ${item.path.join(' ')}`);
    const definition = isCommand(item) ? item : undefined;
    const command = prepared(new Command(item.path.at(-1)), definition).summary(item.summary);
    if (definition === undefined) command.description(item.summary);
    else addDefinition(command, definition, onCommand);
    parent.addCommand(command);
    nodes.set(item.path.join(' '), command);
  }
  return program;
}

function isCommand(item: CommandDefinition | GroupDefinition): item is CommandDefinition {
  return 'load' in item;
}

function prepared(command: Command, definition: CommandDefinition | undefined): Command {
  command
    .exitOverride()
    .helpOption('-h, --help', 'this help')
    .helpCommand(false)
    .showSuggestionAfterError(false)
    .configureHelp(helpConfiguration)
    .allowExcessArguments(false)
    .addHelpText('after', () => helpTail(definition));
  for (const option of globalOptions) command.addOption(optionOf(option, option.short));
  return command;
}

function addDefinition(command: Command, definition: CommandDefinition, onCommand: OnCommand): void {
  command.description(definition.description);
  for (const option of definition.options ?? []) command.addOption(optionOf(option, undefined));
  const definitions = definition.args ?? [];
  for (const argument of definitions) {
    const name = argument.variadic === true ? `${argument.name}...` : argument.name;
    command.addArgument(new Argument(argument.required ? `<${name}>` : `[${name}]`, argument.description));
  }
  command.action(() => {
    const args = Object.fromEntries(
      definitions.map(({ name }, index) => [
        name,
        command.processedArgs[index] as string | readonly string[] | undefined,
      ]),
    );
    onCommand({ definition, args, options: givenOptions(command) });
  });
}

/** Options that the command line gave, by long name, wherever they stood: `--no-color` as `no-color`. */
function givenOptions(command: Command): Readonly<Record<string, unknown>> {
  const given: Record<string, unknown> = {};
  for (let one: Command | null = command; one !== null; one = one.parent) {
    for (const option of one.options) {
      const key = option.attributeName();
      const name = (option.long ?? '').slice(2);
      if (one.getOptionValueSource(key) !== 'cli' || name in given) continue;
      given[name] = option.negate ? true : one.getOptionValue(key);
    }
  }
  return given;
}

function optionOf(definition: OptionDefinition, short: string | undefined): Option {
  const { name, value, choices, repeats } = definition;
  const long = value === undefined ? `--${name}` : `--${name} <${value}>`;
  const option = new Option(short === undefined ? long : `-${short}, ${long}`, definition.description);
  if (choices !== undefined) option.choices([...choices]);
  if (repeats === true)
    option.argParser((text: string, earlier: readonly string[] | undefined) => [...(earlier ?? []), text]);
  return option;
}

import { buildProgram } from './build-program.ts';
import type { CommandTree } from './define-command.ts';

/** The help of a command as the program prints it, 100 columns wide. Throws for a path that the tree does not have. */
export function helpText(tree: CommandTree, path: readonly string[]): string {
  let command = buildProgram(tree, '', () => {});
  for (const word of path) {
    const next = command.commands.find((one) => one.name() === word);
    if (next === undefined) throw new Error(`no command ${path.join(' ')}`);
    command = next;
  }
  let text = '';
  command.configureOutput({
    writeOut: (part) => {
      text += part;
    },
    getOutHelpWidth: () => 100,
  });
  command.outputHelp();
  return text.trimEnd();
}

import { relative, resolve } from 'node:path';
import { AppError } from '@vmstation/core';
import { quoteArgument } from '@vmstation/remote';
import { type ImportedCluster, importedCluster, initWorkspace, readInventory } from '@vmstation/workspace';
import type { CommandHandler } from '../command/define-command.ts';
import type { Invocation } from '../command/invocation.ts';
import { startFolder } from '../compose/workspace-folder.ts';
import { jsonText } from '../render/json.ts';
import { labelled } from '../render/layout.ts';
import { mark, type Style } from '../render/style.ts';

/** Writes a workspace and prints, once, the recovery key of its secrets. */
export const handleInit: CommandHandler = async (invocation) => {
  const { io, global, style } = invocation;
  const example = invocation.flag('example');
  const imported = await importedOf(invocation, example);
  const made = await initWorkspace(resolve(startFolder(invocation), invocation.argument('folder') ?? '.'), {
    example,
    ...(imported === undefined ? {} : { imported }),
  });
  if (global.json) {
    const notes = imported === undefined ? {} : { nodes: imported.nodes, notTaken: imported.notes };
    io.out(`${jsonText({ ...made, ...notes })}\n`);
    return 0;
  }
  const folder = relative(io.workingDirectory, made.root);
  const field = (label: string, text: string) => labelled(label, text, { indent: 2, width: 10, style });
  const enter = folder === '' ? [] : [field('', `cd ${quoteArgument(folder.startsWith('..') ? made.root : folder)}`)];
  const next = example ? ['vmstation lab start', 'vmstation up'] : ['edit vmstation.yaml, then: vmstation check'];
  const lines = [
    `${mark('changed', style)} ${example ? 'The example cluster' : 'A new workspace'} in ${made.root}`,
    field('Files', made.files.filter((file) => !file.startsWith('.')).join(', ')),
    ...(imported === undefined ? [] : importLines(imported, style)),
    field('Recovery', made.recoveryKey),
    field('', 'A second key for the secrets, shown only now and stored nowhere: keep it in a safe place.'),
    ...(global.quiet ? [] : [style.paint.strong('Next'), ...enter, ...next.map((line) => field('', line))]),
  ];
  io.out(`${lines.join('\n')}\n`);
  return 0;
};

async function importedOf(invocation: Invocation, example: boolean): Promise<ImportedCluster | undefined> {
  const file = invocation.option('from-inventory');
  if (file === undefined) return undefined;
  if (example) {
    throw new AppError({
      code: 'cli/wrong-use',
      kind: 'user',
      message: 'A new workspace is the example cluster or that of an inventory, not both.',
      tryThis: 'Leave out --example or --from-inventory.',
    });
  }
  return importedCluster(await readInventory(resolve(invocation.io.workingDirectory, file)));
}

/** The machines, and every line of the inventory that the cluster file has nothing of. */
function importLines({ nodes, notes }: ImportedCluster, style: Style): readonly string[] {
  const field = (label: string, text: string) => labelled(label, text, { indent: 2, width: 10, style });
  const machines = nodes.map(({ name, roles }) => `${name} (${roles.length === 0 ? 'no role' : roles.join(', ')})`);
  const told = notes.map(({ file, line, message }) => field('', `${file}:${line} ${message}`));
  const head = notes.length === 0 ? [] : [field('Not taken', `${notes.length}, by line of the inventory:`)];
  return [field('Machines', machines.join(', ')), ...head, ...told];
}

import { relative, resolve } from 'node:path';
import { quoteArgument } from '@vmstation/remote';
import { initWorkspace } from '@vmstation/workspace';
import type { CommandHandler } from '../command/define-command.ts';
import { startFolder } from '../compose/workspace-folder.ts';
import { jsonText } from '../render/json.ts';
import { labelled } from '../render/layout.ts';
import { mark } from '../render/style.ts';

/** Writes a workspace and prints, once, the recovery key of its secrets. */
export const handleInit: CommandHandler = async (invocation) => {
  const { io, global, style } = invocation;
  const example = invocation.flag('example');
  const made = await initWorkspace(resolve(startFolder(invocation), invocation.argument('folder') ?? '.'), { example });
  if (global.json) {
    io.out(`${jsonText(made)}\n`);
    return 0;
  }
  const folder = relative(io.workingDirectory, made.root);
  const field = (label: string, text: string) => labelled(label, text, { indent: 2, width: 10, style });
  const enter = folder === '' ? [] : [field('', `cd ${quoteArgument(folder.startsWith('..') ? made.root : folder)}`)];
  const next = example ? ['vmstation lab start', 'vmstation up'] : ['edit vmstation.yaml, then: vmstation check'];
  const lines = [
    `${mark('changed', style)} ${example ? 'The example cluster' : 'A new workspace'} in ${made.root}`,
    field('Files', made.files.filter((file) => !file.startsWith('.')).join(', ')),
    field('Recovery', made.recoveryKey),
    field('', 'A second key for the secrets, shown only now and stored nowhere: keep it in a safe place.'),
    ...(global.quiet ? [] : [style.paint.strong('Next'), ...enter, ...next.map((line) => field('', line))]),
  ];
  io.out(`${lines.join('\n')}\n`);
  return 0;
};

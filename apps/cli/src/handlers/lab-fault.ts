import { exitCodes } from '@vmstation/core';
import { askLab, type FaultKind, type FaultPlace, faultKinds, type LabFault, labPaths } from '@vmstation/lab';
import { findWorkspace } from '@vmstation/workspace';
import type { CommandHandler } from '../command/define-command.ts';
import type { Invocation } from '../command/invocation.ts';
import { startFolder } from '../compose/workspace-folder.ts';
import { jsonText } from '../render/json.ts';
import { count, table } from '../render/layout.ts';
import { mark, type Style } from '../render/style.ts';

/** Switches a fault of the lab on. */
export const handleLabFault: CommandHandler = async (invocation) => {
  const { io, global, style } = invocation;
  const paths = await pathsOf(invocation);
  const on = placeOf(invocation.required('node'));
  const params = { on, kind: invocation.required('kind'), words: invocation.rest('values') };
  const { fault } = await askLab(paths, 'fault.set', params);
  if (global.json) io.out(`${jsonText({ fault })}\n`);
  else {
    const clear = `vmstation lab fault clear ${placeText(on)} ${fault.kind}`;
    io.out(`${mark('changed', style)} ${placeName(fault)}: ${kindOf(fault).meaning}${valuesText(fault)}\n`);
    io.out(`${style.paint.quiet(`  It ends with: ${clear}`)}\n`);
  }
  return exitCodes.done;
};

/** Lists the faults that are on, or every kind there is. */
export const handleLabFaultList: CommandHandler = async (invocation) => {
  const { io, global, style } = invocation;
  if (invocation.flag('kinds')) {
    if (global.json) io.out(`${jsonText({ kinds: faultKinds })}\n`);
    else io.out(`${renderKinds(style)}\n`);
    return exitCodes.done;
  }
  const { faults } = await askLab(await pathsOf(invocation), 'fault.list', {});
  if (global.json) io.out(`${jsonText({ faults })}\n`);
  else if (faults.length === 0) io.out('No fault is on.\n');
  else {
    const rows = faults.map((fault) => [placeName(fault), fault.kind, `${kindOf(fault).meaning}${valuesText(fault)}`]);
    io.out(`${table(['where', 'fault', 'what goes wrong'], rows, style, '').join('\n')}\n`);
  }
  return exitCodes.done;
};

/** Ends faults of the lab. */
export const handleLabFaultClear: CommandHandler = async (invocation) => {
  const { io, global, style } = invocation;
  const node = invocation.argument('node');
  const kind = invocation.argument('kind');
  const { cleared } = await askLab(await pathsOf(invocation), 'fault.clear', {
    ...(node === undefined ? {} : { on: placeOf(node) }),
    ...(kind === undefined ? {} : { kind }),
  });
  if (global.json) io.out(`${jsonText({ cleared })}\n`);
  else if (cleared.length === 0) io.out(`${mark('unchanged', style)} No such fault was on\n`);
  else {
    const named = cleared.map((fault) => `${placeName(fault)} ${fault.kind}`).join(', ');
    io.out(`${mark('changed', style)} ${count(cleared.length, 'fault')} cleared: ${named}\n`);
  }
  return exitCodes.done;
};

async function pathsOf(invocation: Invocation): Promise<ReturnType<typeof labPaths>> {
  return labPaths(await findWorkspace(startFolder(invocation)));
}

/** `api` is the API; a machine of that name is written node/api. */
function placeOf(word: string): FaultPlace {
  return word === 'api' ? 'api' : { node: word.replace(/^node\//, '') };
}

function placeText(on: FaultPlace): string {
  if (on === 'api') return on;
  return ['api', 'list', 'clear'].includes(on.node) ? `node/${on.node}` : on.node;
}

function placeName(fault: LabFault): string {
  return fault.on === 'api' ? 'api' : fault.node;
}

function kindOf(fault: LabFault): FaultKind {
  const found = faultKinds.find(
    ({ kind, subject }) => kind === fault.kind && (subject === 'api') === (fault.on === 'api'),
  );
  if (found === undefined) throw new Error(`the lab told of a fault ${fault.kind} that it does not list`);
  return found;
}

function valuesText({ values }: LabFault): string {
  const words = Object.entries(values).map(([name, value]) => `${name}=${value}`);
  return words.length === 0 ? '' : ` (${words.join(' ')})`;
}

function renderKinds(style: Style): string {
  const rows = faultKinds.map((kind: FaultKind) => {
    const values = kind.parameters.map(({ name, default: by, required, meaning }) => {
      const word = by === undefined ? `${name}=…` : `${name}=${by}`;
      return `${word}${required === true ? ' (needed)' : ''}: ${meaning}`;
    });
    return [kind.subject === 'api' ? 'api' : 'NODE', kind.kind, [kind.meaning, ...values].join('\n')];
  });
  return table(['where', 'fault', 'what goes wrong, and its values'], rows, style, '').join('\n');
}

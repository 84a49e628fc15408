import { type DesiredResource, resourceId } from '@vmstation/core';
import { explainableKeys, explainValue, openWorkspace, type ValueExplanation } from '@vmstation/workspace';
import type { CommandHandler } from '../command/define-command.ts';
import type { Invocation } from '../command/invocation.ts';
import { openSession } from '../compose/session.ts';
import { startFolder } from '../compose/workspace-folder.ts';
import { jsonText } from '../render/json.ts';
import { table } from '../render/layout.ts';
import type { Style } from '../render/style.ts';

/**
 * Prints where a value of a machine comes from, or who declared a resource of it. Reaches no machine.
 * Throws config/unknown-node, config/unknown-key.
 */
export const handleConfigExplain: CommandHandler = async (invocation) => {
  const { io, global, style } = invocation;
  const node = invocation.required('node');
  const key = invocation.argument('key');
  const workspace = await openWorkspace(startFolder(invocation));
  const keys = explainableKeys(workspace, node);
  if (key === undefined) {
    const resources = (await declaredFor(node, invocation)).map(({ resource }) => resourceId(resource));
    io.out(global.json ? `${jsonText({ keys, resources })}\n` : `${[...keys, ...resources].join('\n')}\n`);
    return 0;
  }
  const declared = keys.includes(key) ? [] : (await declaredFor(node, invocation)).filter((one) => matches(one, key));
  if (declared.length > 0) {
    io.out(global.json ? `${jsonText(declared)}\n` : `${renderDeclared(declared, style)}\n`);
    return 0;
  }
  const explanation = explainValue(workspace, node, key);
  io.out(global.json ? `${jsonText(explanation)}\n` : `${renderExplanation(explanation, style)}\n`);
  return 0;
};

async function declaredFor(node: string, invocation: Invocation): Promise<readonly DesiredResource[]> {
  const session = await openSession(invocation, { withDiff: false, onEvent: () => {} });
  try {
    return session.platform.desired.nodes.get(node) ?? [];
  } finally {
    await session.close();
  }
}

function matches({ resource, role }: DesiredResource, key: string): boolean {
  const id = resourceId(resource);
  return id === key || id.startsWith(`${key}:`) || id.slice(id.indexOf(':') + 1) === key || role === key;
}

function renderDeclared(declared: readonly DesiredResource[], style: Style): string {
  const rows = declared.map(({ resource, phase, origins }) => [resourceId(resource), phase, origins.join(', ')]);
  return table(['resource', 'from phase', 'declared by'], rows, style, '').join('\n');
}

function renderExplanation({ node, key, value, sources, merged }: ValueExplanation, style: Style): string {
  const last = sources.length - 1;
  const rows = sources.map((source, index) => [
    source.level,
    shortValue(source.value),
    `${source.origin}${index === last && !merged && sources.length > 1 ? '  ← counts' : ''}`,
  ]);
  return [
    `${style.paint.strong(key)} of ${node}: ${shortValue(value)}`,
    ...table(['level', 'value', 'from'], rows, style),
  ].join('\n');
}

function shortValue(value: unknown): string {
  if (typeof value === 'string' && value.includes('\n')) return `${value.trimEnd().split('\n').length} lines`;
  return typeof value === 'string' ? value : JSON.stringify(value);
}

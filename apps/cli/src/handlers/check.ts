import { errorKindTable, exitCodes } from '@vmstation/core';
import { findWorkspace, loadWorkspace, refreshEditorSchema, renderFaults } from '@vmstation/workspace';
import type { CommandHandler } from '../command/define-command.ts';
import { startFolder } from '../compose/workspace-folder.ts';
import { jsonText } from '../render/json.ts';
import { count } from '../render/layout.ts';
import { dot, mark } from '../render/style.ts';

/** Every fault of the workspace at once; reaches no machine. Editors get the schema that goes with this version. */
export const handleCheck: CommandHandler = async (invocation) => {
  const { io, global, style } = invocation;
  const root = await findWorkspace(startFolder(invocation));
  await refreshEditorSchema(root);
  const { workspace, faults: errors } = await loadWorkspace(root);
  const faults = errors ?? workspace.warnings;
  const color = style.paint.bad('x') !== 'x';
  if (global.json) io.out(`${jsonText({ workspace: root, faults })}\n`);
  else if (faults.length > 0) io.out(renderFaults(faults, { color }));
  if (workspace === undefined) return errorKindTable.user.exitCode;
  if (!global.json && faults.length === 0) {
    const { cluster } = workspace;
    const facts = [count(cluster.nodes.length, 'node'), count(cluster.apps.length, 'application'), root];
    io.out(`${mark('unchanged', style)} ${cluster.name} is sound${dot(style)}${facts.join(dot(style))}\n`);
  }
  return exitCodes.done;
};

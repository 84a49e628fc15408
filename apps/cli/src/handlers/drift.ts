import { exitCodeOfDrift } from '@vmstation/core';
import type { CommandHandler } from '../command/define-command.ts';
import { openSession } from '../compose/session.ts';
import { renderDrift } from '../render/drift.ts';
import { driftDocument } from '../render/drift-document.ts';
import { jsonText } from '../render/json.ts';
import { progressDisplay } from './progress.ts';

/** Compares declared with observed. Changes nothing. */
export const handleDrift: CommandHandler = async (invocation) => {
  const { io, global, style } = invocation;
  const display = progressDisplay(invocation);
  const diff = invocation.flag('diff');
  const nodes = invocation.options('node');
  const session = await openSession(invocation, {
    withDiff: diff || global.json,
    onEvent: () => {},
    // An operator looks again soon; a timer would hold machines awake for nothing.
    keepConnections: io.outIsTerminal,
  });
  try {
    session.requireNodes(nodes ?? []);
    if (!global.json) display.say('Comparing');
    const report = await session.platform.drift(nodes, session.leaveNodes);
    display.close();
    io.out(global.json ? `${jsonText(driftDocument(report))}\n` : `${renderDrift(report, { diff }, style)}\n`);
    return exitCodeOfDrift([...report.nodes.map((node) => node.state), report.cluster.state]);
  } finally {
    display.close();
    await session.close();
  }
};

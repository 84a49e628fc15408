import { type ClusterApp, type Endpoint, exitCodes, type ProbeAnswer } from '@vmstation/core';
import type { CommandHandler } from '../command/define-command.ts';
import { openSession } from '../compose/session.ts';
import { jsonText } from '../render/json.ts';
import { table } from '../render/layout.ts';
import { mark, type Style } from '../render/style.ts';
import { askEndpoint } from './addresses.ts';

interface AskedApp {
  readonly app: ClusterApp;
  readonly endpoint: Endpoint | undefined;
  readonly answer: ProbeAnswer | undefined;
}

/** Lists applications with where they run and what their address answers; exit code 1 when one does not answer. */
export const handleAppList: CommandHandler = async (invocation) => {
  const { io, global, style } = invocation;
  const session = await openSession(invocation, { withDiff: false, onEvent: () => {} });
  try {
    const { apps, endpoints } = session.workspace.cluster;
    const asked = await Promise.all(
      apps.map(async (app): Promise<AskedApp> => {
        const endpoint = endpoints.find(({ name }) => name === app.name);
        return { app, endpoint, answer: endpoint === undefined ? undefined : await askEndpoint(endpoint, session) };
      }),
    );
    io.out(global.json ? `${jsonText(asked)}\n` : `${renderApps(asked, style)}\n`);
    return asked.some(({ answer }) => answer?.ok === false) ? exitCodes.failed : exitCodes.done;
  } finally {
    await session.close();
  }
};

function renderApps(asked: readonly AskedApp[], style: Style): string {
  if (asked.length === 0)
    return 'The cluster file has no applications: add one under `apps:`, or a folder under apps/.';
  const rows = asked.map(({ app, endpoint, answer }) => [
    `${answer === undefined ? ' ' : mark(answer.ok ? (answer.standIn === undefined ? 'unchanged' : 'not-proved') : 'failed', style)} ${app.name}`,
    app.kind,
    app.node,
    endpoint?.url ?? '',
    answer === undefined ? '' : answer.standIn === undefined ? answer.detail : `lab stand-in for ${answer.standIn}`,
  ]);
  return table(['application', 'kind', 'node', 'address', 'answer'], rows, style, '').join('\n');
}

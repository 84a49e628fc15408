import { Invocation } from '../apps/cli/src/command/invocation.ts';
import { commandTree } from '../apps/cli/src/commands/tree.ts';
import { openSession } from '../apps/cli/src/compose/session.ts';
import { countProcesses } from './host-state/processes.ts';

/** What a whole check of a node costs. */
export interface NodeCheckCost {
  readonly node: string;
  readonly resources: number;
  readonly roundTrips: number;
  /** How many processes the check says that it starts, the shell that reads its script included. */
  readonly remoteProcesses: number;
  /** How many the node itself counts. */
  readonly startedProcesses: number;
  readonly durationMs: number;
}

/** Checks each node of a workspace with everything that is declared for it. */
export async function nodeChecks(workspace: string): Promise<readonly NodeCheckCost[]> {
  const session = await openSession(silentInvocation(workspace), { withDiff: false, onEvent: () => {} });
  try {
    const costs: NodeCheckCost[] = [];
    for (const [node, declared] of session.platform.desired.nodes) {
      const resources = declared.map(({ resource }) => resource);
      const { roundTrips, remoteProcesses, durationMs } = await session.ports.host.check(node, resources);
      const { whole, bare } = await countProcesses(session.transport, session.ports.host, node, resources, 3);
      const startedProcesses = whole - bare + 1;
      costs.push({ node, resources: resources.length, roundTrips, remoteProcesses, startedProcesses, durationMs });
    }
    return costs;
  } finally {
    await session.close();
  }
}

function silentInvocation(workspace: string): Invocation {
  return new Invocation({
    path: ['bench'],
    line: 'bench',
    args: {},
    options: {},
    tree: commandTree,
    global: { workspace, json: false, quiet: true, yes: false, color: false },
    io: {
      out: () => {},
      err: () => {},
      ask: undefined,
      outIsTerminal: false,
      errIsTerminal: false,
      columns: () => 100,
      env: {},
      workingDirectory: workspace,
      signal: new AbortController().signal,
    },
  });
}

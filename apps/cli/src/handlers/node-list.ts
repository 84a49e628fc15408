import { join } from 'node:path';
import { accessOf, inventoryData, renderInventory } from '@vmstation/cluster-infra';
import { type ClusterNode, errorKindTable, exitCodes, type NodeFacts, toAppError } from '@vmstation/core';
import { openWorkspace, stateFolderName, workspaceFiles } from '@vmstation/workspace';
import type { CommandHandler } from '../command/define-command.ts';
import type { Invocation } from '../command/invocation.ts';
import { openSession, type Session } from '../compose/session.ts';
import { startFolder } from '../compose/workspace-folder.ts';
import { jsonText } from '../render/json.ts';
import { duration, table } from '../render/layout.ts';
import { mark, type Style } from '../render/style.ts';

interface AskedNode {
  readonly node: ClusterNode;
  readonly facts: NodeFacts | undefined;
  readonly durationMs: number;
  /** Why there are no facts. */
  readonly silence: string;
  readonly asleep: boolean;
}

/** Lists the machines and asks each whether it answers. */
export const handleNodeList: CommandHandler = async (invocation) => {
  const { io, global, style } = invocation;
  if (invocation.flag('inventory')) return await printInventory(invocation);
  const session = await openSession(invocation, { withDiff: false, onEvent: () => {} });
  try {
    const asked = await Promise.all(session.workspace.cluster.nodes.map((node) => ask(node, session)));
    io.out(global.json ? `${jsonText(asked)}\n` : `${renderNodes(asked, style)}\n`);
    return exitCodeOf(asked);
  } finally {
    await session.close();
  }
};

/** The machines for Ansible; reaches none of them. */
async function printInventory(invocation: Invocation): Promise<number> {
  const workspace = await openWorkspace(startFolder(invocation));
  const stateFolder = join(workspace.root, stateFolderName);
  const access = await accessOf(workspaceFiles(stateFolder));
  const { cluster } = workspace;
  invocation.io.out(
    invocation.global.json
      ? `${jsonText(inventoryData(cluster, access, stateFolder))}\n`
      : renderInventory(cluster, access, stateFolder),
  );
  return 0;
}

/** 69 when none that is awake answers, 3 when one of them does not; a sleeping machine owes no answer, and when all sleep that is 4. */
export function exitCodeOf(asked: readonly Pick<AskedNode, 'facts' | 'asleep'>[]): number {
  const awake = asked.filter(({ asleep }) => !asleep);
  if (awake.length === 0) return asked.length === 0 ? exitCodes.done : exitCodes.asleep;
  const silent = awake.filter(({ facts }) => facts === undefined);
  if (silent.length === 0) return exitCodes.done;
  return silent.length === awake.length ? errorKindTable.unreachable.exitCode : exitCodes.unreadable;
}

async function ask(node: ClusterNode, { ports }: Session): Promise<AskedNode> {
  const power = await ports.power.read(node.name);
  if (power.state === 'asleep') {
    return { node, facts: undefined, durationMs: 0, silence: `asleep (${power.evidence})`, asleep: true };
  }
  try {
    const { facts, durationMs } = await ports.host.check(node.name, [], { signal: ports.signal });
    return { node, facts, durationMs, silence: '', asleep: false };
  } catch (thrown) {
    const error = toAppError(thrown);
    if (error.kind === 'bug' || error.kind === 'interrupted') throw error;
    return { node, facts: undefined, durationMs: 0, silence: `${error.code}: ${error.message}`, asleep: false };
  }
}

function renderNodes(asked: readonly AskedNode[], style: Style): string {
  const rows = asked.map(({ node, facts, durationMs, silence, asleep }) => [
    `${mark(facts === undefined ? (asleep ? 'queued' : 'failed') : 'unchanged', style)} ${node.name}`,
    node.address,
    node.roles.join(', '),
    node.power.policy,
    facts === undefined
      ? silence
      : `${facts.osName}, ${facts.cpus} CPU, ${memory(facts.memoryMiB)}, answered in ${duration(durationMs)}`,
  ]);
  return table(['node', 'address', 'roles', 'power', 'answer'], rows, style, '').join('\n');
}

function memory(mib: number): string {
  return mib < 1024 ? `${mib} MiB` : `${(mib / 1024).toFixed(mib % 1024 === 0 ? 0 : 1)} GiB`;
}

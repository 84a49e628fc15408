import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type ClusterNode, exitCodes, toAppError } from '@vmstation/core';
import { type HostKey, readKnownHosts, scanHostKeys, trustHostKey } from '@vmstation/remote';
import type { CommandHandler } from '../command/define-command.ts';
import type { Invocation } from '../command/invocation.ts';
import { openSession } from '../compose/session.ts';
import { renderError } from '../render/error.ts';
import { jsonText } from '../render/json.ts';
import { mark } from '../render/style.ts';
import { needsApproval, requireApproval, saysYes } from './approval.ts';

interface Trusted {
  readonly node: string;
  readonly keys: readonly HostKey[];
  /** True when other keys were trusted before. */
  readonly changed: boolean;
  readonly trusted: boolean;
}

/** Shows the host keys that machines offer and keeps what the operator confirms; exit code 1 when one did not answer or was declined. */
export const handleNodeTrust: CommandHandler = async (invocation) => {
  const { io, global } = invocation;
  const session = await openSession(invocation, { withDiff: false, onEvent: () => {}, exclusive: true });
  try {
    const named = invocation.rest('nodes');
    session.requireNodes(named);
    const known = readKnownHosts(join(session.workspace.stateDir, 'known_hosts'));
    const nodes = session.workspace.cluster.nodes.filter(({ name, ssh }) =>
      named.length > 0 ? named.includes(name) : !known.has(name) && !ssh.local,
    );
    if (nodes.length === 0 && !global.json)
      io.out('Every machine is trusted already; name one to compare its key again.\n');
    await sayWhoIsCalled(nodes, session.workspace.stateDir, invocation);
    const results: Trusted[] = [];
    let silent = false;
    for (const node of nodes) {
      const result = await trust(node, session.workspace.stateDir, known.get(node.name) ?? [], invocation);
      if (result === undefined) silent = true;
      else results.push(result);
    }
    if (global.json) io.out(`${jsonText(results)}\n`);
    return silent || results.some(({ trusted }) => !trusted) ? exitCodes.failed : exitCodes.done;
  } finally {
    await session.close();
  }
};

/** Where a lab of the workspace is stopped, whoever rehearsed may not know that this contacts the machines themselves. */
async function sayWhoIsCalled(nodes: readonly ClusterNode[], stateDir: string, invocation: Invocation): Promise<void> {
  const rehearsed = existsSync(join(stateDir, 'lab'));
  const rehearsing = existsSync(join(stateDir, 'ssh_config'));
  if (nodes.length === 0 || !rehearsed || rehearsing) return;
  const machines = nodes.map(({ name, address }) => `${name} (${address})`).join(', ');
  await requireApproval(invocation, {
    question: `The lab of this workspace is stopped, so this contacts the real machines: ${machines}. Go on?`,
    whenAlone: `The lab of this workspace is stopped, so this would contact the real machines (${machines}), and nobody is here to approve it.`,
  });
}

async function trust(
  node: ClusterNode,
  stateDir: string,
  before: readonly HostKey[],
  invocation: Invocation,
): Promise<Trusted | undefined> {
  const { io, global, style, errStyle } = invocation;
  const file = join(stateDir, 'known_hosts');
  const configFile = join(stateDir, 'ssh_config');
  let keys: readonly HostKey[];
  try {
    keys = await scanHostKeys({
      node: node.name,
      address: node.address,
      port: node.ssh.port,
      ...(existsSync(configFile) ? { configFile } : {}),
    });
  } catch (thrown) {
    const error = toAppError(thrown);
    if (error.kind !== 'unreachable') throw error;
    io.err(`${renderError(error, errStyle)}\n`);
    return undefined;
  }
  const same = keys.some((key) => before.some((one) => one.key === key.key));
  const changed = before.length > 0 && !same;
  if (!global.json) {
    const state =
      before.length === 0
        ? 'offers'
        : same
          ? 'still offers the trusted key'
          : style.paint.bad('offers OTHER keys than the trusted ones');
    io.out(`${style.paint.strong(node.name)} (${node.address}) ${state}\n`);
    for (const key of keys) io.out(`  ${key.type.padEnd(20)} ${key.fingerprint}\n`);
    for (const key of changed ? before : [])
      io.out(style.paint.quiet(`  trusted until now: ${key.type} ${key.fingerprint}\n`));
  }
  const trusted = await confirm(node.name, { same, changed }, invocation);
  if (trusted && !same) {
    await trustHostKey(file, node.name, keys);
    if (!global.json) io.out(`  ${mark('changed', style)} kept for this workspace\n`);
  }
  if (!trusted && !global.json) io.out(`  ${mark('blocked', style)} not trusted; nothing was kept\n`);
  return { node: node.name, keys, changed, trusted };
}

/** A key that replaces another is never accepted by `--yes`: that is what the check is for. */
async function confirm(
  node: string,
  { same, changed }: { readonly same: boolean; readonly changed: boolean },
  { io, global }: Invocation,
): Promise<boolean> {
  if (same || (global.yes && !changed)) return true;
  if (io.ask === undefined || global.json) {
    throw needsApproval(
      changed
        ? `${node} offers another key than the one that is trusted, and nobody is here to compare them.`
        : `Nobody is here to compare the fingerprints of ${node}.`,
    );
  }
  return saysYes(io.ask, '  Is that what its console shows (ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub)?');
}

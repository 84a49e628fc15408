import type { NodeCheck, NodeFacts, Resource } from '@vmstation/core';
import { compareAll } from '../compare/compare.ts';
import { kindOf } from '../kinds/registry.ts';
import { assertUsable } from '../kinds/usable.ts';
import { type HostContext, runScript, textOf } from '../script/run-script.ts';
import { checkGreeting, checkScript } from './check-script.ts';
import { readFacts } from './facts.ts';
import { Observations, Unreadable } from './observations.ts';
import { mergeProbes } from './probe.ts';
import { garbled, parseReply, type ReplySource } from './reply.ts';

/** A check, and what it was read from. */
export interface SeenNode {
  readonly check: NodeCheck;
  readonly seen: Observations;
}

/** One round trip: looks at all resources of a node and at the machine itself. */
export async function observe(
  context: HostContext,
  node: string,
  resources: readonly Resource[],
  signal: AbortSignal | undefined,
): Promise<SeenNode> {
  assertUsable(resources);
  const probes = mergeProbes(resources.flatMap((resource) => kindOf(resource).probes(resource)));
  const nonce = context.nonce(8);
  const script = checkScript(probes, nonce, context.folders);
  const result = await runScript(context, node, script, { timeoutMs: context.checkTimeoutMs, signal });
  const { exitCode, stderr } = result;
  const source = { node, nonce, greeting: checkGreeting, exitCode, stderr };
  const reply = parseReply(textOf(result), source);
  const seen = new Observations(reply, probes, source);
  const check: NodeCheck = {
    node,
    facts: structuredClone(factsOf(node, seen, source)),
    // A copy: parts of a text keep all of it alive, here the node's whole reply for as long as the check is kept.
    resources: structuredClone(compareAll(resources, seen, context)),
    seenAt: context.clock.now(),
    roundTrips: 1,
    remoteProcesses: reply.processes,
    durationMs: result.durationMs,
  };
  return { check, seen };
}

/** Without the machine's own facts nothing else can be judged, so that they could not be read is no state of a resource. */
function factsOf(node: string, seen: Observations, source: ReplySource): NodeFacts {
  try {
    return readFacts(node, seen);
  } catch (error) {
    if (error instanceof Unreadable) throw garbled(source, error.message, '');
    throw error;
  }
}

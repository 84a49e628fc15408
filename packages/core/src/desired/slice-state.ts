import type { ErrorCode } from '../errors/app-error.ts';
import type { Finding } from '../finding/finding.ts';
import type { PhaseName } from '../phase/phase-name.ts';
import { type ResourceId, resourceId } from '../resource/resource.ts';
import type { DesiredResource, DesiredState } from './desired-state.ts';
import type { NodeReading, NodeReadings } from './node-readings.ts';

/** How a node's part of a phase compares with what was read. */
export type SliceState =
  | { readonly state: 'equal'; readonly resources: number }
  | { readonly state: 'differs'; readonly differences: readonly string[] }
  | { readonly state: 'unreadable'; readonly reason: string }
  | { readonly state: 'asleep'; readonly evidence: string };

/** Readings of nodes, taken side by side: what is known (`read`), or looked at anew (`refresh`). */
export async function readNodes(
  nodes: Iterable<string>,
  readings: NodeReadings,
  how: 'read' | 'refresh' = 'read',
): Promise<ReadonlyMap<string, NodeReading>> {
  const entries = [...nodes].map(async (node) => [node, await readings[how](node)] as const);
  return new Map(await Promise.all(entries));
}

/** A node's resources of one phase. */
export function sliceOf(desired: DesiredState, phase: PhaseName, node: string): readonly DesiredResource[] {
  return (desired.nodes.get(node) ?? []).filter((candidate) => candidate.phase === phase);
}

/** Compares resources with a reading. What the check does not speak of is unreadable, never equal. */
export function sliceState(slice: readonly DesiredResource[], reading: NodeReading): SliceState {
  if (reading.state === 'asleep') return { state: 'asleep', evidence: reading.evidence };
  if (reading.state === 'unreadable') return { state: 'unreadable', reason: reading.error.message };
  const unreadable: string[] = [];
  const differences: string[] = [];
  for (const id of slice.map((desired) => resourceId(desired.resource))) {
    const seen = reading.check.resources.get(id);
    if (seen === undefined) unreadable.push(`${id}: the check did not speak of it`);
    else if (seen.state === 'unreadable') unreadable.push(`${id}: ${seen.reason}`);
    else if (seen.state === 'differs') differences.push(describe(id, seen.differences));
  }
  if (unreadable.length > 0) return { state: 'unreadable', reason: summarise(unreadable) };
  if (differences.length > 0) return { state: 'differs', differences };
  return { state: 'equal', resources: slice.length };
}

/** One finding a node that declares something in the phase: its slice is equal, differs (failed), could not be read, or the node sleeps. */
export function sliceFindings(
  phase: PhaseName,
  code: ErrorCode,
  desired: DesiredState,
  readings: ReadonlyMap<string, NodeReading>,
): readonly Finding[] {
  const title = `host state of ${phase} is as declared`;
  const findings: Finding[] = [];
  for (const node of desired.nodes.keys()) {
    const slice = sliceOf(desired, phase, node);
    const reading = readings.get(node);
    if (slice.length === 0 || reading === undefined) continue;
    const found = sliceState(slice, reading);
    const base = { code, title, node };
    if (found.state === 'equal')
      findings.push({ ...base, state: 'ok', evidence: `${found.resources} resources are equal` });
    else if (found.state === 'asleep') findings.push({ ...base, state: 'asleep', evidence: found.evidence });
    else if (found.state === 'unreadable') findings.push({ ...base, state: 'unreadable', evidence: found.reason });
    else
      findings.push({
        ...base,
        state: 'failed',
        evidence: summarise(found.differences),
        tryThis: `Run vmstation drift --node ${node} --diff to see all of it, vmstation up --only ${phase} --node ${node} to repair it.`,
      });
  }
  return findings;
}

function describe(id: ResourceId, differences: readonly { attribute: string; want: string; seen: string }[]): string {
  const parts = differences.map(({ attribute, want, seen }) => `${attribute} is ${seen}, wanted ${want}`);
  return `${id}: ${parts.join(', ')}`;
}

function summarise(lines: readonly string[]): string {
  const shown = lines.slice(0, 5).join('; ');
  return lines.length > 5 ? `${shown}; and ${lines.length - 5} more` : shown;
}

import {
  type AppliedResource,
  type ApplyReport,
  type ApplyRequest,
  type GuardArea,
  type NodeCheck,
  type Resource,
  type ResourceId,
  resourceId,
} from '@vmstation/core';
import { observe, type SeenNode } from '../observe/observe.ts';
import { type HostContext, lockedBy, lockSeconds, runScript, textOf } from '../script/run-script.ts';
import { applyScript } from './apply-script.ts';
import { type ApplyStep, applySteps } from './batches.ts';
import { isCut, recordsOfCut, untilReached } from './cut-off.ts';
import { guardedParts } from './guards.ts';
import { orderResources } from './order.ts';
import { type ApplyRecords, parseRecords } from './records.ts';

/**
 * Brings resources about: one trip to see what differs, one with the changes, one to see that they are so. Guarded resources go last,
 * each area in try mode; without one they end `blocked`.
 */
export async function applyInOrder(context: HostContext, request: ApplyRequest): Promise<ApplyReport> {
  const before = await observe(context, request.node, request.resources, request.signal);
  const differs = (id: ResourceId): boolean => before.check.resources.get(id)?.state === 'differs';
  const { free, guarded } = guardedParts(request.resources, differs, request.inTryMode);
  let report = await applyPart(context, { ...request, resources: free }, before);
  for (const [area, resources] of guarded) {
    const part: ApplyRequest = { ...request, resources, inTryMode: area };
    const change = async (): Promise<ApplyReport> =>
      applyPart(context, part, await observe(context, request.node, resources, request.signal));
    const { tryMode } = context;
    const next =
      tryMode === undefined
        ? withoutTryMode(part, area)
        : await tryMode.attempt({ node: request.node, area, runId: request.runId }, change);
    report = {
      node: report.node,
      resources: [...report.resources, ...next.resources],
      after: mergeChecks(report.after, next.after),
    };
  }
  return inDeclaredOrder(request.resources, report);
}

async function applyPart(context: HostContext, request: ApplyRequest, before: SeenNode): Promise<ApplyReport> {
  const { node } = request;
  const states = before.check.resources;
  const differing = request.resources.filter((resource) => states.get(resourceId(resource))?.state === 'differs');
  if (differing.length === 0) {
    const resources = request.resources.map((resource) => untouched(resourceId(resource), before.check));
    return { node, resources, after: before.check };
  }
  const nonce = context.nonce(8);
  const onlyOwed = new Set(differing.map(resourceId).filter((id) => isOnlyOwed(id, before.check)));
  const steps = applySteps(orderResources(differing), before.seen, applyContext(nonce, before), onlyOwed);
  const records = await runSteps(context, request, before, steps, nonce);
  // From here on a machine is changed: that is brought to its end, and looked at, whoever wants to stop.
  const after = (await lookAgain(context, request)).check;
  const judged = new Map(steps.flatMap((step) => judgeStep(step, steps, records, before.check, after)));
  return {
    node,
    resources: request.resources.map((resource) => {
      const id = resourceId(resource);
      return judged.get(id) ?? fallenOver(resource, records) ?? untouched(id, before.check);
    }),
    after,
  };
}

/** The second look. Losing the connection just before it is no reason not to take it. */
function lookAgain(context: HostContext, { node, resources, inTryMode }: ApplyRequest): Promise<SeenNode> {
  const look = (): Promise<SeenNode> => observe(context, node, resources, undefined);
  return inTryMode === undefined ? untilReached(context, node, look) : look();
}

function applyContext(nonce: string, before: SeenNode): Parameters<typeof applySteps>[2] {
  return {
    family: before.check.facts.family,
    delimiter: `CONTENT_${nonce}`,
    beside: (path) => `${path.slice(0, path.lastIndexOf('/'))}/.vmstation-${nonce}`,
  };
}

async function runSteps(
  context: HostContext,
  request: ApplyRequest,
  before: SeenNode,
  steps: readonly ApplyStep[],
  nonce: string,
): Promise<ApplyRecords> {
  const { node, runId } = request;
  const { folders, settleSeconds } = context;
  const lock = { waitSeconds: lockSeconds, holder: context.holder };
  const script = applyScript({ runId, nonce, folders, steps, seen: before.seen, settleSeconds, lock });
  const told = progress(steps, nonce, request.onProgress);
  const heard: Uint8Array[] = [];
  const how = {
    timeoutMs: context.applyTimeoutMs,
    signal: undefined,
    changes: true,
    onStdout: (chunk: Uint8Array): void => {
      heard.push(chunk);
      told(chunk);
    },
  };
  const result = await runScript(context, node, script, how).catch((thrown: unknown) => {
    // What is being tried is taken back when its connection is cut; anything else goes on by itself.
    if (request.inTryMode !== undefined || !isCut(thrown)) throw thrown;
    const text = Buffer.concat(heard).toString('utf8');
    return recordsOfCut(context, { node, runId, nonce, steps, heard: text, thrown });
  });
  if ('steps' in result) return result;
  const { exitCode, stderr } = result;
  const records = parseRecords(textOf(result), { node, nonce, exitCode, stderr });
  if (records.lockedBy !== undefined) throw lockedBy(node, records.lockedBy);
  return records;
}

/** Tells which resource is at work as the node says so. */
function progress(
  steps: readonly ApplyStep[],
  nonce: string,
  tell: ApplyRequest['onProgress'],
): (chunk: Uint8Array) => void {
  const decoder = new TextDecoder();
  let rest = '';
  return (chunk) => {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = parts.pop() ?? '';
    for (const line of parts) {
      if (!line.startsWith(`@${nonce} begin `)) continue;
      const number = Number(line.split(' ')[2]);
      for (const { id } of steps.find((step) => step.number === number)?.resources ?? []) tell?.(id);
    }
  };
}

/** Only what the second look finds equal was changed; everything else failed, with the reason that is nearest to the cause. */
function judgeStep(
  step: ApplyStep,
  steps: readonly ApplyStep[],
  records: ApplyRecords,
  before: NodeCheck,
  after: NodeCheck,
): readonly (readonly [ResourceId, AppliedResource])[] {
  const record = records.steps.get(step.number);
  const begun = records.begun.has(step.number);
  return step.resources.map(({ id, resource }) => {
    const differences = differencesOf(id, before);
    const end = (outcome: AppliedResource['outcome'], reason?: string): readonly [ResourceId, AppliedResource] => [
      id,
      { id, outcome, differences, ...(reason === undefined ? {} : { reason }) },
    ];
    if (record === undefined)
      return end(
        begun ? 'failed' : 'not-run',
        begun ? 'the node did not tell how it ended' : 'the node did not get to it',
      );
    const isEqual = after.resources.get(id)?.state === 'equal';
    // Whoever changed it meanwhile (a run whose starter was killed) made it what we want.
    if (isEqual && (record.ended === 'stale' || record.ended === 'blocked')) return end('unchanged');
    if (record.ended === 'blocked') {
      const cause = steps.find((other) => other.number === record.blockedBy)?.resources.map((one) => one.id);
      return end('blocked', `${cause?.join(', ') ?? 'what it needs'} did not succeed`);
    }
    if (record.ended === 'stale')
      return end('blocked', `it changed on the node after it was read: ${record.said.join('; ')}`);
    const unsettled = unitsOf(resource).find((unit) => records.unsettled.has(unit));
    if (unsettled !== undefined) {
      // Why the step itself failed (a masked unit) comes before what became of the unit.
      const own = record.ended === 'failed' ? record.said : [];
      const words = records.unsettled.get(unsettled) ?? ['it did not stay up'];
      return end('failed', `${unsettled}: ${[...own, ...words].join('; ')}`);
    }
    // In one transaction for many packages, those that are there now did not fail.
    if (record.ended === 'failed' && !(isEqual && resource.kind === 'package'))
      return end(
        'failed',
        record.said.join('; ') || (step.fragment.secret === true ? unsaid : 'its command failed without a word'),
      );
    return isEqual ? end('changed') : end('failed', `no step failed, but afterwards ${stillWrong(id, after)}`);
  });
}

const unsaid = 'it was refused; what its program said may hold a secret, and is not shown';

function unitsOf(resource: Resource): readonly string[] {
  const notified = (resource.notifies ?? []).map(({ unit }) => unit);
  return resource.kind === 'service' ? [resource.unit, ...notified] : notified;
}

function stillWrong(id: ResourceId, after: NodeCheck): string {
  const state = after.resources.get(id);
  if (state?.state === 'unreadable') return `it could not be read: ${state.reason}`;
  const differences = differencesOf(id, after).map(
    ({ attribute, want, seen }) => `${attribute} is ${seen}, not ${want}`,
  );
  return `the check still sees: ${differences.join('; ')}`;
}

/** A service that was right, and did not stay up after this run restarted it, is not right any more. */
function fallenOver(resource: Resource, records: ApplyRecords): AppliedResource | undefined {
  const said = resource.kind === 'service' ? records.unsettled.get(resource.unit) : undefined;
  if (said === undefined) return undefined;
  return {
    id: resourceId(resource),
    outcome: 'failed',
    reason: said.join('; ') || 'it did not stay up',
    differences: [],
  };
}

function untouched(id: ResourceId, before: NodeCheck): AppliedResource {
  const state = before.resources.get(id);
  if (state?.state === 'equal') return { id, outcome: 'unchanged', differences: [] };
  const reason = state?.state === 'unreadable' ? state.reason : 'the check did not speak of it';
  return { id, outcome: 'blocked', reason: `it could not be read: ${reason}`, differences: [] };
}

function differencesOf(id: ResourceId, check: NodeCheck): AppliedResource['differences'] {
  const state = check.resources.get(id);
  return state?.state === 'differs' ? state.differences : [];
}

function isOnlyOwed(id: ResourceId, check: NodeCheck): boolean {
  return differencesOf(id, check).every(({ attribute }) => attribute === 'notification');
}

function withoutTryMode(request: ApplyRequest, area: GuardArea): ApplyReport {
  const resources = request.resources.map(
    (resource): AppliedResource => ({
      id: resourceId(resource),
      outcome: 'blocked',
      reason: `host/try-mode-missing: a change of ${area} could lock you out, and nothing here can take it back by itself`,
      differences: [],
    }),
  );
  return { node: request.node, resources, after: undefined };
}

function mergeChecks(first: NodeCheck | undefined, second: NodeCheck | undefined): NodeCheck | undefined {
  if (first === undefined || second === undefined) return second ?? first;
  return { ...second, resources: new Map([...first.resources, ...second.resources]) };
}

function inDeclaredOrder(declared: readonly Resource[], report: ApplyReport): ApplyReport {
  const byId = new Map(report.resources.map((resource) => [resource.id, resource]));
  return { ...report, resources: declared.flatMap((resource) => byId.get(resourceId(resource)) ?? []) };
}

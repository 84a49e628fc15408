import {
  type Endpoint,
  type EndpointProbe,
  type ErrorCode,
  type Finding,
  type KubeConnector,
  type NodeReadings,
  toAppError,
} from '@vmstation/core';
import { isSettled, type ManifestSet, type ManifestSetState, readManifestSets } from './manifest-set.ts';
import { manifestChanges } from './plan-manifests.ts';

/** One finding a set: applied as declared and ready, or what is not. Sets of a node that sleeps are asleep, not failed. */
export async function manifestSetFindings(
  sets: readonly ManifestSet[],
  kube: KubeConnector,
  code: ErrorCode,
): Promise<readonly Finding[]> {
  const open = sets.filter((set) => set.blockedBy === undefined);
  const closed = sets.filter((set) => set.blockedBy !== undefined).map((set) => blockedFinding(set, code));
  try {
    const states = await readManifestSets(await kube.connect(), open, sets);
    return [...states.map((state) => stateFinding(state, code)), ...closed];
  } catch (thrown) {
    const error = toAppError(thrown);
    if (error.kind === 'bug' || error.kind === 'interrupted') throw thrown;
    const evidence = error.message;
    return [...open.map((set) => ({ ...base(set, code), state: 'unreadable' as const, evidence })), ...closed];
  }
}

function stateFinding(state: ManifestSetState, code: ErrorCode): Finding {
  const finding = base(state.set, code);
  if (isSettled(state)) {
    const ready = state.ready.map(({ ref, reason }) => `${ref.kind} ${ref.name} ${reason}`);
    const evidence = [`${state.set.objects.length} objects as declared`, ...ready].join('; ');
    return { ...finding, state: 'ok', evidence };
  }
  if (state.refused !== undefined) return { ...finding, state: 'failed', evidence: state.refused.message };
  const changes = manifestChanges(state);
  const lines = changes.map(({ target, attribute, want, seen }) =>
    ['object', 'ready', 'restart'].includes(attribute)
      ? `${target}: ${seen}`
      : `${target} ${attribute} is ${seen}, wanted ${want}`,
  );
  const more = lines.length > 5 ? `; and ${lines.length - 5} more` : '';
  return {
    ...finding,
    state: 'failed',
    evidence: `${lines.slice(0, 5).join('; ')}${more}`,
    tryThis: adviceOf(state),
  };
}

/** What is applied as declared and does not become ready is not mended by applying it again. */
function adviceOf({ set, differing, superfluous }: ManifestSetState): string {
  if (set.removal !== undefined) return `Run vmstation up --only ${set.phase} to remove it, or declare it again.`;
  return differing.length + superfluous.length === 0
    ? 'Mend what the reason names; it becomes ready by itself then.'
    : `Run vmstation up --only ${set.phase} to repair it.`;
}

function blockedFinding(set: ManifestSet, code: ErrorCode): Finding {
  const { asleep = false, reason = '' } = set.blockedBy ?? {};
  return { ...base(set, code), state: asleep ? 'asleep' : 'failed', evidence: reason };
}

function base(set: ManifestSet, code: ErrorCode): Pick<Finding, 'code' | 'title' | 'node'> {
  return { code, title: set.title, ...(set.node === undefined ? {} : { node: set.node }) };
}

/** What {@link verifyEndpoint} asks with. */
export interface EndpointVerifying {
  readonly probe: EndpointProbe;
  readonly readings: NodeReadings;
  readonly code: ErrorCode;
  readonly signal: AbortSignal;
  /** For each question; 5 s when left out. */
  readonly timeoutMs?: number;
}

/**
 * Asks a published endpoint. An answer of a stand-in ends `not-proved`: it shows the way to the program, not the program. An
 * endpoint whose node sleeps is asleep, and is not asked.
 */
export async function verifyEndpoint(endpoint: Endpoint, verifying: EndpointVerifying): Promise<Finding> {
  const { probe, readings, code, signal, timeoutMs = 5_000 } = verifying;
  const asking = { code, title: `${endpoint.title} answers`, node: endpoint.node };
  const reading = await readings.read(endpoint.node);
  if (reading.state === 'asleep')
    return {
      ...asking,
      state: 'asleep',
      evidence: `${endpoint.url}: ${endpoint.node} is asleep (${reading.evidence})`,
    };
  const url = new URL(endpoint.probe.path, endpoint.url).href;
  const answer =
    endpoint.probe.kind === 'tcp'
      ? await probe.tcp(endpoint.address, endpoint.port, { timeoutMs })
      : await probe.http(url, { timeoutMs, signal });
  const asked = endpoint.probe.kind === 'tcp' ? endpoint.url : url;
  if (!answer.ok) {
    const tryThis = `Run vmstation verify cluster, then look at the logs of ${endpoint.name}.`;
    return { ...asking, state: 'failed', evidence: `${asked}: ${answer.detail}`, tryThis };
  }
  if (answer.standIn !== undefined)
    return { ...asking, state: 'not-proved', evidence: `${asked}: lab stand-in for ${answer.standIn}` };
  return { ...asking, state: 'ok', evidence: `${asked}: ${answer.detail}` };
}

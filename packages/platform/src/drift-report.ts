import { infraSteps } from '@vmstation/cluster-infra';
import {
  type DriftItem,
  type DriftMemory,
  type NodeDrift,
  nodeDrifts,
  placeOfNode,
  sinceOf,
} from '@vmstation/cluster-tools';
import {
  type DesiredState,
  type DriftState,
  type FactStore,
  hostStepId,
  inputHash,
  type PhaseName,
  planPhase,
  type RunPorts,
  type Step,
  type StepChange,
  secretNamesOf,
} from '@vmstation/core';

/** One attribute that differs, and since when this workspace knows of it; ISO 8601. */
export type AgedChange = StepChange & { readonly since: string };

/** Drift of what runs in the cluster: applied objects against rendered ones. */
export interface ClusterDrift {
  readonly state: DriftState;
  readonly compared: number;
  readonly changes: readonly AgedChange[];
  readonly unreadable: readonly string[];
}

/** A resource that is not as declared, and since when this workspace knows of it; ISO 8601, undefined for what could not be read. */
export type AgedItem = DriftItem & { readonly since: string | undefined };

/** Drift of a node with the ages of its differences. */
export interface AgedNodeDrift extends NodeDrift {
  readonly items: readonly AgedItem[];
  /** sha256 of all that is declared for the node. */
  readonly wantedHash: string;
}

/** Declared against observed. */
export interface DriftReport {
  /** When looking began, ISO 8601: a difference that is not older was found by this look. */
  readonly seenAt: string;
  /** Why ages could not be kept. */
  readonly historyProblem: string | undefined;
  readonly nodes: readonly AgedNodeDrift[];
  readonly cluster: ClusterDrift;
}

const clusterPhases: readonly PhaseName[] = ['infra', 'monitor-stack', 'application-stack'];
const clusterPlace = 'cluster';

/** The places of which a workspace remembers differences. */
export function driftPlaces(nodes: readonly string[]): readonly string[] {
  return [...nodes.map(placeOfNode), clusterPlace];
}

/**
 * Compares nodes in one round trip each, and the cluster's objects by a dry run on the server. Changes nothing but the workspace's
 * memory of differences.
 */
export async function driftReport(
  facts: FactStore,
  run: RunPorts,
  memory: DriftMemory,
  { nodes, onNodesRead }: { readonly nodes: readonly string[]; readonly onNodesRead?: (() => void) | undefined },
): Promise<DriftReport> {
  const seenAt = run.context.clock.now().toISOString();
  // Side by side, the nodes first: a phase that wants to know of a node waits for the look at it that is under way.
  const looks = nodeDrifts(run.context, nodes).finally(onNodesRead);
  prepare(run);
  const [drifts, cluster] = await Promise.all([looks, clusterDrift(facts, run)]);
  // Which objects the unreadable steps stand for is not known, so that nothing is forgotten while there are any.
  memory.look({
    place: clusterPlace,
    differences: cluster.changes,
    unreadable: () => cluster.unreadable.length > 0,
  });
  const { history, problem } = await memory.keep();
  const since = (place: string, change: StepChange) => sinceOf(history, place, change) ?? seenAt;
  return {
    seenAt,
    historyProblem: problem,
    nodes: drifts.map((drift) => ({
      ...drift,
      items: drift.items.map((item) => ({
        ...item,
        since: earliest(item.differences.map((one) => since(placeOfNode(drift.node), { target: item.id, ...one }))),
      })),
      wantedHash: inputHash((run.context.desired.nodes.get(drift.node) ?? []).map(({ resource }) => resource)),
    })),
    cluster: {
      ...cluster,
      changes: cluster.changes.map((change) => ({ ...change, since: since(clusterPlace, change) })),
    },
  };
}

/**
 * Decrypts and renders while the machines answer, once they have been asked. Whoever needs the result asks for it again, and hears then what
 * was wrong.
 */
function prepare({ context, phases }: RunPorts): void {
  setTimeout(() => {
    for (const name of secretNamesOf(context.workspace.cluster)) context.secrets.get(name).catch(() => undefined);
    for (const phase of phases) phase.prepare?.(context).catch(() => undefined);
  });
}

function earliest(times: readonly string[]): string | undefined {
  return times.toSorted()[0];
}

type UnagedClusterDrift = Omit<ClusterDrift, 'changes'> & { readonly changes: readonly StepChange[] };

async function clusterDrift(facts: FactStore, run: RunPorts): Promise<UnagedClusterDrift> {
  const scope = { phases: clusterPhases, nodes: undefined, tags: undefined };
  // At once: what is rendered for one phase needs no time of its own while another one looks at the nodes.
  const phases = run.phases.filter((one) => clusterPhases.includes(one.name));
  const planned = await Promise.all(phases.map((phase) => planPhase(phase, scope, facts)));
  // Steps of the nodes' own state are compared with the nodes. What sleeps with its node has not drifted.
  const ofNodes = hostStepIds(run.context.desired);
  const steps: readonly Step[] = planned
    .flat()
    .filter((step) => !ofNodes.has(step.id) && step.blockedBy?.asleep !== true);
  // What is rendered for the installer lies in the workspace: files there are no state of the cluster.
  const judged = steps.filter((step) => step.action?.type !== 'check' && step.id !== infraSteps.render);
  const changes = judged.filter((step) => step.effect === 'change').flatMap(changesOf);
  const unreadable = unreadableOf(judged.filter((step) => step.effect === 'unknown'));
  const state = changes.length > 0 ? 'drifted' : unreadable.length > 0 ? 'unreadable' : 'clean';
  return { state, compared: judged.length, changes, unreadable };
}

function hostStepIds({ nodes }: DesiredState): ReadonlySet<string> {
  const ids = [...nodes].flatMap(([node, resources]) =>
    resources.map(({ phase, role, resource }) => hostStepId(phase, role, node, resource.guard)),
  );
  return new Set(ids);
}

/** Each reason once, with what it keeps from being compared. A step that only waits for another one listed here says nothing new. */
function unreadableOf(steps: readonly Step[]): readonly string[] {
  const listed = new Set(steps.map((step) => step.id));
  const own = steps.filter((step) => step.blockedBy !== undefined || !step.needs.steps.some((id) => listed.has(id)));
  const alike = Map.groupBy(own, (step) => step.blockedBy?.reason ?? step.why);
  return [...alike].map(([reason, group]) => `${group.map((step) => step.id).join(', ')}: ${reason}`);
}

/** A step that would change something but has no detail still says that it would. */
function changesOf(step: Step): readonly StepChange[] {
  return step.changes.length > 0
    ? step.changes
    : [{ target: step.id, attribute: 'state', want: 'as rendered', seen: step.why }];
}

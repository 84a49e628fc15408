import {
  blockOf,
  type Endpoint,
  type ErrorCode,
  type Finding,
  missing,
  type Observed,
  type Phase,
  type PhaseContext,
  type PhaseFacts,
  type PhaseName,
  planHostSteps,
  present,
  readNodes,
  type StepBlock,
  sliceFindings,
  toAppError,
} from '@vmstation/core';
import { manifestSetFindings, verifyEndpoint } from './judge-manifests.ts';
import { isSettled, type ManifestSet, readManifestSets } from './manifest-set.ts';
import { performManifestSets } from './perform-manifests.ts';
import { planManifestSets } from './plan-manifests.ts';
import { removedSets } from './removed-sets.ts';

/** What tells one phase of workloads from another. */
export interface WorkloadPhaseParts<Name extends Endpoint['phase'] & PhaseName, Needs extends PhaseName> {
  readonly name: Name;
  readonly title: string;
  readonly needs: readonly Needs[];
  readonly prepare?: Phase['prepare'];
  /** The sets of objects that it applies. */
  readonly sets: (context: PhaseContext<Needs>) => Promise<readonly ManifestSet[]>;
  /** Why its directories are on the nodes. */
  readonly whyData: string;
  /** Codes of its findings: data on nodes, applied sets, published endpoints. */
  readonly codes: { readonly data: ErrorCode; readonly sets: ErrorCode; readonly endpoints: ErrorCode };
  /** The phase that has to run before its objects can be compared; undefined when all have. */
  readonly waitsFor: (context: PhaseContext<Needs>) => PhaseName | undefined;
  /** The fact that its settled sets amount to. */
  readonly fact: (context: PhaseContext<Needs>, ready: readonly string[]) => PhaseFacts[Name];
}

/** A phase whose work is data directories on nodes, then sets of objects in the cluster, then endpoints that answer. */
export function workloadPhase<Name extends Endpoint['phase'] & PhaseName, Needs extends PhaseName>(
  parts: WorkloadPhaseParts<Name, Needs | 'infra'>,
): Phase<Name, Needs | 'infra'> {
  const { name, title, needs } = parts;
  return {
    name,
    title,
    needs,
    ...(parts.prepare === undefined ? {} : { prepare: parts.prepare }),
    observe: (context) => observe(parts, context),
    plan: async (context) => {
      const { desired, kube } = context;
      // Rendering takes none of the nodes' time.
      const [readings, rendered] = await Promise.all([
        readNodes(desired.nodes.keys(), context.readings),
        withRemovals(parts, context),
      ]);
      return [
        ...planHostSteps({ phase: name, desired, readings, whyOf: () => parts.whyData }),
        ...(await planManifestSets(rendered, { kube, unknownUntil: parts.waitsFor(context) })),
      ];
    },
    perform: async (steps, context, _runId, progress) =>
      performManifestSets(await withRemovals(parts, context), steps, {
        kube: context.kube,
        progress,
        signal: context.signal,
      }),
    verify: (context) => verify(parts, context),
  };
}

/** The declared sets, and those that were applied once and are declared no more. */
async function withRemovals<Name extends Endpoint['phase'] & PhaseName, Needs extends PhaseName>(
  { name, sets }: WorkloadPhaseParts<Name, Needs | 'infra'>,
  context: PhaseContext<Needs | 'infra'>,
): Promise<readonly ManifestSet[]> {
  const declared = await sets(context);
  if (context.facts.infra.missing) return declared;
  try {
    const search = { phase: name, declared, deleteData: context.deleteData ?? [] };
    return [...declared, ...(await removedSets(await context.kube.connect(), search))];
  } catch (thrown) {
    const error = toAppError(thrown);
    if (error.kind === 'bug' || error.kind === 'interrupted') throw thrown;
    return declared.length > 0 ? declared : [unaskedRemovals(name, blockOf(error))];
  }
}

/** Stands for what may have to be removed while nothing is declared and the cluster does not say: silence would look like nothing to do. */
function unaskedRemovals(phase: PhaseName, blockedBy: StepBlock): ManifestSet {
  return {
    phase,
    name: 'removals',
    title: 'removals',
    why: 'whether something that is not declared any more is left in the cluster',
    node: undefined,
    objects: [],
    needs: [],
    blockedBy,
  };
}

async function observe<Name extends Endpoint['phase'] & PhaseName, Needs extends PhaseName>(
  parts: WorkloadPhaseParts<Name, Needs | 'infra'>,
  context: PhaseContext<Needs | 'infra'>,
): Promise<Observed<PhaseFacts[Name]>> {
  const { infra } = context.facts;
  if (infra.missing) return missing(parts.name, infra.code, `there is no cluster for it yet: ${infra.because}`);
  try {
    // What sleeps on purpose is neither ready nor missing.
    const sets = (await parts.sets(context)).filter((set) => set.blockedBy?.asleep !== true);
    const blocked = sets.find((set) => set.blockedBy !== undefined)?.blockedBy;
    if (blocked !== undefined) return missing(parts.name, blocked.code, blocked.reason);
    const states = await readManifestSets(await context.kube.connect(), sets);
    const unsettled = states.filter((state) => !isSettled(state)).map((state) => state.set.title);
    if (unsettled.length > 0)
      return missing(parts.name, parts.codes.sets, `not as declared or not ready: ${unsettled.join(', ')}`);
    return present(
      parts.fact(
        context,
        sets.map((set) => set.name),
      ),
    );
  } catch (thrown) {
    const error = toAppError(thrown);
    if (error.kind === 'bug' || error.kind === 'interrupted') throw thrown;
    return missing(parts.name, error.code, error.message);
  }
}

async function verify<Name extends Endpoint['phase'] & PhaseName, Needs extends PhaseName>(
  parts: WorkloadPhaseParts<Name, Needs | 'infra'>,
  context: PhaseContext<Needs | 'infra'>,
): Promise<readonly Finding[]> {
  const { name, codes } = parts;
  const { desired, kube, readings, probe, signal, workspace } = context;
  const endpoints = workspace.cluster.endpoints.filter((endpoint) => endpoint.phase === name);
  const [nodes, applied, answers] = await Promise.all([
    readNodes(desired.nodes.keys(), readings),
    withRemovals(parts, context).then((list) => manifestSetFindings(list, kube, codes.sets)),
    Promise.all(
      endpoints.map((endpoint) => verifyEndpoint(endpoint, { probe, readings, code: codes.endpoints, signal })),
    ),
  ]);
  return [...sliceFindings(name, codes.data, desired, nodes), ...applied, ...answers];
}

import {
  type Finding,
  type MonitoredCluster,
  missing,
  type Observed,
  type Phase,
  type PhaseContext,
  planHostSteps,
  present,
  readNodes,
  sliceFindings,
  toAppError,
} from '@vmstation/core';
import {
  isSettled,
  manifestSetFindings,
  performManifestSets,
  planManifestSets,
  readManifestSets,
  verifyEndpoint,
} from '@vmstation/kube';
import { monitorSets } from './monitor-sets.ts';

type MonitorNeeds = 'setup' | 'infra' | 'config';
type MonitorContext = PhaseContext<MonitorNeeds>;

/** Phase monitor-stack: metrics, alerts, logs and dashboards on the always-on node. */
export const monitorStackPhase: Phase<'monitor-stack', MonitorNeeds> = {
  name: 'monitor-stack',
  title: 'Monitoring',
  needs: ['setup', 'infra', 'config'],
  observe,
  plan: async (context) => [
    ...planHostSteps({
      phase: 'monitor-stack',
      desired: context.desired,
      readings: await readNodes(context.desired.nodes.keys(), context.readings),
      whyOf: () => 'data of the monitoring programs, owned by the users they run as',
    }),
    ...(await planManifestSets(await monitorSets(context), {
      kube: context.kube,
      unknownUntil: context.facts.infra.missing ? 'infra' : undefined,
    })),
  ],
  perform: async (steps, context, _runId, progress) =>
    performManifestSets(await monitorSets(context), steps, { kube: context.kube, progress, signal: context.signal }),
  verify,
};

async function observe(context: MonitorContext): Promise<Observed<MonitoredCluster>> {
  const { infra } = context.facts;
  if (infra.missing)
    return missing('monitor-stack', infra.code, `there is no cluster to monitor yet: ${infra.because}`);
  try {
    const sets = await monitorSets(context);
    const blocked = sets.find((set) => set.blockedBy !== undefined);
    if (blocked?.blockedBy !== undefined)
      return missing('monitor-stack', blocked.blockedBy.code, blocked.blockedBy.reason);
    const states = await readManifestSets(await context.kube.connect(), sets);
    const unsettled = states.filter((state) => !isSettled(state)).map((state) => state.set.title);
    if (unsettled.length > 0)
      return missing('monitor-stack', 'monitoring/component', `not as declared or not ready: ${unsettled.join(', ')}`);
    const { namespace } = context.workspace.cluster.monitoring;
    return present({ namespace, ready: sets.map((set) => set.name) });
  } catch (thrown) {
    const error = toAppError(thrown);
    if (error.kind === 'bug' || error.kind === 'interrupted') throw thrown;
    return missing('monitor-stack', error.code, error.message);
  }
}

async function verify(context: MonitorContext): Promise<readonly Finding[]> {
  const { desired, kube, readings, probe, signal, workspace } = context;
  const endpoints = workspace.cluster.endpoints.filter((endpoint) => endpoint.phase === 'monitor-stack');
  const [nodes, components, answers] = await Promise.all([
    readNodes(desired.nodes.keys(), readings),
    manifestSetFindings(await monitorSets(context), kube, 'monitoring/component'),
    Promise.all(
      endpoints.map((endpoint) => verifyEndpoint(endpoint, { probe, readings, code: 'monitoring/endpoint', signal })),
    ),
  ]);
  return [...sliceFindings('monitor-stack', 'monitoring/data', desired, nodes), ...components, ...answers];
}

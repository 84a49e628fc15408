import {
  type DeployedApplications,
  type Finding,
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
import { applicationSets } from './application-sets.ts';

type ApplicationNeeds = 'setup' | 'infra' | 'config' | 'monitor-stack';
type ApplicationContext = PhaseContext<ApplicationNeeds>;

/** Images of several hundred MB have to be pulled, and a first start makes a world or a database. */
const readyTimeoutMs = 300_000;

/** Phase application-stack: the applications of the cluster file and of apps/, after monitoring, which is to see them start. */
export const applicationStackPhase: Phase<'application-stack', ApplicationNeeds> = {
  name: 'application-stack',
  title: 'Applications',
  needs: ['setup', 'infra', 'config', 'monitor-stack'],
  observe,
  plan: async (context) => [
    ...planHostSteps({
      phase: 'application-stack',
      desired: context.desired,
      readings: await readNodes(context.desired.nodes.keys(), context.readings),
      whyOf: () => 'data of the application, owned by the user it runs as',
    }),
    ...(await planManifestSets(await applicationSets(context), {
      kube: context.kube,
      unknownUntil: waitsFor(context),
    })),
  ],
  perform: async (steps, context, _runId, progress) =>
    performManifestSets(await applicationSets(context), steps, {
      kube: context.kube,
      progress,
      signal: context.signal,
      timeoutMs: readyTimeoutMs,
    }),
  verify,
};

function waitsFor({ facts }: ApplicationContext): 'infra' | 'monitor-stack' | undefined {
  if (facts.infra.missing) return 'infra';
  return facts['monitor-stack'].missing ? 'monitor-stack' : undefined;
}

async function observe(context: ApplicationContext): Promise<Observed<DeployedApplications>> {
  const { infra } = context.facts;
  if (infra.missing)
    return missing('application-stack', infra.code, `there is no cluster for applications yet: ${infra.because}`);
  try {
    // What sleeps on purpose is neither ready nor missing.
    const sets = (await applicationSets(context)).filter((set) => set.blockedBy?.asleep !== true);
    const blocked = sets.find((set) => set.blockedBy !== undefined)?.blockedBy;
    if (blocked !== undefined) return missing('application-stack', blocked.code, blocked.reason);
    const states = await readManifestSets(await context.kube.connect(), sets);
    const unsettled = states.filter((state) => !isSettled(state)).map((state) => state.set.title);
    if (unsettled.length > 0)
      return missing('application-stack', 'app/deployed', `not as declared or not ready: ${unsettled.join(', ')}`);
    return present({ ready: sets.map((set) => set.name) });
  } catch (thrown) {
    const error = toAppError(thrown);
    if (error.kind === 'bug' || error.kind === 'interrupted') throw thrown;
    return missing('application-stack', error.code, error.message);
  }
}

async function verify(context: ApplicationContext): Promise<readonly Finding[]> {
  const { desired, kube, readings, probe, signal, workspace } = context;
  const endpoints = workspace.cluster.endpoints.filter((endpoint) => endpoint.phase === 'application-stack');
  const [nodes, apps, answers] = await Promise.all([
    readNodes(desired.nodes.keys(), readings),
    applicationSets(context).then((sets) => manifestSetFindings(sets, kube, 'app/deployed')),
    Promise.all(
      endpoints.map((endpoint) => verifyEndpoint(endpoint, { probe, readings, code: 'app/endpoint', signal })),
    ),
  ]);
  return [...sliceFindings('application-stack', 'app/data', desired, nodes), ...apps, ...answers];
}

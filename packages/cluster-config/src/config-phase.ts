import {
  type Cluster,
  type DesiredResource,
  type Finding,
  hostStepId,
  missing,
  type NodeReading,
  type Phase,
  type PhaseContext,
  planHostSteps,
  present,
  readNodes,
  type Step,
  sliceFindings,
  sliceOf,
  sliceState,
} from '@vmstation/core';
import { configRoles } from './roles/config-roles.ts';

type ConfigContext = PhaseContext<'setup'>;

/** Phase config: the roles of host state and the overlays. */
export const configPhase: Phase<'config', 'setup'> = {
  name: 'config',
  title: 'Config: system, logs, storage, SSH, networking, overlays',
  needs: ['setup'],

  async observe(context) {
    const { setup } = context.facts;
    if (setup.missing) return missing('config', setup.code, `setup is not done: ${setup.because}`);
    const nodes = [];
    const reasons = [];
    for (const [node, reading] of await readAll(context)) {
      const state = sliceState(foundation(context, node), reading);
      if (state.state === 'equal') nodes.push(node);
      else if (state.state === 'differs') reasons.push(`${node}: ${state.differences.join('; ')}`);
      else if (state.state === 'unreadable') reasons.push(`${node}: ${state.reason}`);
    }
    if (nodes.length > 0) return present({ nodes });
    return missing('config', 'config/no-node-configured', reasons.join('; ') || 'no node is awake');
  },

  async plan(context) {
    const { desired } = context;
    const steps = planHostSteps({ phase: 'config', desired, readings: await readAll(context), whyOf });
    return steps.map((step) => needingRealm(context, needingSetup(context, step)));
  },

  async perform(steps) {
    // All of config is host state, which the platform carries out: being asked means that the plan was wrong.
    const [step] = steps;
    if (step === undefined) return [];
    throw new Error(`config was asked to perform ${step.id}, which is not host state`);
  },

  async verify(context) {
    const readings = await readAll(context, 'refresh');
    return [
      ...sliceFindings('config', 'config/slice-equal', context.desired, readings),
      ...untriedProvider(context.workspace.cluster),
    ];
  },
};

function readAll(context: ConfigContext, how: 'read' | 'refresh' = 'read'): Promise<ReadonlyMap<string, NodeReading>> {
  const names = context.workspace.cluster.nodes.map((node) => node.name);
  return readNodes(names, context.readings, how);
}

/** What later phases build on: guarded resources harden, nothing stands on them, and verify judges them. */
function foundation(context: ConfigContext, node: string): readonly DesiredResource[] {
  return sliceOf(context.desired, 'config', node).filter(({ resource }) => resource.guard === undefined);
}

function whyOf(role: string): string {
  return (
    configRoles.find((candidate) => candidate.name === role)?.why ??
    'files of hosts/ and group/ go to the node as they are'
  );
}

/** A node's own steps of setup come first; those of other nodes do not matter. Ids that a plan does not have are satisfied. */
function needingSetup(context: ConfigContext, step: Step): Step {
  const { node } = step;
  if (node === undefined) return step;
  const ids = sliceOf(context.desired, 'setup', node).map(({ role, resource }) =>
    hostStepId('setup', role, node, resource.guard),
  );
  const steps = [...new Set([...step.needs.steps, `setup/prerequisites/${node}`, ...ids])];
  return { ...step, needs: { ...step.needs, steps } };
}

/** An enrolled node asks the KDC for a ticket, so the KDC's own step comes first; and sshd takes tickets only once the node has its keys. */
function needingRealm({ workspace }: ConfigContext, step: Step): Step {
  const { kerberos } = workspace.cluster.services;
  const { node } = step;
  if (kerberos === undefined || node === undefined || !step.tags.includes('kerberos')) return step;
  const server = kerberos.provider === 'mit' ? kerberos.server : node;
  const steps = [server, node]
    .map((name) => hostStepId('config', 'kerberos', name, undefined))
    .filter((id) => id !== step.id && !step.needs.steps.includes(id));
  return { ...step, needs: { ...step.needs, steps: [...step.needs.steps, ...new Set(steps)] } };
}

/** What was never tried is said with every look, however well it seems to go. */
function untriedProvider(cluster: Cluster): readonly Finding[] {
  if (cluster.services.kerberos?.provider !== 'freeipa') return [];
  return [
    {
      code: 'config/freeipa-untried',
      state: 'not-proved',
      title: 'enrolment with FreeIPA',
      evidence:
        'no FreeIPA server was ever at hand when this was made: what is enrolled is as its own program leaves it, and the ticket of each host is the only proof',
    },
  ];
}

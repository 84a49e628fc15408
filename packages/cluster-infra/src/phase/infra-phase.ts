import { missing, type Observed, type Phase, present, type RunningCluster, type StepResult } from '@vmstation/core';
import { equalsModel, type InfraContext, judgeRunning } from './infra-context.ts';
import { type InfraSettings, performInfraStep } from './perform-infra.ts';
import { planInfra } from './plan-infra.ts';

/**
 * Phase infra: Kubernetes by Kubespray. Its fact is a running cluster that equals the model in nodes, versions, CNI, ranges, DNS and proxy.
 * `settings` are for tests; left out, the checkout is named by VMSTATION_KUBESPRAY_DIR and a fresh cluster has three minutes to settle.
 */
export function createInfraPhase(settings?: Partial<InfraSettings>): Phase<'infra', 'setup'> {
  const chosen = (): InfraSettings => ({
    kubesprayCheckout: process.env.VMSTATION_KUBESPRAY_DIR,
    settleMs: 180_000,
    ...settings,
  });
  return {
    name: 'infra',
    title: 'Install Kubernetes',
    needs: ['setup'],
    observe: observeInfra,
    plan: planInfra,
    async perform(steps, context, runId, progress) {
      const results: StepResult[] = [];
      for (const step of steps) results.push(await performInfraStep(step, context, runId, progress, chosen()));
      return results;
    },
    // infra/verify is a step and judges the same; saying it twice would only hide other lines.
    verify: async () => [],
  };
}

/** {@link createInfraPhase} as the product runs it. */
export const infraPhase: Phase<'infra', 'setup'> = createInfraPhase();

async function observeInfra(context: InfraContext): Promise<Observed<RunningCluster>> {
  const judged = await judgeRunning(context);
  const { live, silence } = judged;
  if (live === undefined) return missing('infra', silence?.code ?? 'infra/api', silence?.because ?? 'nothing answers');
  if (!equalsModel(judged)) {
    const bad = judged.properties.filter((property) => property.state !== 'ok' && property.state !== 'asleep');
    const because = bad.map(
      ({ title, node, evidence }) => `${node === undefined ? title : `${title}, ${node}`}: ${evidence}`,
    );
    return missing('infra', bad[0]?.code ?? 'infra/api', because.join('; '));
  }
  const nodes = live.nodes.read ? live.nodes.value.map(({ name, ready, version }) => ({ name, ready, version })) : [];
  return present({ version: live.version, nodes });
}

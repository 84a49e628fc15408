import {
  asleepBlock,
  blockOf,
  inputHash,
  type NodeReading,
  type Step,
  type StepBlock,
  type StepChange,
  type StepEffect,
} from '@vmstation/core';
import { installerMissing } from '../installer/ansible-command.ts';
import { clusterMembers, inventoryDirectory, type RenderedFile } from '../kubespray/render-kubespray.ts';
import { compareRendered } from '../kubespray/write-kubespray.ts';
import type { JudgedCluster } from './infra-context.ts';
import {
  equalsModel,
  foreignCluster,
  type InfraContext,
  judgeRunning,
  readMembers,
  renderFor,
} from './infra-context.ts';

/** Ids of infra's steps, in their order. */
export const infraSteps = {
  render: 'infra/render',
  deploy: 'infra/deploy',
  kubeconfig: 'infra/kubeconfig',
  verify: 'infra/verify',
} as const;

/** The admin kubeconfig that Kubespray leaves beside the inventory (kubeconfig_localhost), relative to the state directory. */
export const fetchedKubeconfig = `${inventoryDirectory}/artifacts/admin.conf`;

/** The workspace's kubeconfig, relative to the state directory. */
export const workspaceKubeconfig = 'kubeconfig';

/** What infra would do. Reads only. */
export async function planInfra(context: InfraContext): Promise<readonly Step[]> {
  const rendered = await renderFor(context);
  const judged = await judgeRunning(context);
  const deploy = await deployStep(context, rendered, judged);
  return [
    await renderStep(context, rendered),
    deploy,
    await kubeconfigStep(context, deploy.effect),
    verifyStep(rendered, deploy),
  ];
}

/** sha256 over everything that shapes the installation. */
export function installationHash(context: InfraContext, rendered: readonly RenderedFile[]): string {
  return inputHash({ rendered, kubespray: context.workspace.cluster.versions.kubespray });
}

async function renderStep(context: InfraContext, rendered: readonly RenderedFile[]): Promise<Step> {
  const changes = await compareRendered(context.files, rendered);
  return {
    ...base(infraSteps.render, 'Render Kubespray’s inventory', 'the installer reads only these files', 'kubespray'),
    ...(changes.length === 0
      ? { effect: 'none' as const, action: undefined }
      : { effect: 'change' as const, action: { type: 'task' as const, task: 'render' } }),
    changes,
    inputHash: inputHash(rendered),
  };
}

async function deployStep(
  context: InfraContext,
  rendered: readonly RenderedFile[],
  judged: JudgedCluster,
): Promise<Step> {
  const { release } = context.workspace.cluster.versions.kubespray;
  const hash = installationHash(context, rendered);
  const step = {
    ...base(
      infraSteps.deploy,
      `Install Kubernetes with Kubespray ${release}`,
      'Kubespray decides what it changes; what it will do inside cannot be predicted',
      'kubespray',
    ),
    reversible: false,
    inputHash: hash,
  };
  if (equalsModel(judged) && context.history.lastGreen(infraSteps.deploy)?.inputHash === hash) {
    return { ...step, why: 'the running cluster equals the model', effect: 'none', changes: [], action: undefined };
  }
  const readings = await readMembers(context);
  const blocked = await obstacle(context, judged, readings);
  const awake = [...readings].filter(([, reading]) => reading.state !== 'asleep').map(([name]) => name);
  return {
    ...step,
    effect: 'unknown',
    changes: mismatches(context, judged),
    needs: { steps: [infraSteps.render], awake },
    action: { type: 'task', task: 'deploy' },
    ...(blocked === undefined ? {} : { blockedBy: blocked }),
    // Whether setup's fact will be there is not known before setup has run; what stands in the way anyway is said now.
    ...(blocked === undefined && context.facts.setup.missing ? { unknownUntil: 'setup' as const } : {}),
  };
}

async function obstacle(
  context: InfraContext,
  judged: JudgedCluster,
  readings: ReadonlyMap<string, NodeReading>,
): Promise<StepBlock | undefined> {
  const { versions } = context.workspace.cluster;
  const foreign = await foreignCluster(context, judged, readings);
  if (foreign !== undefined) return blockOf(foreign);
  if ((await context.processes.findOnPath('ansible-playbook')) === undefined) {
    return blockOf(installerMissing(versions));
  }
  const asleep = [...readings].flatMap(([name, reading]) =>
    reading.state === 'asleep' ? [`${name} is asleep (${reading.evidence})`] : [],
  );
  if (asleep.length === 0) return undefined;
  return asleepBlock(`Kubespray has to reach every node: ${asleep.join(', ')}`);
}

function mismatches(context: InfraContext, judged: JudgedCluster): readonly StepChange[] {
  const { cluster } = context.workspace;
  if (judged.live === undefined) {
    const names = clusterMembers(cluster).map((node) => node.name);
    const want = `v${cluster.versions.kubernetes} on ${names.join(', ')}`;
    return [{ target: 'cluster', attribute: 'kubernetes', want, seen: judged.silence?.because ?? 'none' }];
  }
  return judged.properties
    .filter((property) => property.state !== 'ok' && property.state !== 'asleep')
    .map(({ code, node, want, seen }) => ({
      target: node ?? 'cluster',
      attribute: code.replace('infra/', ''),
      want,
      seen,
    }));
}

async function kubeconfigStep(context: InfraContext, deploy: StepEffect): Promise<Step> {
  const [fetched, own] = await Promise.all([
    context.files.read(fetchedKubeconfig),
    context.files.read(workspaceKubeconfig),
  ]);
  const equal = deploy === 'none' && own !== undefined && (fetched === undefined || fetched === own);
  const effect: StepEffect = deploy === 'none' ? (equal ? 'none' : 'change') : 'unknown';
  const change = {
    target: workspaceKubeconfig,
    attribute: 'content',
    want: 'the cluster’s',
    seen: own === undefined ? 'absent' : 'another',
  };
  return {
    ...base(
      infraSteps.kubeconfig,
      'Take over the admin kubeconfig',
      'later phases talk to the cluster with it',
      'kubeconfig',
    ),
    effect,
    changes: effect === 'change' ? [change] : [],
    needs: { steps: [infraSteps.deploy], awake: [] },
    action: equal ? undefined : { type: 'task', task: 'kubeconfig' },
    inputHash: inputHash([infraSteps.kubeconfig, fetched ?? '']),
  };
}

function verifyStep(rendered: readonly RenderedFile[], deploy: Step): Step {
  return {
    ...base(infraSteps.verify, 'Compare the cluster with the model', 'an installer’s word proves nothing', 'cluster'),
    effect: 'none',
    needs: { steps: [infraSteps.deploy, infraSteps.kubeconfig], awake: [] },
    action: { type: 'check', check: 'cluster' },
    inputHash: inputHash([infraSteps.verify, rendered]),
    ...(deploy.unknownUntil === undefined ? {} : { unknownUntil: deploy.unknownUntil }),
  };
}

function base(id: string, title: string, why: string, tag: string) {
  return {
    id,
    phase: 'infra' as const,
    node: undefined,
    title,
    why,
    tags: [tag],
    changes: [],
    reversible: true,
    needs: { steps: [], awake: [] },
  };
}

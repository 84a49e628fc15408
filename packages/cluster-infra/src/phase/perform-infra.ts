import {
  AppError,
  errorRecord,
  type Finding,
  outcomeOf,
  type Step,
  type StepChange,
  type StepProgress,
  type StepResult,
  toAppError,
  worstFinding,
} from '@vmstation/core';
import { ansibleCommand } from '../installer/ansible-command.ts';
import { forgetInstaller, runInstaller } from '../installer/installer-process.ts';
import { judgeInstaller } from '../installer/installer-record.ts';
import { becomePasswords, removeLeftSecrets } from '../inventory/become-passwords.ts';
import { clusterMembers } from '../kubespray/render-kubespray.ts';
import { compareRendered, writeRendered } from '../kubespray/write-kubespray.ts';
import { claimNodes, type InfraContext, judgeRunning, renderFor } from './infra-context.ts';
import { fetchedKubeconfig, infraSteps, installationHash, workspaceKubeconfig } from './plan-infra.ts';

/** What may still come right by itself shortly after an installation. */
const settling: ReadonlySet<string> = new Set(['infra/api', 'infra/node-ready', 'infra/dns']);
const settlePollMs = 1000;

/** Settings of {@link performInfraStep}. */
export interface InfraSettings {
  /** VMSTATION_KUBESPRAY_DIR. */
  readonly kubesprayCheckout: string | undefined;
  /** How long a fresh cluster may take to become ready. */
  readonly settleMs: number;
}

/** Carries out one of infra's steps. Expected failures are in the result. */
export async function performInfraStep(
  step: Step,
  context: InfraContext,
  runId: string,
  progress: StepProgress,
  settings: InfraSettings,
): Promise<StepResult> {
  try {
    switch (step.id) {
      case infraSteps.render:
        return await performRender(step, context);
      case infraSteps.deploy:
        return await performDeploy(step, context, runId, progress, settings);
      case infraSteps.kubeconfig:
        return await performKubeconfig(step, context);
      case infraSteps.verify:
        return await performVerify(step, context, progress, settings);
      default:
        return { ...plain(step), outcome: 'failed', reason: `phase infra has no step ${step.id}` };
    }
  } catch (thrown) {
    const error = toAppError(thrown);
    if (error.kind === 'bug') throw error;
    const outcome = error.kind === 'environment' || error.kind === 'refused' ? 'blocked' : 'failed';
    return { ...plain(step), outcome, reason: error.message, error: errorRecord(error) };
  }
}

async function performRender(step: Step, context: InfraContext): Promise<StepResult> {
  const rendered = await renderFor(context);
  const before = await compareRendered(context.files, rendered);
  const changed = await writeRendered(context.files, rendered);
  const left = await compareRendered(context.files, rendered);
  if (left.length > 0) {
    const reason = `after writing, these still differ: ${left.map((change) => change.target).join(', ')}`;
    return { ...plain(step), outcome: 'failed', reason };
  }
  return { ...plain(step), outcome: changed.length === 0 ? 'unchanged' : 'changed', changes: before };
}

async function performDeploy(
  step: Step,
  context: InfraContext,
  runId: string,
  progress: StepProgress,
  settings: InfraSettings,
): Promise<StepResult> {
  const { cluster } = context.workspace;
  const { files, processes } = context;
  const command = await ansibleCommand(processes, files, cluster.versions, settings.kubesprayCheckout);
  const expected = clusterMembers(cluster).map((node) => node.name);
  await claimNodes(context);
  const passwords = await writePasswords(context, runId);
  const end = await runInstaller({
    processes,
    files,
    command: { ...command, argv: [...command.argv, ...passwords.words] },
    expected,
    inputHash: installationHash(context, await renderFor(context)),
    logFile: `runs/${runId}/kubespray.jsonl`,
    // What it tells, it tells after it has read them.
    tell: (line) => {
      void passwords.forget();
      progress(step.id, line);
    },
    signal: context.signal,
  }).catch(async (thrown: unknown) => {
    await passwords.forget();
    throw thrown;
  });
  // One that goes on by itself may not have read them yet; what it leaves goes with its first word, or before the next run.
  if (end.ended) await passwords.forget();
  const log = files.resolve(end.logFile);
  if (!end.ended) {
    const reason = `stopped watching; the installer goes on by itself (log: ${log}), and the next run follows it`;
    return { ...plain(step), outcome: 'unknown', reason };
  }
  await forgetInstaller(files);
  for (const name of expected) context.readings.forget(name);
  const verdict = judgeInstaller(end.record, end.exitCode, expected);
  if (!verdict.green) {
    const error = installerFailed(verdict.reason, log);
    return { ...plain(step), outcome: 'failed', reason: error.message, error: errorRecord(error) };
  }
  const changes: StepChange[] = [...verdict.changed]
    .filter(([, count]) => count > 0)
    .map(([host, count]) => ({
      target: host,
      attribute: 'tasks',
      want: 'as Kubespray wants',
      seen: `${count} changed`,
    }));
  return { ...plain(step), outcome: changes.length === 0 ? 'unchanged' : 'changed', changes };
}

/** The passwords of sudo, in a file of mode 0600 that Ansible reads before it begins; `forget` removes it. */
async function writePasswords({ workspace: { cluster }, files, secrets }: InfraContext, runId: string) {
  await removeLeftSecrets(files, 'infra');
  const { variables } = await becomePasswords(clusterMembers(cluster), secrets);
  if (Object.keys(variables).length === 0) return { words: [], forget: async () => undefined };
  const file = `infra/secrets-${runId}.json`;
  await files.write(file, `${JSON.stringify(variables)}\n`, { mode: 0o600 });
  return { words: ['-e', `@${files.resolve(file)}`], forget: () => files.remove(file) };
}

async function performKubeconfig(step: Step, context: InfraContext): Promise<StepResult> {
  const fetched = await context.files.read(fetchedKubeconfig);
  if (fetched === undefined || !fetched.includes('clusters:')) {
    throw new AppError({
      code: 'infra/kubeconfig-missing',
      kind: 'remote',
      message: `The installer left no admin kubeconfig at ${context.files.resolve(fetchedKubeconfig)}.`,
      tryThis: 'Look at the end of the installer’s log, then run again: vmstation infra deploy',
    });
  }
  const seen = await context.files.read(workspaceKubeconfig);
  const changed = await context.files.write(workspaceKubeconfig, fetched, { mode: 0o600 });
  const change = {
    target: workspaceKubeconfig,
    attribute: 'content',
    want: 'the cluster’s',
    seen: seen === undefined ? 'absent' : 'another',
  };
  return { ...plain(step), outcome: changed ? 'changed' : 'unchanged', changes: changed ? [change] : [] };
}

async function performVerify(
  step: Step,
  context: InfraContext,
  progress: StepProgress,
  settings: InfraSettings,
): Promise<StepResult> {
  const properties = await settledProperties(step, context, progress, settings);
  const findings = properties.map(({ want: _want, seen: _seen, ...finding }): Finding => finding);
  const worst = worstFinding(findings);
  const outcome = outcomeOf[worst];
  const told = findings.filter((finding) => finding.state === worst && worst !== 'ok' && worst !== 'warning');
  const reason = told.map(({ code, node, evidence }) => `${code}${node === undefined ? '' : ` ${node}`}: ${evidence}`);
  return { ...plain(step), outcome, findings, ...(reason.length === 0 ? {} : { reason: reason.join('; ') }) };
}

/** A fresh cluster needs a while; anything but readiness is wrong at once. */
async function settledProperties(
  step: Step,
  context: InfraContext,
  progress: StepProgress,
  { settleMs }: InfraSettings,
): Promise<Awaited<ReturnType<typeof judgeRunning>>['properties']> {
  const deadline = context.clock.now().getTime() + settleMs;
  let told = '';
  for (;;) {
    const { properties } = await judgeRunning(context);
    const bad = properties.filter((property) => property.state === 'failed' || property.state === 'unreadable');
    const waits = bad.length > 0 && bad.every((property) => settling.has(property.code));
    if (!waits || context.signal.aborted || context.clock.now().getTime() >= deadline) return properties;
    const line = `waiting: ${bad.map((property) => `${property.node ?? property.title}: ${property.seen}`).join('; ')}`;
    if (line !== told) progress(step.id, line);
    told = line;
    await context.clock.sleep(settlePollMs, context.signal).catch(() => undefined);
  }
}

function installerFailed(reason: string, log: string): AppError {
  return new AppError({
    code: 'infra/installer-failed',
    kind: 'remote',
    message: `Kubespray did not end well: ${reason}`,
    tryThis: 'Mend what the failed task names and run again: vmstation infra deploy',
    nextSteps: [`The whole log: ${log}`],
    context: { log },
  });
}

function plain(step: Step): Pick<StepResult, 'stepId' | 'changes' | 'findings'> {
  return { stepId: step.id, changes: [], findings: [] };
}

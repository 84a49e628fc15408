import { readFile, writeFile } from 'node:fs/promises';
import {
  AppError,
  type ClusterPlaybook,
  errorRecord,
  inputHash,
  type PhaseContext,
  type Step,
  type StepProgress,
  type StepResult,
  toAppError,
} from '@vmstation/core';
import type { AnsibleEvent } from '../installer/ansible-events.ts';
import { forgetInstaller, type InstallerEnd, runInstaller } from '../installer/installer-process.ts';
import { removeLeftSecrets } from '../inventory/become-passwords.ts';
import { judgeHost } from './judge-playbook.ts';
import { type PlaybookCommand, playbookCommand } from './playbook-command.ts';

/**
 * Runs one playbook on the nodes of these steps, detached and followed as Kubespray is, and judges each node by the recap. Expected failures are in
 * the results. One result a step, in order.
 */
export async function performPlaybook(
  name: string,
  steps: readonly Step[],
  context: PhaseContext,
  runId: string,
  progress: StepProgress,
): Promise<readonly StepResult[]> {
  const playbook = context.workspace.cluster.playbooks.find((one) => one.name === name);
  if (playbook === undefined) throw new Error(`the model has no playbook ${name}`);
  const nodes = steps.map(({ node }) => node ?? '');
  try {
    const run = await runPlaybook(playbook, nodes, { steps, context, runId, progress });
    for (const node of nodes) context.readings.forget(node);
    return steps.map((step) => resultOf(step, name, run));
  } catch (thrown) {
    const error = toAppError(thrown);
    if (error.kind === 'bug') throw error;
    const outcome =
      error.kind === 'environment' || error.kind === 'refused' || error.kind === 'user' ? 'blocked' : 'failed';
    return steps.map((step) => ({ ...plain(step), outcome, reason: error.message, error: errorRecord(error) }));
  }
}

interface Run {
  readonly end: InstallerEnd;
  readonly log: string;
}

async function runPlaybook(
  playbook: ClusterPlaybook,
  nodes: readonly string[],
  how: {
    readonly steps: readonly Step[];
    readonly context: PhaseContext;
    readonly runId: string;
    readonly progress: StepProgress;
  },
): Promise<Run> {
  const { steps, context, runId, progress } = how;
  const { files, processes, signal } = context;
  const { name } = playbook;
  const noteFile = `playbooks/${name}/running.json`;
  await removeLeftSecrets(files, `playbooks/${name}`);
  const command = await playbookCommand(context, playbook, nodes, { id: runId, check: false });
  const logFile = `runs/${runId}/playbook-${name}.jsonl`;
  try {
    const end = await runInstaller({
      processes,
      files,
      command,
      expected: nodes,
      inputHash: inputHash([steps.map((step) => step.inputHash), nodes]),
      logFile,
      noteFile,
      tell: (line, event) => tellSteps(steps, progress, line, event),
      signal,
    });
    if (end.ended) await forgetInstaller(files, noteFile);
    const log = files.resolve(end.logFile);
    if (end.ended) await maskLog(log, command);
    return { end, log };
  } finally {
    await command.forget();
  }
}

/** A line about one host goes to its step, every other one to all. */
function tellSteps(
  steps: readonly Step[],
  progress: StepProgress,
  line: string,
  event: AnsibleEvent | undefined,
): void {
  const host = event?.kind === 'failure' ? event.failure.host : undefined;
  for (const step of steps) if (host === undefined || step.node === host) progress(step.id, line);
}

/** Ansible's own warnings do not pass through our callback: what they may quote of a secret is taken out afterwards. */
async function maskLog(log: string, { secretValues }: PlaybookCommand): Promise<void> {
  const values = secretValues.filter((value) => value !== '');
  if (values.length === 0) return;
  const before = await readFile(log, 'utf8').catch(() => '');
  let text = before;
  for (const value of values.toSorted((a, b) => b.length - a.length)) text = text.replaceAll(value, '[secret]');
  if (text !== before) await writeFile(log, text);
}

function resultOf(step: Step, name: string, { end, log }: Run): StepResult {
  if (!end.ended) {
    const reason = `stopped watching; the playbook goes on by itself (log: ${log}), and the next run follows it`;
    return { ...plain(step), outcome: 'unknown', reason };
  }
  const verdict = judgeHost(end.record, end.exitCode, step.node ?? '');
  if (verdict.outcome === 'changed' || verdict.outcome === 'unchanged')
    return { ...plain(step), outcome: verdict.outcome, changes: verdict.changes };
  if (verdict.outcome !== 'failed') return { ...plain(step), outcome: verdict.outcome, reason: verdict.reason };
  const error = new AppError({
    code: 'playbook/failed',
    kind: 'remote',
    message: `The playbook ${name} did not end well: ${verdict.reason}`,
    tryThis: `Mend what the failed task names and run it again: vmstation up --only ${step.phase} --tags ${name}`,
    nextSteps: [`The whole log: ${log}`],
    context: { playbook: name, node: step.node, log },
  });
  return { ...plain(step), outcome: 'failed', reason: error.message, error: errorRecord(error) };
}

function plain(step: Step): Pick<StepResult, 'stepId' | 'changes' | 'findings'> {
  return { stepId: step.id, changes: [], findings: [] };
}

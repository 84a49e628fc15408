import {
  asleepBlock,
  blockOf,
  blockOfUnread,
  type ClusterPlaybook,
  inputHash,
  type NodeReading,
  type PhaseContext,
  type PhaseName,
  type Step,
  toAppError,
} from '@vmstation/core';
import { InstallerRecord } from '../installer/installer-record.ts';
import { removeLeftSecrets } from '../inventory/become-passwords.ts';
import { changesOn, judgeHost } from './judge-playbook.ts';
import { ansibleMissing, playbookCommand } from './playbook-command.ts';

const taskPrefix = 'playbook ';
const checkTimeoutMs = 10 * 60_000;

/** The playbook that a step runs; undefined for any other step. */
export function playbookOf(step: Step): string | undefined {
  const task = step.action?.type === 'task' ? step.action.task : '';
  return task.startsWith(taskPrefix) ? task.slice(taskPrefix.length) : undefined;
}

/**
 * The steps of the operator's playbooks that follow a phase: one for each playbook and node, after all of the phase's own steps that concern these nodes, and after the playbooks before it.
 * A playbook that can be asked (`check`) is asked what it would change: reads only.
 */
export async function planPlaybooks(
  phase: PhaseName,
  context: PhaseContext,
  own: readonly Step[],
): Promise<readonly Step[]> {
  const steps: Step[] = [];
  for (const playbook of context.workspace.cluster.playbooks.filter(({ after }) => after === phase))
    steps.push(...(await stepsOf(phase, context, playbook, [...own, ...steps])));
  return steps;
}

async function stepsOf(
  phase: PhaseName,
  context: PhaseContext,
  playbook: ClusterPlaybook,
  before: readonly Step[],
): Promise<readonly Step[]> {
  const readings = new Map<string, NodeReading>();
  for (const node of playbook.nodes) readings.set(node, await context.readings.read(node));
  const missing = (await context.processes.findOnPath('ansible-playbook')) === undefined;
  const awake = playbook.nodes.filter((node) => readings.get(node)?.state !== 'asleep');
  const needed = before.filter(
    ({ node, blockedBy }) => blockedBy?.asleep !== true && (node === undefined || awake.includes(node)),
  );
  const hash = hashOf(context, playbook);
  const steps = playbook.nodes.map((node): Step => {
    const reading = readings.get(node);
    const block =
      reading === undefined || reading.state === 'read'
        ? missing
          ? blockOf(ansibleMissing())
          : undefined
        : reading.state === 'asleep'
          ? asleepBlock(`${node} is asleep (${reading.evidence})`)
          : blockOfUnread(node, reading);
    return {
      id: `${phase}/playbook-${playbook.name}/${node}`,
      phase,
      node,
      title: `Run the playbook ${playbook.name}`,
      why: 'playbooks/ of this workspace; what it does inside is its own affair',
      tags: ['playbooks', playbook.name],
      effect: 'unknown',
      changes: [],
      reversible: false,
      needs: { steps: needed.map(({ id }) => id), awake: [node] },
      action: { type: 'task', task: `${taskPrefix}${playbook.name}` },
      inputHash: hash,
      ...(block === undefined ? {} : { blockedBy: block }),
    };
  });
  if (!playbook.canCheck) return steps;
  const settled = needed.every(({ effect }) => effect === 'none');
  return (await checked(context, playbook, steps)).map((step) => (settled ? step : notYetSettled(step, playbook.name)));
}

/** What changes before it may change the answer: "nothing" holds only for now. */
function notYetSettled(step: Step, name: string): Step {
  if (step.effect !== 'none') return step;
  return {
    ...step,
    effect: 'unknown',
    why: 'check mode says that nothing would change, as the machine is now; other steps change it first',
    action: { type: 'task', task: `${taskPrefix}${name}` },
  };
}

function hashOf({ workspace }: PhaseContext, playbook: ClusterPlaybook): string {
  return inputHash({ playbook, digest: workspace.playbooksDigest });
}

/** Steps as `--check --diff` foretells them. What cannot be foretold stays unknown, with the reason in its `why`. */
async function checked(
  context: PhaseContext,
  playbook: ClusterPlaybook,
  steps: readonly Step[],
): Promise<readonly Step[]> {
  const nodes = steps.filter(({ blockedBy }) => blockedBy === undefined).map(({ node }) => node ?? '');
  if (nodes.length === 0) return steps;
  const { processes, signal, files } = context;
  const record = new InstallerRecord(() => undefined);
  let exitCode: number;
  try {
    await removeLeftSecrets(files, `playbooks/${playbook.name}`);
    const command = await playbookCommand(context, playbook, nodes, { id: 'check', check: true });
    try {
      const { argv, env, cwd } = command;
      const result = await processes.run(argv, { env, cwd, timeoutMs: checkTimeoutMs, signal });
      exitCode = result.exitCode;
      for (const line of result.stdout.split('\n')) record.read(line);
    } finally {
      await command.forget();
    }
  } catch (thrown) {
    const error = toAppError(thrown);
    if (error.kind === 'bug' || error.kind === 'interrupted') throw error;
    return steps.map((step) => ({ ...step, why: `it could not be asked what it would change: ${error.message}` }));
  }
  return steps.map((step) => foretold(step, record, exitCode));
}

function foretold(step: Step, record: InstallerRecord, exitCode: number): Step {
  const { node = '' } = step;
  if (step.blockedBy !== undefined) return step;
  const unpredicted = record.unpredicted.get(node);
  const verdict = judgeHost(record, exitCode, node);
  if (verdict.outcome === 'changed')
    return { ...step, effect: 'change', why: 'check mode says so', changes: changesOn(record, node) };
  if (verdict.outcome === 'unchanged') {
    if (unpredicted !== undefined)
      return {
        ...step,
        why: `check mode cannot tell what "${unpredicted}" would do; without that nothing would change`,
      };
    return { ...step, effect: 'none', why: 'check mode says that nothing would change', action: undefined };
  }
  return { ...step, why: `it could not be asked what it would change: ${verdict.reason}` };
}

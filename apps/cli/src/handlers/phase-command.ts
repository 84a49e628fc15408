import type { PhaseName } from '@vmstation/core';
import type { CommandHandler } from '../command/define-command.ts';
import { runPlan } from './run-plan.ts';

interface PhasePart {
  readonly phase: PhaseName;
  readonly tags?: readonly string[];
}

/** Which phase, and which part of it, each command runs. */
const parts: Readonly<Record<string, PhasePart>> = {
  setup: { phase: 'setup' },
  'setup dependencies': { phase: 'setup', tags: ['dependencies'] },
  'setup ssh-keys': { phase: 'setup', tags: ['ssh-keys'] },
  'setup nodes': { phase: 'setup', tags: ['node-preparation'] },
  'infra deploy': { phase: 'infra' },
  'config apply': { phase: 'config' },
  'monitoring deploy': { phase: 'monitor-stack' },
  'app deploy': { phase: 'application-stack' },
};

/** Runs one phase, narrowed by the command's own part, by names of applications, by `--node` and `--tags`. */
export const handlePhaseCommand: CommandHandler = async (invocation) => {
  const part = parts[invocation.path.join(' ')];
  if (part === undefined) throw new Error(`no phase belongs to the command ${invocation.path.join(' ')}`);
  const names = invocation.rest('names');
  const tags = part.tags ?? (names.length > 0 ? names : invocation.options('tags'));
  // A role of config may be needed before Kubernetes (time is), and then setup carries it.
  const alsoSetup = part.phase === 'config' && tags !== undefined;
  return runPlan(invocation, {
    phases: alsoSetup ? ['setup', part.phase] : [part.phase],
    nodes: invocation.options('node'),
    tags,
  });
};

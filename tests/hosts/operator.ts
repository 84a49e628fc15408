import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import type { OwnMachines } from './own-machines.ts';
import { type Ended, runProgram } from './run-program.ts';

const program = join(import.meta.dirname, '..', '..', 'apps', 'cli', 'src', 'main.ts');

/** Somebody at a terminal, whose agent has the only key that new machines know. */
export interface Operator {
  /** The folder of the workspace that the commands are about. */
  workspace: string;
  /** Runs `vmstation ARGS`. */
  readonly vmstation: (...args: readonly string[]) => Promise<Ended>;
  /** The same with something on standard input. */
  readonly feed: (input: string, ...args: readonly string[]) => Promise<Ended>;
  /** The same without the operator's agent: only the workspace's own key is there. */
  readonly withoutAgent: (...args: readonly string[]) => Promise<Ended>;
}

/**
 * An operator with an ssh-agent, which ends with the file's tests. Set `workspace` before the first command. Commands never hold this process up: it
 * is the one that hands the machines their packages.
 */
export async function startOperator({ identityFile }: OwnMachines): Promise<Operator> {
  const folder = await mkdtemp(join(tmpdir(), 'vmstation-operator-'));
  const socket = join(folder, 'agent');
  const agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: ['ignore', 'pipe', 'inherit'] });
  afterAll(async () => {
    agent.kill();
    await rm(folder, { recursive: true, force: true });
  });
  await new Promise((resolve, reject) => {
    agent.stdout.once('data', resolve);
    agent.once('error', reject);
  });
  const { SSH_AUTH_SOCK: _, ...environment } = process.env;
  const withAgent = { ...environment, CI: '1', SSH_AUTH_SOCK: socket };
  const added = await runProgram('ssh-add', ['-q', identityFile], { env: withAgent });
  if (added.exitCode !== 0) throw new Error(`ssh-add: ${added.text}`);
  const vmstation = (env: NodeJS.ProcessEnv, args: readonly string[], stdin = '') =>
    runProgram(process.execPath, [program, '--workspace', operator.workspace, ...args], { env, stdin });
  const operator: Operator = {
    workspace: '',
    vmstation: (...args) => vmstation(withAgent, args),
    feed: (input, ...args) => vmstation(withAgent, args, input),
    withoutAgent: (...args) => vmstation({ ...environment, CI: '1' }, args),
  };
  return operator;
}

import { execFile, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import type { OwnMachines } from './own-machines.ts';

const program = join(import.meta.dirname, '..', '..', 'apps', 'cli', 'src', 'main.ts');

/** How a command ended: its exit code, and all that it printed. */
export interface Ended {
  readonly exitCode: number;
  readonly text: string;
}

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
  const added = await run('ssh-add', ['-q', identityFile], withAgent);
  if (added.exitCode !== 0) throw new Error(`ssh-add: ${added.text}`);
  const vmstation = (env: NodeJS.ProcessEnv, args: readonly string[], input?: string) =>
    run(process.execPath, [program, '--workspace', operator.workspace, ...args], env, input);
  const operator: Operator = {
    workspace: '',
    vmstation: (...args) => vmstation(withAgent, args),
    feed: (input, ...args) => vmstation(withAgent, args, input),
    withoutAgent: (...args) => vmstation({ ...environment, CI: '1' }, args),
  };
  return operator;
}

function run(file: string, args: readonly string[], env: NodeJS.ProcessEnv, input = ''): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = execFile(
      file,
      args,
      { env, encoding: 'utf8', timeout: 280_000, maxBuffer: 32 << 20 },
      (_, stdout, stderr) => resolve({ exitCode: child.exitCode ?? -1, text: `${stdout}${stderr}` }),
    );
    child.once('error', reject);
    child.stdin?.end(input);
  });
}

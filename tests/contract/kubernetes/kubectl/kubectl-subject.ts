import { execFile, spawn } from 'node:child_process';
import type { ServerVersion } from '../server-version.ts';

/** A kubectl and the cluster it is pointed at. Nothing in it tells the lab from a real one. */
export interface KubectlSubject {
  /** Path of kubectl. */
  readonly program: string;
  /** Path of an administrator's kubeconfig. */
  readonly kubeconfig: string;
  /** A folder of its own: kubectl's home, its discovery cache, and files of cases. */
  readonly folder: string;
  readonly version: ServerVersion;
  /** Namespaces by the official client: a run of kubectl for each would be a quarter of all. */
  readonly namespaces: { create(name: string): Promise<unknown>; remove(name: string): Promise<unknown> };
  /** Image that stays up when started without arguments. */
  readonly image: string;
  /** Image that ends with exit code 0; absent where the cluster has none. */
  readonly endingImage?: string;
  /** How long a case waits for something; also kubectl's own `--timeout`. */
  readonly deadlineSeconds: number;
}

/** How a run of kubectl ended. */
export interface KubectlEnd {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

function environment({ folder, kubeconfig }: KubectlSubject): NodeJS.ProcessEnv {
  const own = { HOME: folder, KUBECONFIG: kubeconfig, TZ: 'UTC', KUBECTL_KUBERC: 'false' };
  // Hundreds of short runs: one thread each and little garbage collection halve what they cost.
  return { PATH: process.env['PATH'], ...own, GOMAXPROCS: '1', GOGC: '400' };
}

function argumentsFor(subject: KubectlSubject, args: readonly string[]): string[] {
  return ['--cache-dir', `${subject.folder}/discovery`, ...args];
}

/** Runs kubectl to its end; a run past twice the subject's deadline is killed and has exit code -1. */
export function runKubectl(subject: KubectlSubject, args: readonly string[], input = ''): Promise<KubectlEnd> {
  return new Promise((resolve) => {
    const options = {
      env: environment(subject),
      cwd: subject.folder,
      timeout: subject.deadlineSeconds * 2000,
      killSignal: 'SIGKILL' as const,
      maxBuffer: 1 << 26,
    };
    const child = execFile(subject.program, argumentsFor(subject, args), options, (error, stdout, stderr) => {
      const code = error === null ? 0 : error.code;
      resolve({ exitCode: typeof code === 'number' ? code : -1, stdout, stderr });
    });
    child.stdin?.on('error', () => {}); // kubectl may end without having read its input
    child.stdin?.end(input);
  });
}

/** A kubectl that goes on: what it printed so far, and how to end it. */
export interface RunningKubectl {
  readonly printed: () => string;
  /** Resolves when `condition` holds of what was printed; rejects at the subject's deadline, or when kubectl ends before. */
  readonly until: (condition: (printed: string) => boolean) => Promise<void>;
  readonly stop: () => Promise<void>;
}

/** Starts a kubectl that watches or follows. */
export function startKubectl(subject: KubectlSubject, args: readonly string[]): RunningKubectl {
  const child = spawn(subject.program, argumentsFor(subject, args), {
    env: environment(subject),
    cwd: subject.folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let printed = '';
  let ended = false;
  const listeners = new Set<() => void>();
  const hear = (chunk?: Buffer): void => {
    printed += chunk?.toString() ?? '';
    for (const listener of listeners) listener();
  };
  child.stdout.on('data', hear);
  child.stderr.on('data', hear);
  const end = new Promise<void>((resolve) => {
    child.on('close', () => {
      ended = true;
      hear();
      resolve();
    });
  });
  return {
    printed: () => printed,
    until: (condition) =>
      new Promise((resolve, reject) => {
        const done = (finish: () => void): void => {
          clearTimeout(timer);
          listeners.delete(look);
          finish();
        };
        const look = (): void => {
          if (condition(printed)) done(resolve);
          else if (ended) done(() => reject(new Error(`kubectl ended first; it printed:\n${printed}`)));
        };
        const timer = setTimeout(
          () => done(() => reject(new Error(`in ${subject.deadlineSeconds} s kubectl printed only:\n${printed}`))),
          subject.deadlineSeconds * 1000,
        );
        listeners.add(look);
        look();
      }),
    stop: () => {
      child.kill('SIGKILL');
      return end;
    },
  };
}

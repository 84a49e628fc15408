import { spawn } from 'node:child_process';

/** How a program of this computer ended, and what it took. */
export interface Ran {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly wallMs: number;
}

/** How long one program took, and the processor time of everything that took part, machines included. */
export interface Cost {
  readonly wallMs: number;
  readonly cpuMs: number;
}

/** A program with the processor time of itself and all that it waited for; what it left running in the background is not in it. */
export interface RanWithCpu extends Ran {
  readonly cpuMs: number;
}

/** Runs a program to its end without holding up this process, which also serves the machines' packages. */
export function run(
  argv: readonly string[],
  how: { readonly stdin?: string; readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<Ran> {
  const [program = '', ...args] = argv;
  const start = performance.now();
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: how.cwd,
      env: how.env ?? process.env,
      stdio: [how.stdin === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout?.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr?.on('data', (chunk: Buffer) => err.push(chunk));
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(how.stdin);
    child.once('error', reject);
    const end = (exitCode: number | null): void =>
      resolve({
        exitCode: exitCode ?? 255,
        stdout: Buffer.concat(out).toString('utf8'),
        stderr: Buffer.concat(err).toString('utf8'),
        wallMs: performance.now() - start,
      });
    // A connection that ssh leaves open in the background keeps standard error, so only standard output is waited for.
    const exited = new Promise<number | null>((done) => child.once('exit', done));
    const told = new Promise<void>((done) => child.stdout?.once('close', done));
    void Promise.all([exited, told]).then(([exitCode]) => end(exitCode));
  });
}

/** {@link run}, where any other exit status than these is an error. */
export async function must(argv: readonly string[], how: Parameters<typeof run>[1] = {}, fine = [0]): Promise<Ran> {
  const ran = await run(argv, how);
  if (fine.includes(ran.exitCode)) return ran;
  throw new Error(
    `${argv.slice(0, 6).join(' ')} … ended with ${ran.exitCode}:\n${ran.stdout.slice(-3000)}${ran.stderr.slice(-3000)}`,
  );
}

/** {@link must} under the shell's own clock of processor time. */
export async function mustWithCpu(
  argv: readonly string[],
  how: Parameters<typeof run>[1] = {},
  fine = [0],
): Promise<RanWithCpu> {
  const timing = `TIMEFORMAT='%U %S'; exec 3>&2; time "$@" 2>&3 3>&-`;
  const ran = await must(['bash', '-c', timing, 'timed', ...argv], how, fine);
  const [user = 0, system = 0] = (ran.stderr.trimEnd().split('\n').at(-1) ?? '').split(' ').map(Number);
  return { ...ran, cpuMs: (user + system) * 1000 };
}

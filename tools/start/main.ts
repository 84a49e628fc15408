import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { bundleCli } from '../build/bundle.ts';
import { root } from '../checks/source-files.ts';
import { isOnPath, tryBlockText } from './try-block.ts';

const binFolder = join(root, 'apps', 'cli', 'bin');
const { values: options } = parseArgs({
  options: { once: { type: 'boolean', default: false }, workspace: { type: 'string' } },
});
// npm runs its scripts in the repository, and says where it was called.
const calledIn = process.env['INIT_CWD'] ?? process.cwd();
const workspace =
  options.workspace === undefined ? join(root, '.lab', 'example') : resolve(calledIn, options.workspace);

const kubectl = isOnPath('kubectl', process.env['PATH'] ?? '');

/** The command that runs now; signals go on to it, and it decides how to end. */
let running: ReturnType<typeof spawn> | undefined;
let interrupted = false;
let wake = (): void => {};
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    interrupted = true;
    running?.kill(signal);
    wake();
  });
}

process.exitCode = await start();

async function start(): Promise<number> {
  await bundleCli();
  if (!existsSync(join(workspace, 'vmstation.yaml'))) {
    const exitCode = await vmstation(['init', '--example', workspace, '--quiet']);
    if (exitCode !== 0) return exitCode;
  }
  const started = await vmstation(['lab', 'start']);
  if (started !== 0) return started;
  const exitCode = await vmstation(['up', '--yes']);
  if (exitCode !== 0 || options.once || interrupted) {
    const stopped = await vmstation(['lab', 'stop']);
    console.log(`\n${tryBlockText({ binFolder, workspace, kubectl, labStopped: true })}`);
    return exitCode === 0 ? stopped : exitCode;
  }
  console.log(`\n${tryBlockText({ binFolder, workspace, kubectl, labStopped: false })}\n\nThe lab stays until Ctrl-C.`);
  await untilInterrupted();
  return vmstation(['lab', 'stop']);
}

/** Runs the product as an operator would; resolves with its exit code. */
function vmstation(args: readonly string[]): Promise<number> {
  const child = spawn(join(binFolder, 'vmstation'), ['--workspace', workspace, ...args], {
    stdio: 'inherit',
    cwd: root,
  });
  running = child;
  return new Promise((end) => {
    child.on('error', (error) => {
      console.error(`vmstation could not be started: ${error.message}`);
      end(1);
    });
    child.on('exit', (code, signal) => {
      running = undefined;
      end(code ?? (signal === null ? 1 : 130));
    });
  });
}

function untilInterrupted(): Promise<void> {
  return new Promise((end) => {
    // A pending promise alone does not keep a process alive.
    const alive = setInterval(() => {}, 60_000);
    wake = () => {
      clearInterval(alive);
      end();
    };
  });
}

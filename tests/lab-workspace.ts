import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { askLab, type FaultPlace, labPaths } from '../packages/lab/src/index.ts';

/** The command line, run from its sources. */
export const program = join(import.meta.dirname, '..', 'apps', 'cli', 'src', 'main.ts');

/** How a command ended; `text` is all that it printed, with the line breaks of the layout taken out. */
export interface Ended {
  readonly exitCode: number;
  readonly text: string;
}

/** An example workspace with a running lab of its own, in a folder of its own. */
export interface LabWorkspace {
  /** Folder of the cluster file. */
  readonly root: string;
  /** Runs the command line as an operator would; `env` is added to the environment. */
  vmstation(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<Ended>;
  /** Switches a fault on, of a machine or of the API; words as on the command line. */
  fault(on: FaultPlace, kind: string, ...words: readonly string[]): Promise<void>;
  /** Ends every fault. */
  clearFaults(): Promise<void>;
  /** Writes counted so far, per machine. */
  writes(): Promise<Readonly<Record<string, number>>>;
  /** Stops the lab and removes the folder. */
  remove(): Promise<void>;
}

/** Makes the example workspace and starts its lab. `prepare` may change its files before the lab starts. */
export async function openLabWorkspace(prepare?: (root: string) => Promise<void>): Promise<LabWorkspace> {
  const folder = await mkdtemp(join(tmpdir(), 'vmstation-lab-'));
  const root = join(folder, 'example');
  const paths = labPaths(root);
  const vmstation = vmstationIn(root);
  const remove = async () => {
    await vmstation(['lab', 'stop']);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    mustSucceed(await vmstation(['init', '--example']));
    await prepare?.(root);
    mustSucceed(await vmstation(['lab', 'start']));
  } catch (thrown) {
    await remove();
    throw thrown;
  }
  return {
    root,
    vmstation,
    fault: async (on, kind, ...words) => {
      await askLab(paths, 'fault.set', { on, kind, words });
    },
    clearFaults: async () => {
      await askLab(paths, 'fault.clear', {});
    },
    writes: async () => (await askLab(paths, 'counters', {})).machines,
    remove,
  };
}

/** The command line on a workspace, as its operator would run it; `always` is added to its environment. */
export function vmstationIn(root: string, always: Readonly<Record<string, string>> = {}): LabWorkspace['vmstation'] {
  return (args, env = {}) => run(['--workspace', root, ...args], { ...always, ...env });
}

function mustSucceed({ exitCode, text }: Ended): void {
  if (exitCode !== 0) throw new Error(`ended with ${exitCode}: ${text}`);
}

function run(args: readonly string[], env: Readonly<Record<string, string>>): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [program, ...args],
      { env: { ...process.env, CI: '1', ...env }, maxBuffer: 1 << 26 },
      (error, stdout, stderr) => {
        const code = error === null ? 0 : error.code;
        const exitCode = typeof code === 'number' ? code : 1;
        resolve({ exitCode, text: `${stdout}${stderr}`.replaceAll(/\s+/g, ' ') });
      },
    );
  });
}

import { FileTree } from '../../disk/file-tree.ts';
import { createVolume, ROOT } from '../../disk/inode.ts';
import { fromByteText, toByteText } from '../../shell/byte-text.ts';
import { RegularFile } from '../../shell/open-file.ts';
import { type Kernel, Process, type Program } from '../../shell/process.ts';
import { freshKernelState, type KernelState } from '../kernel-state.ts';
import { RootFiles } from '../root-files.ts';

/** What a program has answered. */
export interface Answer {
  status: number;
  out: string;
  err: string;
}

/** A machine that is no more than files and a kernel's memory, for tests of single programs. */
export class BareMachine {
  readonly files: RootFiles;
  readonly state: KernelState = freshKernelState('bare', 0, 'Disabled', []);
  readonly #tree: FileTree;
  readonly #kernel: Kernel;

  constructor(files: Readonly<Record<string, string>> = {}) {
    this.#tree = new FileTree(
      createVolume({ id: 'root', kind: 'disk', typeName: 'ext4', device: '/dev/sda2' }, 0),
      () => 0,
    );
    this.files = new RootFiles(this.#tree);
    for (const [path, text] of Object.entries(files)) this.files.write(path, text);
    let pid = 1;
    const kernel: Kernel & { state: KernelState } = {
      tree: this.#tree,
      state: this.state,
      processes: new Map(),
      shellDialect: 'dash',
      now: () => 0,
      nextPid: () => (pid += 1),
      program: () => undefined,
      executed: () => undefined,
      sleep: () => Promise.resolve(),
      frozen: undefined,
    };
    this.#kernel = kernel;
  }

  /** Runs a program to its end. */
  async run(program: Program, ...argv: string[]): Promise<Answer> {
    const sink = (path: string): RegularFile => {
      this.files.write(path, '');
      return new RegularFile(this.#tree, this.#tree.lookup(path, ROOT), true);
    };
    const files = new Map([
      [0, sink('/run/in')],
      [1, sink('/run/out')],
      [2, sink('/run/err')],
    ]);
    const process = new Process(this.#kernel, {
      argv,
      environment: new Map(),
      cwd: '/',
      credentials: ROOT,
      umask: 0o022,
      files,
    });
    const status = await program(process);
    const text = (path: string): string => toByteText(fromByteText(this.files.read(path) ?? ''));
    return { status, out: text('/run/out'), err: text('/run/err') };
  }
}

import { createInode, type FileView, type Inode, ROOT, type Volume } from '../disk/inode.ts';
import type { KernelState } from './kernel-state.ts';
import type { SysctlTable } from './sysctl.ts';
import { VirtualFolder } from './virtual-folder.ts';

/** What /proc/sys is made of. */
export interface SysctlSource {
  readonly sysctl: SysctlTable;
  readonly state: KernelState;
  readonly kernelRelease: string;
  readonly kernelVersion: string;
}

/** Shows the kernel's variables below /proc/sys. What nobody has looked at takes no memory: a lab has many machines. */
export function mountSysctl(parent: VirtualFolder, volume: Volume, source: SysctlSource): void {
  parent.folder('sys', undefined, branchOf('', volume, source));
}

/** Folders and files of one branch, made when they are first looked up. */
function branchOf(branch: string, volume: Volume, source: SysctlSource) {
  const { sysctl } = source;
  const made = new Map<string, Inode>();
  const make = (name: string, kind: 'text' | 'number' | 'branch'): Inode => {
    const key = `${branch}${name}`;
    if (kind !== 'branch') return fileOf(volume, new SysctlView(sysctl, key, kind === 'number'));
    const folder = new VirtualFolder(volume, undefined, branchOf(`${key}.`, volume, source));
    if (key === 'kernel') addAboutTheKernel(folder, source);
    return folder.inode;
  };
  return {
    list: () => sysctl.below(branch),
    lookup: (name: string): Inode | undefined => {
      const kind = sysctl.kindOf(`${branch}${name}`);
      if (kind === undefined) return undefined;
      const inode = made.get(name) ?? make(name, kind);
      made.set(name, inode);
      return inode;
    },
  };
}

function fileOf(volume: Volume, view: FileView): Inode {
  const inode = createInode(volume, 'file', 0o644, ROOT, 0);
  inode.view = view;
  return inode;
}

function addAboutTheKernel(folder: VirtualFolder, { state, kernelRelease, kernelVersion }: SysctlSource): void {
  const random = folder.folder('random');
  random.file('boot_id', () => `${state.bootId}\n`);
  random.file('uuid', () => `${crypto.randomUUID()}\n`);
  folder.file('osrelease', () => `${kernelRelease}\n`);
  // Linux has it since 6.1.
  const [major = 0, minor = 0] = kernelRelease.split('.').map(Number.parseFloat);
  if (major > 6 || (major === 6 && minor >= 1)) folder.file('arch', () => 'x86_64\n');
  folder.file('ostype', () => 'Linux\n');
  folder.file('version', () => `${kernelVersion}\n`);
  folder.file('hostname', {
    read: () => `${state.hostname}\n`,
    write: (data) => {
      state.hostname = data.trim();
    },
  });
}

/** The file of a variable. */
class SysctlView implements FileView {
  readonly #table: SysctlTable;
  readonly #key: string;
  readonly firstReadOnly: boolean;

  constructor(table: SysctlTable, key: string, firstReadOnly: boolean) {
    this.#table = table;
    this.#key = key;
    this.firstReadOnly = firstReadOnly;
  }

  read(): string {
    return `${this.#table.get(this.#key) ?? ''}\n`;
  }

  write(data: string): void {
    this.#table.set(this.#key, data);
  }
}

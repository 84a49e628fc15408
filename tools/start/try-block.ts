import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** What the last lines of `npm start` are made of. */
export interface TryBlock {
  /** Folder with the launcher. */
  readonly binFolder: string;
  readonly workspace: string;
  /** True when the lab was stopped, so that the first thing to do is to start it again. */
  readonly labStopped: boolean;
  /** True where kubectl is installed: the lab's cluster can then be looked at with it. */
  readonly kubectl: boolean;
}

/**
 * Lines that can be pasted into a shell, one after the other: they judge, tamper, find exactly that, and repair it; then a node
 * goes away, is named, and comes back.
 */
export function tryLines({ binFolder, workspace, labStopped, kubectl }: TryBlock): readonly string[] {
  return [
    `export PATH="${binFolder}:$PATH"; cd "${workspace}"`,
    ...(labStopped ? ['vmstation lab start'] : []),
    'vmstation verify all',
    ...(kubectl ? ['kubectl --kubeconfig .vmstation/kubeconfig get nodes,pods -A'] : []),
    'vmstation lab ssh storagenodet3500 -- sudo sysctl -w net.ipv4.ip_forward=0',
    'vmstation drift',
    'vmstation up --yes',
    'vmstation lab fault homelab unreachable',
    'vmstation drift',
    'vmstation lab fault clear',
  ];
}

/** True when `program` can be run from `path`, the value of PATH. */
export function isOnPath(program: string, path: string): boolean {
  return path.split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** The block as it is printed: a heading, then the lines, indented. */
export function tryBlockText(block: TryBlock): string {
  const heading = block.labStopped ? 'Try' : 'Try, in another terminal';
  return [heading, ...tryLines(block).map((line) => `  ${line}`)].join('\n');
}

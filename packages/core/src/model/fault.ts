/** A place in a document: keys and list positions from its root. */
export type DocumentPath = readonly (string | number)[];

/** Something wrong in the operator's files: a stable code with a page, what is wrong, and how to mend it. */
export interface Fault {
  /** `cluster-file/kebab-name` and the like; every code has a page in cluster-docs/errors. */
  readonly code: `${string}/${string}`;
  /** An error refuses the workspace; a warning is shown and does not. */
  readonly severity: 'error' | 'warning';
  readonly path: DocumentPath;
  /** Workspace-relative file that `path` is about; left out for `vmstation.yaml`. */
  readonly document?: string;
  readonly message: string;
  /** How to mend it. */
  readonly tryThis: string;
  /** Another place of the same document that takes part, such as the first use of a duplicate. */
  readonly related?: DocumentPath;
  /** True when the key at the end of `path` is at fault, not its value. */
  readonly atKey?: boolean;
  /** True when the value at `path` may be a secret and is not to be shown. */
  readonly sensitive?: boolean;
}

/** A path as an operator would say it: `nodes.homelab.power.driver`, `monitoring.notify[0]`. The root is `the file`. */
export function formatPath(path: DocumentPath): string {
  let text = '';
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`;
    else text += text === '' ? part : `.${part}`;
  }
  return text === '' ? 'the file' : text;
}

/** True when `path` is `start`, or lies below it. */
export function pathStartsWith(path: DocumentPath, start: DocumentPath): boolean {
  return start.length <= path.length && start.every((part, index) => path[index] === part);
}

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { boundaries } from './boundaries.ts';
import { allFiles, root } from './checks/source-files.ts';

/** A package of the workspace as its package.json describes it. */
export interface WorkspacePackage {
  /** Without the scope: `core`. */
  readonly name: string;
  readonly folder: string;
  readonly description: string;
  /** Packages of ours that it declares, without the scope. */
  readonly internal: readonly string[];
}

const scope = '@vmstation/';

/** Every package that holds sources, in the order of the import table. */
export function readPackages(): readonly WorkspacePackage[] {
  const folders = allFiles()
    .map(({ path }) => /^((?:apps|packages)\/[^/]+)\/src\//.exec(path)?.[1])
    .filter((folder) => folder !== undefined);
  const order = Object.keys(boundaries);
  return [...new Set(folders)]
    .filter((folder) => existsSync(join(root, folder, 'package.json')))
    .map(readPackage)
    .sort((a, b) => order.indexOf(a.name) - order.indexOf(b.name));
}

function readPackage(folder: string): WorkspacePackage {
  const manifest = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) as {
    readonly name: string;
    readonly description: string;
    readonly dependencies?: Readonly<Record<string, string>>;
  };
  return {
    name: manifest.name.slice(scope.length),
    folder,
    description: manifest.description,
    internal: Object.keys(manifest.dependencies ?? {})
      .filter((name) => name.startsWith(scope))
      .map((name) => name.slice(scope.length)),
  };
}

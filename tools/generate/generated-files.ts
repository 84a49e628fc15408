import { cliPages, cliPagesFolder } from './cli-pages.ts';
import { packagesPage } from './packages-page.ts';
import { referencePage } from './reference-page.ts';

/** Everything that is generated into the tree, by path from the root. */
export interface GeneratedFiles {
  readonly files: ReadonlyMap<string, string>;
  /** Folders that hold generated files only: another file there is a leftover. */
  readonly folders: readonly string[];
}

/** Computes every generated file; writes nothing. */
export async function generatedFiles(): Promise<GeneratedFiles> {
  return {
    files: new Map([
      ['packages/cluster-docs/architecture/packages.md', packagesPage()],
      ['packages/cluster-docs/reference/cluster-file.md', referencePage()],
      ...cliPages(),
    ]),
    folders: [cliPagesFolder],
  };
}

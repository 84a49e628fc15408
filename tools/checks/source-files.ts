import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Folder of the repository. */
export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

const notOurs = new Set(['node_modules', 'dist', 'coverage', '.git', '.lab', '.vmstation']);

/** A text file of the repository; `path` is relative to the root with forward slashes. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

let listed: readonly SourceFile[] | undefined;

/** Every text file that belongs to the repository; read once. */
export function allFiles(): readonly SourceFile[] {
  listed ??= [...walk(root)];
  return listed;
}

/** TypeScript that we write by hand. */
export function typescriptFiles(): readonly SourceFile[] {
  return allFiles().filter(({ path }) => /[.](ts|mjs)$/.test(path) && !path.includes('.gen.'));
}

/** TypeScript of apps and packages that ends up in the product: no tests, no repository tools. */
export function productFiles(): readonly SourceFile[] {
  return typescriptFiles().filter(({ path }) => /^(apps|packages)\//.test(path) && !isTest(path));
}

/** True for a test or what only tests use. */
export function isTest(path: string): boolean {
  return /[.]test[.]ts$|^tests\/|\/testing\//.test(path);
}

function* walk(folder: string): Generator<SourceFile> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    // In a working tree beside the clone, .git is a file.
    if (notOurs.has(entry.name)) continue;
    const full = join(folder, entry.name);
    if (entry.isDirectory()) yield* walk(full);
    else if (entry.isFile()) {
      const text = readFileSync(full, 'utf8');
      if (!text.includes('\0')) yield { path: relative(root, full).replaceAll('\\', '/'), text };
    }
  }
}

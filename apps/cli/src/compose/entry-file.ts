import { fileURLToPath } from 'node:url';

/** Programs of ours that are started as processes of their own. */
export type EntryName = 'lab-daemon' | 'lab-installer';

/** Absolute path of such a program: beside the bundle, or among the sources when it runs from them. */
export function entryFile(name: EntryName): string {
  const fromSources = import.meta.url.endsWith('.ts');
  return fileURLToPath(new URL(fromSources ? `../${name}.entry.ts` : `./${name}.entry.js`, import.meta.url));
}

import { FileSystemError } from '../../disk/file-system-error.ts';
import type { Process } from '../../shell/process.ts';

/** Reads a configuration file as the program would; the reason is strerror(3)'s where it cannot. */
export async function readConfig(process: Process, path: string): Promise<{ text: string } | { reason: string }> {
  try {
    return { text: await process.readFile(path) };
  } catch (error) {
    if (!(error instanceof FileSystemError)) throw error;
    return { reason: error.message };
  }
}

/** Files that a path with `*` and `?` in its last part names, in byte order; a path without them names itself if it is there. */
export function globFiles(process: Process, pattern: string): string[] {
  const [, folder = '', name = ''] = /^(.*)\/([^/]*)$/.exec(pattern) ?? [];
  if (!/[*?]/.test(name)) return process.find(pattern) ? [pattern] : [];
  const expression = new RegExp(
    `^${name
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.')}$`,
  );
  if (process.find(folder || '/')?.kind !== 'directory') return [];
  return process.kernel.tree
    .list(process.path(folder || '/'), process.credentials)
    .filter((one) => expression.test(one) && !one.startsWith('.'))
    .map((one) => `${folder}/${one}`);
}

/** The set of the words of a text. */
export function words(text: string): ReadonlySet<string> {
  return new Set(text.split(/\s+/).filter(Boolean));
}

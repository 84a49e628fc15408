import { permits } from '../disk/inode.ts';
import { hasPattern, patternRegExp, unescapePattern } from './pattern.ts';
import type { Process } from './process.ts';

/** Existing paths that a pattern matches, sorted; names that begin with a dot only where the pattern does. */
export function matchPaths(pattern: string, process: Process): string[] {
  const absolute = pattern.startsWith('/');
  const segments = pattern.split('/').filter((segment, index) => segment !== '' || index > 0);
  let bases = [absolute ? '/' : ''];
  for (const [index, segment] of segments.entries()) {
    if (segment === '') continue;
    const last = index === segments.length - 1;
    bases = bases.flatMap((base) => expandSegment(base, segment, process, last));
  }
  const needsDirectory = pattern.endsWith('/');
  const found = needsDirectory ? bases.map((base) => `${base}/`) : bases;
  return found.filter((path) => process.find(path, false) !== undefined).toSorted();
}

function expandSegment(base: string, segment: string, process: Process, last: boolean): string[] {
  const join = (name: string): string => (base === '' || base === '/' ? `${base}${name}` : `${base}/${name}`);
  if (!hasPattern(segment)) return [join(unescapePattern(segment))];
  const directory = process.find(base === '' ? process.cwd : base);
  if (directory?.kind !== 'directory' || !permits(directory, process.credentials, 4)) return [];
  const expression = patternRegExp(segment);
  const names = process.kernel.tree.list(process.path(base === '' ? '.' : base), process.credentials);
  return names
    .filter((name) => (segment.startsWith('.') || !name.startsWith('.')) && expression.test(name))
    .map(join)
    .filter((path) => last || process.find(path)?.kind === 'directory');
}

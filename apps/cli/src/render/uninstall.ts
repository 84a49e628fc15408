import type { KeptChange, KeptRecords } from '@vmstation/host';
import { table } from './layout.ts';
import type { Style } from './style.ts';

/** What an uninstallation would put back: each path once, as it was first found, then what is no path. */
export function renderKeptRecords(node: string, { folder, changes }: KeptRecords, style: Style): string {
  if (folder === undefined) return `${node} keeps nothing of this tool: there is nothing to take back.`;
  const runs = new Set(changes.map(({ run }) => run));
  const rows = [...pathRows(changes), ...otherRows(changes)];
  if (rows.length === 0) return `${node} is as it was found; only the records in ${folder} are left to remove.`;
  const head = `${node}: ${runs.size} ${runs.size === 1 ? 'run is' : 'runs are'} taken back, newest first, then ${folder} is removed`;
  return [head, ...table(['', ''], rows, style)].join('\n');
}

function pathRows(changes: readonly KeptChange[]): string[][] {
  const newest = new Map<string, { readonly changed: boolean; readonly tried: boolean }>();
  const oldest = new Map<string, string>();
  for (const { paths, guard } of changes)
    for (const { path, before, after, now } of paths) {
      const changed = after !== undefined && now !== after && now !== before;
      newest.set(path, newest.get(path) ?? { changed, tried: guard !== undefined });
      oldest.set(path, before);
    }
  return [...oldest].map(([path, before]) => {
    const known = newest.get(path);
    if (known?.changed === true) return ['left', `${path} (somebody changed it since)`];
    return [before === 'absent' ? 'removed' : 'put back', known?.tried === true ? `${path} (in try mode)` : path];
  });
}

function otherRows(changes: readonly KeptChange[]): string[][] {
  const withoutPath = changes.filter(({ paths }) => paths.length === 0);
  const ids = new Map(withoutPath.flatMap(({ ids: own, guard }) => own.map((id) => [id, guard] as const)));
  return [...ids].map(([id, guard]) => ['taken back', guard === undefined ? id : `${id} (in try mode)`]);
}

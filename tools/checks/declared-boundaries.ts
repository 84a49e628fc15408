import { boundaries } from '../boundaries.ts';
import { readPackages } from '../packages.ts';
import type { Check } from './check.ts';

/** What package.json files declare agrees with the import table, and the table is acyclic. */
export const declaredBoundaries: Check = {
  name: 'declared boundaries',
  async run() {
    const problems: string[] = [];
    for (const { name, folder, internal } of readPackages()) {
      const row = boundaries[name];
      if (row === undefined) {
        problems.push(`${folder}: has no row in tools/boundaries.ts`);
        continue;
      }
      for (const target of internal) {
        if (!row.mayImport.includes(target))
          problems.push(`${folder}/package.json depends on ${target}: ${row.reason}`);
      }
    }
    return [...problems, ...cycles()];
  },
};

function cycles(): readonly string[] {
  const done = new Set<string>();
  const problems: string[] = [];
  const visit = (name: string, path: readonly string[]): void => {
    if (path.includes(name)) problems.push(`tools/boundaries.ts allows a cycle: ${[...path, name].join(' → ')}`);
    if (path.includes(name) || done.has(name)) return;
    for (const next of boundaries[name]?.mayImport ?? []) visit(next, [...path, name]);
    done.add(name);
  };
  for (const name of Object.keys(boundaries)) visit(name, []);
  return problems;
}

import { AppError } from '../errors/app-error.ts';
import type { PhaseName } from './phase-name.ts';

/** What the graph needs to know of a phase. */
export interface PhaseEdges {
  readonly name: PhaseName;
  readonly needs: readonly PhaseName[];
}

/** Orders phases so that each comes after those it needs, keeping the given order otherwise. Throws internal/phase-cycle for a circle or a missing phase. */
export function orderPhases<P extends PhaseEdges>(phases: readonly P[]): readonly P[] {
  const ordered: P[] = [];
  const placed = new Set<PhaseName>();
  let rest = [...phases];
  while (rest.length > 0) {
    const next = rest.find((phase) => phase.needs.every((need) => placed.has(need)));
    if (next === undefined) {
      const stuck = rest.map(
        (phase) => `${phase.name} needs ${phase.needs.filter((need) => !placed.has(need)).join(', ')}`,
      );
      throw new AppError({
        code: 'internal/phase-cycle',
        kind: 'bug',
        message: `The phases have no order: ${stuck.join('; ')}.`,
      });
    }
    ordered.push(next);
    placed.add(next.name);
    rest = rest.filter((phase) => phase !== next);
  }
  return ordered;
}

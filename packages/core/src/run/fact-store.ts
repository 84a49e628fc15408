import type { Observed, PhaseFacts } from '../phase/facts.ts';
import { missing } from '../phase/facts.ts';
import type { PhaseContext } from '../phase/phase.ts';
import type { PhaseName } from '../phase/phase-name.ts';
import type { AnyPhase, RunPorts } from './run-ports.ts';

/** Facts of phases, observed when first asked for and kept until something changed. */
export interface FactStore {
  /** The context of a phase, with the facts that it declares to need. */
  contextFor(phase: AnyPhase): Promise<PhaseContext<PhaseName>>;
  fact(name: PhaseName): Promise<Observed<PhaseFacts[PhaseName]>>;
  /** Forgets the facts of a phase and of all that need it. */
  forget(name: PhaseName): void;
}

/** A {@link FactStore} over the phases of a platform. */
export function factStore(ports: Pick<RunPorts, 'phases' | 'context'>): FactStore {
  const phases = new Map(ports.phases.map((phase) => [phase.name, phase]));
  const kept = new Map<PhaseName, Promise<Observed<PhaseFacts[PhaseName]>>>();

  const observe = async (name: PhaseName): Promise<Observed<PhaseFacts[PhaseName]>> => {
    const phase = phases.get(name);
    if (phase === undefined) return missing(name, 'plan/phase-absent', `this platform has no phase ${name}`);
    return phase.observe(await contextFor(phase));
  };
  const fact = (name: PhaseName) => {
    const known = kept.get(name);
    if (known !== undefined) return known;
    const observed = observe(name);
    kept.set(name, observed);
    return observed;
  };
  const contextFor = async (phase: AnyPhase): Promise<PhaseContext<PhaseName>> => {
    const facts: Partial<Record<PhaseName, Observed<PhaseFacts[PhaseName]>>> = {};
    for (const need of phase.needs) facts[need] = await fact(need);
    // A phase's own type lets it read only the facts that it declares to need; those are all here.
    return { ...ports.context, facts: facts as PhaseContext<PhaseName>['facts'] };
  };
  const forget = (name: PhaseName) => {
    kept.delete(name);
    for (const phase of ports.phases) if (phase.needs.includes(name) && kept.has(phase.name)) forget(phase.name);
  };
  return { contextFor, fact, forget };
}

import type { Outcome, PhaseName, RunEvent, Step } from '@vmstation/core';

/** A step that is being carried out. */
export interface RunningStep {
  readonly step: Step | undefined;
  readonly stepId: string;
  readonly startedAtMs: number;
  /** The last line that it told. */
  readonly line: string;
}

/** What is known of a run at one moment: folded from its events. */
export interface ProgressState {
  readonly steps: ReadonlyMap<string, Step>;
  readonly phase: { readonly name: PhaseName; readonly title: string; readonly startedAtMs: number } | undefined;
  readonly stepsInPhase: number;
  /** Outcomes of the steps of the phase so far. */
  readonly ended: readonly Outcome[];
  readonly running: ReadonlyMap<string, RunningStep>;
  /** Reasons that the phase has shown already: what stops thirty steps is said once. */
  readonly reasons: ReadonlySet<string>;
}

/** Before the first event. */
export const noProgress: ProgressState = {
  steps: new Map(),
  phase: undefined,
  stepsInPhase: 0,
  ended: [],
  running: new Map(),
  reasons: new Set(),
};

/** The state after one more event. Pure. */
export function advance(state: ProgressState, event: RunEvent): ProgressState {
  const atMs = Date.parse(event.at);
  switch (event.type) {
    case 'plan-recorded':
      return {
        ...state,
        steps: new Map([...state.steps, ...event.plan.steps.map((step) => [step.id, step] as const)]),
      };
    case 'phase-started':
      return {
        ...state,
        phase: { name: event.phase, title: event.title, startedAtMs: atMs },
        stepsInPhase: event.steps,
        ended: [],
        running: new Map(),
        reasons: new Set(),
      };
    case 'step-started': {
      const begun = { step: state.steps.get(event.stepId), stepId: event.stepId, startedAtMs: atMs, line: '' };
      return { ...state, running: new Map(state.running).set(event.stepId, begun) };
    }
    case 'step-progress': {
      const known = state.running.get(event.stepId);
      if (known === undefined) return state;
      return { ...state, running: new Map(state.running).set(event.stepId, { ...known, line: event.line }) };
    }
    case 'step-ended': {
      const running = new Map(state.running);
      running.delete(event.result.stepId);
      const reasons = new Set(state.reasons).add(event.result.reason ?? '');
      return { ...state, running, reasons, ended: [...state.ended, event.result.outcome] };
    }
    case 'phase-ended':
      return { ...state, phase: undefined, running: new Map() };
    case 'run-started':
    case 'run-ended':
      return state;
  }
}

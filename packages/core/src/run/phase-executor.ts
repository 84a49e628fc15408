import { errorRecord } from '../errors/app-error.ts';
import { toAppError } from '../errors/to-app-error.ts';
import type { PhaseContext } from '../phase/phase.ts';
import type { PhaseName } from '../phase/phase-name.ts';
import type { Step } from '../plan/step.ts';
import type { GuardArea } from '../resource/resource.ts';
import type { AnyPhase, RunPorts } from './run-ports.ts';
import type { StepResult } from './step-result.ts';
import { decideWithoutRunning, ended, guardOf, isReady, mayBuildOn, type StepUnit, unitsOf } from './step-schedule.ts';

/** What the executor of one phase works with. */
export interface PhaseExecution {
  readonly runId: string;
  readonly phase: AnyPhase;
  readonly context: PhaseContext<PhaseName>;
  readonly ports: RunPorts;
  /** Results of the whole run so far; added to. */
  readonly results: Map<string, StepResult>;
  /** The operator asked to stop: the unit in hand ends, no other begins. */
  readonly stopped: () => boolean;
}

/** Carries out the steps of a phase side by side; one failed node fails its own steps and what depends on them. Returns true when anything was carried out. */
export async function executePhaseSteps(execution: PhaseExecution, steps: readonly Step[]): Promise<boolean> {
  const schedule = new PhaseSchedule(execution, steps);
  await schedule.run();
  return schedule.carriedOut;
}

class PhaseSchedule {
  carriedOut = false;
  readonly #execution: PhaseExecution;
  readonly #waiting: Set<Step>;
  readonly #running = new Map<string, Promise<void>>();
  readonly #busyNodes = new Set<string>();

  constructor(execution: PhaseExecution, steps: readonly Step[]) {
    this.#execution = execution;
    this.#waiting = new Set(steps);
  }

  async run(): Promise<void> {
    for (;;) {
      if (this.#execution.stopped()) {
        await Promise.all(this.#running.values());
        for (const step of this.#waiting) this.#end(step, ended(step, 'not-run', 'stopped by the operator'), 0);
        return;
      }
      if (this.#decide()) continue;
      for (const unit of this.#startable()) this.#start(unit);
      if (this.#running.size === 0) break;
      await Promise.race(this.#running.values());
    }
    for (const step of this.#waiting) {
      this.#end(step, ended(step, 'blocked', `needs steps that wait for it: ${step.needs.steps.join(', ')}`), 0);
    }
  }

  /** Ends every step that needs no call. Returns true when any ended, as that may free others. */
  #decide(): boolean {
    let any = false;
    const open = this.#openIds();
    for (const step of this.#waiting) {
      if (!isReady(step, open)) continue;
      const result = decideWithoutRunning(step, this.#execution.results) ?? this.#heldBack(step);
      if (result === undefined) continue;
      this.#waiting.delete(step);
      this.#end(step, result, 0);
      any = true;
    }
    return any;
  }

  #startable(): readonly StepUnit[] {
    const open = this.#openIds();
    const units = unitsOf([...this.#waiting].filter((step) => isReady(step, open)));
    const plain = units.filter((unit) => unit.guard === undefined);
    const unguardedHostWork = plain.some((unit) => unit.node !== undefined) || this.#unguardedInHand > 0;
    const startable = unguardedHostWork ? plain : [...plain, ...this.#startableGuarded(units)];
    const nodes = new Set(this.#busyNodes);
    return startable.filter((unit) => {
      if (unit.node === undefined) return !this.#running.has(unit.key);
      if (nodes.has(unit.node)) return false;
      nodes.add(unit.node);
      return true;
    });
  }

  /** Guarded changes come last, and one host first: what locks one machine out must not lock out the next. */
  #startableGuarded(units: readonly StepUnit[]): readonly StepUnit[] {
    const guarded = units.filter((unit) => unit.guard !== undefined);
    const proven = guarded.filter((unit) => unit.guard !== undefined && this.#provenAreas.has(unit.guard));
    if (proven.length > 0) return proven;
    return this.#busyNodes.size > 0 ? [] : guarded.slice(0, 1);
  }

  /** What was refused on the first host is tried on no other in this run. */
  #heldBack(step: Step): StepResult | undefined {
    const area = guardOf(step);
    if (area === undefined || this.#provenAreas.has(area)) return undefined;
    const failed = this.#failedFirst.get(area);
    if (failed === undefined) return undefined;
    const reason = `${failed} ended failed, and what may lock one machine out is not tried on the next`;
    const tryThis = `Mend the cause there first. If it is that machine's own, try this one alone: --node ${step.node}.`;
    return { ...ended(step, 'blocked', reason), consequenceOf: failed, tryThis };
  }

  #openIds(): ReadonlySet<string> {
    return new Set([...this.#waiting].map((step) => step.id).concat([...this.#inHand]));
  }

  readonly #inHand = new Set<string>();
  /** Ways in whose change was confirmed on a first host. */
  readonly #provenAreas = new Set<GuardArea>();
  /** The step that failed on a first host, by way in. */
  readonly #failedFirst = new Map<GuardArea, string>();
  #unguardedInHand = 0;

  #start(unit: StepUnit): void {
    this.carriedOut = true;
    for (const step of unit.steps) {
      this.#waiting.delete(step);
      this.#inHand.add(step.id);
      const { ports, runId } = this.#execution;
      ports.emit({ type: 'step-started', at: this.#at(), runId, stepId: step.id });
    }
    if (unit.node !== undefined) this.#busyNodes.add(unit.node);
    const unguardedHost = unit.node !== undefined && unit.guard === undefined;
    if (unguardedHost) this.#unguardedInHand += 1;
    const work = this.#perform(unit).finally(() => {
      this.#running.delete(unit.key);
      if (unit.node !== undefined) this.#busyNodes.delete(unit.node);
      if (unguardedHost) this.#unguardedInHand -= 1;
    });
    this.#running.set(unit.key, work);
  }

  async #perform(unit: StepUnit): Promise<void> {
    const { phase, context, ports, runId } = this.#execution;
    const startedAt = ports.context.clock.now().getTime();
    const progress = (stepId: string, line: string) =>
      ports.emit({ type: 'step-progress', at: this.#at(), runId, stepId, line });
    let results: readonly StepResult[];
    try {
      results =
        unit.node === undefined
          ? await phase.perform(unit.steps, context, runId, progress)
          : await ports.performHostSteps(unit.node, unit.steps, runId, progress);
    } catch (thrown) {
      const error = toAppError(thrown);
      const outcome = error.kind === 'interrupted' ? 'not-run' : 'failed';
      results = unit.steps.map((step) => ({ ...ended(step, outcome, error.message), error: errorRecord(error) }));
    }
    if (unit.node !== undefined) context.readings.forget(unit.node);
    const durationMs = ports.context.clock.now().getTime() - startedAt;
    if (unit.guard !== undefined) this.#judgeFirst(unit.guard, results);
    for (const step of unit.steps) {
      this.#inHand.delete(step.id);
      const result = results.find((candidate) => candidate.stepId === step.id);
      // A step that nobody answered for did not run, and that is a failure, never a success.
      this.#end(step, result ?? ended(step, 'failed', 'its performer gave no result'), durationMs);
    }
  }

  #judgeFirst(area: GuardArea, results: readonly StepResult[]): void {
    if (results.every(({ outcome }) => mayBuildOn(outcome))) this.#provenAreas.add(area);
    const failed = results.find(({ outcome }) => outcome === 'failed');
    if (failed !== undefined && !this.#failedFirst.has(area)) this.#failedFirst.set(area, failed.stepId);
  }

  #end(step: Step, result: StepResult, durationMs: number): void {
    const { results, ports, runId } = this.#execution;
    results.set(step.id, result);
    ports.emit({ type: 'step-ended', at: this.#at(), runId, result, inputHash: step.inputHash, durationMs });
  }

  #at(): string {
    return this.#execution.ports.context.clock.now().toISOString();
  }
}

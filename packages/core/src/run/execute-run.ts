import { errorRecord } from '../errors/app-error.ts';
import { toAppError } from '../errors/to-app-error.ts';
import type { Finding } from '../finding/finding.ts';
import { worstFinding } from '../finding/finding.ts';
import { outcomeOf } from '../outcome/outcome.ts';
import type { Plan, Step } from '../plan/step.ts';
import { type FactStore, factStore } from './fact-store.ts';
import { executePhaseSteps } from './phase-executor.ts';
import { planOf, planPhase, stepsThatWiden } from './plan-run.ts';
import type { RunSummary } from './run-event.ts';
import type { AnyPhase, RunPorts } from './run-ports.ts';
import { summarise, verificationResults } from './run-summary.ts';
import type { StepResult } from './step-result.ts';
import { mayBuildOn } from './step-schedule.ts';

/** How a run is carried out. */
export interface RunOptions {
  readonly runId: string;
  /** The command line, for the journal; never with secrets. */
  readonly command: string;
  /** Asked when a child plan has irreversible steps that its parent did not announce. */
  readonly approveWidening: (steps: readonly Step[]) => Promise<boolean>;
}

/**
 * Carries out a plan phase by phase. At each boundary it observes again when anything was carried out before, records the child
 * plan, runs its steps, and verifies the phase against the live state. Never throws for a failed step: that is in the summary.
 */
export async function executeRun(
  ports: RunPorts,
  plan: Plan,
  options: RunOptions,
  facts: FactStore = factStore(ports),
): Promise<RunSummary> {
  const run = new Run(ports, plan, options, facts);
  return run.execute();
}

class Run {
  readonly #ports: RunPorts;
  readonly #plan: Plan;
  readonly #options: RunOptions;
  readonly #facts: FactStore;
  readonly #results = new Map<string, StepResult>();
  readonly #verifications: StepResult[] = [];
  /** Something was carried out, so what was observed before planning may no longer hold. */
  #stale = false;

  constructor(ports: RunPorts, plan: Plan, options: RunOptions, facts: FactStore) {
    this.#ports = ports;
    this.#plan = plan;
    this.#options = options;
    this.#facts = facts;
  }

  async execute(): Promise<RunSummary> {
    const { journal, context, versions } = this.#ports;
    const { runId, command } = this.#options;
    const startedAt = context.clock.now();
    const cluster = this.#plan.cluster;
    journal.begin({ runId, command, cluster, startedAt, versions });
    this.#emit({ type: 'run-started', command, cluster });
    this.#emit({ type: 'plan-recorded', plan: this.#plan });
    try {
      for (const phase of this.#ports.phases) {
        if (this.#plan.scope.phases.includes(phase.name)) await this.#executePhase(phase);
      }
    } catch (thrown) {
      // The journal tells the truth even about our own bugs: the run ended, and not well.
      const error = toAppError(thrown);
      this.#verifications.push({
        stepId: 'run',
        outcome: 'failed',
        reason: error.message,
        changes: [],
        findings: [],
        error: errorRecord(error),
      });
      this.#end(startedAt);
      throw error;
    }
    return this.#end(startedAt);
  }

  #end(startedAt: Date): RunSummary {
    const endedAt = this.#ports.context.clock.now();
    const summary = summarise(this.#options.runId, [...this.#results.values()], this.#verifications, {
      stopped: this.#stopped(),
      durationMs: endedAt.getTime() - startedAt.getTime(),
    });
    this.#emit({ type: 'run-ended', summary });
    this.#ports.journal.end(this.#options.runId, summary, endedAt);
    return summary;
  }

  async #executePhase(phase: AnyPhase): Promise<void> {
    const startedAt = this.#ports.context.clock.now().getTime();
    const steps = await this.#stepsOf(phase);
    this.#emit({ type: 'phase-started', phase: phase.name, title: phase.title, steps: steps.length });
    const context = await this.#facts.contextFor(phase);
    const carriedOut = await executePhaseSteps(
      {
        runId: this.#options.runId,
        phase,
        context,
        ports: this.#ports,
        results: this.#results,
        stopped: () => this.#stopped(),
      },
      steps,
    );
    if (carriedOut && steps.some((step) => step.action !== undefined && step.action.type !== 'check')) {
      this.#stale = true;
      this.#facts.forget(phase.name);
    }
    const findings = await this.#verify(phase, steps);
    this.#verifications.push(...verificationResults(phase.name, findings));
    const results = steps.map((step) => this.#results.get(step.id));
    const firstBad = results.find((result) => result !== undefined && !mayBuildOn(result.outcome));
    this.#emit({
      type: 'phase-ended',
      phase: phase.name,
      outcome: firstBad?.outcome ?? (findings.length > 0 ? outcomeOf[worstFinding(findings)] : worstGreen(results)),
      findings,
      durationMs: this.#ports.context.clock.now().getTime() - startedAt,
    });
  }

  async #stepsOf(phase: AnyPhase): Promise<readonly Step[]> {
    const planned = this.#plan.steps.filter((step) => step.phase === phase.name);
    const foreseenOnly = planned.some((step) => step.unknownUntil !== undefined);
    if ((!this.#stale && !foreseenOnly) || this.#stopped()) return planned;
    const fresh = await planPhase(phase, this.#plan.scope, this.#facts);
    const steps = await this.#withoutWidening(fresh);
    this.#emit({ type: 'plan-recorded', plan: planOf(this.#ports, this.#plan.scope, steps, this.#plan.id) });
    return steps;
  }

  /** Irreversible steps that the approved plan did not announce run only when the operator says so now. */
  async #withoutWidening(steps: readonly Step[]): Promise<readonly Step[]> {
    const widening = stepsThatWiden(this.#plan, steps);
    if (widening.length === 0 || (await this.#options.approveWidening(widening))) return steps;
    const refused = new Set(widening.map((step) => step.id));
    const blockedBy = { code: 'plan/widened', reason: 'it cannot be undone and was not in the approved plan' };
    return steps.map((step) => (refused.has(step.id) ? { ...step, blockedBy } : step));
  }

  /** Something of the phase waits for an earlier one: what its verification would miss says again what that one has said. */
  #waitsForAnother(steps: readonly Step[]): boolean {
    const own = new Set(steps.map((step) => step.id));
    return steps.some((step) => {
      const result = this.#results.get(step.id);
      return result?.outcome === 'blocked' && result.consequenceOf !== undefined && !own.has(result.consequenceOf);
    });
  }

  /** A narrowed run proves its own steps by their postconditions; the phase as a whole is judged only by a whole run of it. */
  async #verify(phase: AnyPhase, steps: readonly Step[]): Promise<readonly Finding[]> {
    const { nodes, tags, resources } = this.#plan.scope;
    if (this.#stopped() || tags !== undefined || resources !== undefined) return [];
    const reached =
      steps.length === 0 || steps.some((step) => mayBuildOn(this.#results.get(step.id)?.outcome ?? 'not-run'));
    if (!reached || this.#waitsForAnother(steps)) return [];
    const findings = await phase.verify(await this.#facts.contextFor(phase));
    return findings.filter(
      (finding) => nodes === undefined || finding.node === undefined || nodes.includes(finding.node),
    );
  }

  #stopped(): boolean {
    return this.#ports.context.signal.aborted;
  }

  #emit(event: EventWithoutEnvelope): void {
    const at = this.#ports.context.clock.now().toISOString();
    this.#ports.emit({ ...event, at, runId: this.#options.runId });
  }
}

type Envelope = 'at' | 'runId';
type Distribute<T> = T extends unknown ? Omit<T, Envelope> : never;
type EventWithoutEnvelope = Distribute<Parameters<RunPorts['emit']>[0]>;

function worstGreen(results: readonly (StepResult | undefined)[]): StepResult['outcome'] {
  const seen = new Set(results.map((result) => result?.outcome));
  if (seen.has('not-proved')) return 'not-proved';
  return seen.has('changed') ? 'changed' : 'unchanged';
}

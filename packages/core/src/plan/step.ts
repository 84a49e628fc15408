import type { PhaseName } from '../phase/phase-name.ts';
import type { GuardArea, ResourceId } from '../resource/resource.ts';
import type { StepBlock } from './step-block.ts';

/** `none`: observed equal, nothing to do · `change` · `unknown`: cannot be predicted before an earlier phase has run, or at all. */
export type StepEffect = 'none' | 'change' | 'unknown';

/** One thing that a step would change, as shown in the plan. Secrets appear as digests. */
export interface StepChange {
  /** A resource id, an object (`Deployment monitoring/grafana`) or a file. */
  readonly target: string;
  readonly attribute: string;
  readonly want: string;
  readonly seen: string;
  /** Unified text for files. */
  readonly diff?: string;
}

/** What carries a step out. Data only; the runner of that type knows how. */
export type StepAction =
  | { readonly type: 'host'; readonly resources: readonly ResourceId[]; readonly guard: GuardArea | undefined }
  /** Server-side apply of one named set of objects, then waiting for it. */
  | { readonly type: 'manifests'; readonly set: string }
  /** Reads and judges; changes nothing; its findings decide the outcome. */
  | { readonly type: 'check'; readonly check: string }
  /** Work that a phase does by itself, for example running the installer. */
  | { readonly type: 'task'; readonly task: string };

/** The smallest unit of a plan: immutable data. */
export interface Step {
  /** `phase/subject/node`, stable from run to run. */
  readonly id: string;
  readonly phase: PhaseName;
  /** The node it acts on; undefined for the cluster as a whole. */
  readonly node: string | undefined;
  readonly title: string;
  readonly why: string;
  /** The role, component or check: what `--tags` selects. */
  readonly tags: readonly string[];
  readonly effect: StepEffect;
  readonly changes: readonly StepChange[];
  readonly reversible: boolean;
  readonly needs: {
    /** Steps that must have ended green. */
    readonly steps: readonly string[];
    /** Nodes that must be awake. */
    readonly awake: readonly string[];
  };
  /** Undefined when nothing has to be done: observed equal. */
  readonly action: StepAction | undefined;
  /** Set when the step can be predicted only after that phase has run. */
  readonly unknownUntil?: PhaseName;
  /** Set when it is known now that the step cannot run: why, and the code that explains it. */
  readonly blockedBy?: StepBlock;
  /** sha256 over what shapes the step; a resumed run trusts an earlier success only with the same hash. */
  readonly inputHash: string;
}

/** What a plan is about. Undefined means: all. */
export interface PlanScope {
  readonly phases: readonly PhaseName[];
  readonly nodes: readonly string[] | undefined;
  readonly tags: readonly string[] | undefined;
  /** Only these resources of the nodes, and nothing else of the phases; left out: everything. */
  readonly resources?: readonly ResourceId[];
}

/** An immutable list of steps. A child plan refines its parent at a phase boundary. */
export interface Plan {
  readonly id: string;
  readonly parent: string | undefined;
  readonly cluster: string;
  readonly createdAt: string;
  readonly scope: PlanScope;
  readonly steps: readonly Step[];
}

/** How many steps have each effect. */
export function countEffects(plan: Plan): Readonly<Record<StepEffect, number>> {
  const counts = { none: 0, change: 0, unknown: 0 };
  for (const step of plan.steps) counts[step.effect] += 1;
  return counts;
}

import {
  AppError,
  type AppliedResource,
  type ApplyReport,
  type DesiredState,
  errorRecord,
  type GuardArea,
  type HostPort,
  type HostStepPerformer,
  type Outcome,
  type Resource,
  type ResourceId,
  resourceId,
  type Step,
  type StepChange,
  type StepProgress,
  type StepResult,
  type TryMode,
} from '@vmstation/core';

/** What host steps are carried out with. */
export interface HostStepPorts {
  readonly host: HostPort;
  readonly desired: DesiredState;
  readonly tryMode: TryMode | undefined;
  readonly signal: AbortSignal;
}

/** Carries out the host steps of a node in one apply; guarded ones inside the try mode, or not at all where none is composed. */
export function hostStepPerformer(ports: HostStepPorts): HostStepPerformer {
  return async (node, steps, runId, progress) => {
    const guard = guardOf(steps);
    if (guard !== undefined && ports.tryMode === undefined) return steps.map((step) => withoutTryMode(step, guard));
    const change = () => apply(ports, node, steps, runId, progress);
    const report =
      guard === undefined ? await change() : await ports.tryMode?.attempt({ node, area: guard, runId }, change);
    return steps.map((step) => resultOf(step, report?.resources ?? []));
  };
}

/** Guarded steps come apart from the others, one area at a time. */
function guardOf(steps: readonly Step[]): GuardArea | undefined {
  return steps[0]?.action?.type === 'host' ? steps[0].action.guard : undefined;
}

async function apply(
  ports: HostStepPorts,
  node: string,
  steps: readonly Step[],
  runId: string,
  progress: StepProgress,
): Promise<ApplyReport> {
  const guard = guardOf(steps);
  const stepOfResource = new Map(steps.flatMap((step) => idsOf(step).map((id) => [id, step.id] as const)));
  return ports.host.apply({
    node,
    runId,
    resources: resourcesOf(ports.desired, node, new Set(stepOfResource.keys())),
    onProgress: (id) => {
      const stepId = stepOfResource.get(id);
      if (stepId !== undefined) progress(stepId, id);
    },
    signal: ports.signal,
    ...(guard === undefined ? {} : { inTryMode: guard }),
  });
}

function resourcesOf(desired: DesiredState, node: string, ids: ReadonlySet<ResourceId>): readonly Resource[] {
  return (desired.nodes.get(node) ?? []).map((one) => one.resource).filter((resource) => ids.has(resourceId(resource)));
}

function idsOf(step: Step): readonly ResourceId[] {
  return step.action?.type === 'host' ? step.action.resources : [];
}

function withoutTryMode(step: Step, guard: string): StepResult {
  const error = new AppError({
    code: 'host/try-mode-missing',
    kind: 'refused',
    message: `${step.node}: changes to ${guard} could close your own way in, and nothing here could undo them by itself.`,
    tryThis:
      "Look at the change with `vmstation up --dry-run --diff` and make it by hand on the machine's own console.",
    context: { node: step.node, guard },
  });
  return {
    stepId: step.id,
    outcome: 'blocked',
    reason: error.message,
    changes: [],
    findings: [],
    error: errorRecord(error),
  };
}

/** The worst of a step's resources, worst first; a resource that the report is silent about did not run. */
const worstFirst: readonly Outcome[] = ['failed', 'not-run', 'blocked', 'changed', 'unchanged'];

function resultOf(step: Step, applied: readonly AppliedResource[]): StepResult {
  const byId = new Map(applied.map((one) => [one.id, one]));
  const ends = idsOf(step).map(
    (id) =>
      byId.get(id) ?? ({ id, outcome: 'not-run', reason: 'the apply did not speak of it', differences: [] } as const),
  );
  const outcome = worstFirst.find((candidate) => ends.some((end) => end.outcome === candidate)) ?? 'failed';
  const reasons = ends
    .filter((end) => end.outcome === outcome && end.reason !== undefined)
    .map((end) => `${end.id}: ${end.reason}`);
  const changes: StepChange[] = ends
    .filter((end) => end.outcome === 'changed')
    .flatMap((end) => end.differences.map((difference) => ({ target: end.id, ...difference })));
  const green = outcome === 'changed' || outcome === 'unchanged';
  return {
    stepId: step.id,
    outcome,
    ...(green || reasons.length === 0 ? {} : { reason: reasons.join('; ') }),
    changes,
    findings: [],
  };
}

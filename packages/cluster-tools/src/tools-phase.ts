import {
  errorRecord,
  type Finding,
  inputHash,
  outcomeOf,
  type Phase,
  present,
  type Step,
  type StepResult,
  toAppError,
  worstFinding,
} from '@vmstation/core';
import type { Check, CheckContext, ToolsNeeds } from './checks/check.ts';
import { checks } from './checks/index.ts';

/** Phase tools: validation as named findings. It changes nothing, so its steps run every time. */
export const toolsPhase: Phase<'tools', ToolsNeeds> = {
  name: 'tools',
  title: 'Validate',
  needs: ['setup', 'infra', 'config', 'monitor-stack', 'application-stack'],
  observe: async () => present({ checks: checks.length }),
  plan: async () => checks.map(checkStep),
  perform: (steps, context) => Promise.all(steps.map((step) => performCheck(step, context))),
  // The steps are the verification: judging them again would only say everything twice.
  verify: async () => [],
};

function checkStep(check: Check): Step {
  return {
    id: `tools/${check.name}`,
    phase: 'tools',
    node: undefined,
    title: check.title,
    why: check.why,
    tags: [check.name],
    effect: 'none',
    changes: [],
    reversible: true,
    needs: { steps: [], awake: [] },
    action: { type: 'check', check: check.name },
    inputHash: inputHash(check.name),
    ...(check.until === undefined ? {} : { unknownUntil: check.until }),
  };
}

async function performCheck(step: Step, context: CheckContext): Promise<StepResult> {
  const check = checks.find((candidate) => step.action?.type === 'check' && candidate.name === step.action.check);
  const base = { stepId: step.id, changes: [] };
  if (check === undefined) return { ...base, outcome: 'failed', reason: `there is no check ${step.id}`, findings: [] };
  try {
    const findings = await check.run(context);
    return { ...base, outcome: outcomeOf[worstFinding(findings)], ...reasonOf(findings), findings };
  } catch (thrown) {
    // A check that could not look has not seen a healthy cluster.
    const error = toAppError(thrown);
    if (error.kind === 'bug') throw error;
    return { ...base, outcome: 'unknown', reason: error.message, findings: [], error: errorRecord(error) };
  }
}

function reasonOf(findings: readonly Finding[]): { reason?: string } {
  const worst = worstFinding(findings);
  if (worst === 'ok' || worst === 'warning') return {};
  const shown = findings.filter((finding) => finding.state === worst);
  return {
    reason: shown
      .map((finding) => `${finding.node === undefined ? '' : `${finding.node}: `}${finding.evidence}`)
      .join('; '),
  };
}

import { installerFinding } from '@vmstation/cluster-infra';
import { prerequisiteFindings } from '@vmstation/cluster-setup';
import type { CheckContext } from '@vmstation/cluster-tools';
import { checks, toolsPhase } from '@vmstation/cluster-tools';
import { AppError, type ErrorRecord, errorRecord, type FactStore, type Finding, toAppError } from '@vmstation/core';

/** What one check said. `error` is set when it could not look at all. */
export interface CheckReport {
  readonly name: string;
  readonly title: string;
  readonly findings: readonly Finding[];
  readonly error: ErrorRecord | undefined;
}

/** Checks that need bare nodes only come first; the rest are those of the tools phase. */
const allChecks: readonly {
  name: string;
  title: string;
  run: (context: CheckContext) => Promise<readonly Finding[]>;
}[] = [{ name: 'prerequisites', title: 'Prerequisites', run: prerequisites }, ...checks];

/** Names that `vmstation verify` takes besides `all`. */
export const checkNames: readonly string[] = allChecks.map((check) => check.name);

/** Runs checks by name; one that cannot look is reported with its error. Throws check/unknown. */
export async function runChecks(names: readonly string[], facts: FactStore): Promise<readonly CheckReport[]> {
  const unknown = names.find((name) => !checkNames.includes(name));
  if (unknown !== undefined) {
    throw new AppError({
      code: 'check/unknown',
      kind: 'user',
      message: `There is no check called ${unknown}.`,
      tryThis: `Choose from: all, ${checkNames.join(', ')}.`,
    });
  }
  const context = (await facts.contextFor(toolsPhase)) as CheckContext;
  const chosen = allChecks.filter((check) => names.includes(check.name));
  return Promise.all(chosen.map((check) => runCheck(check, context)));
}

/** The machines, and what this computer needs to install Kubernetes on them. */
async function prerequisites(context: CheckContext): Promise<readonly Finding[]> {
  const { versions } = context.workspace.cluster;
  return [...(await prerequisiteFindings(context)), await installerFinding(context.processes, versions)];
}

async function runCheck(check: (typeof allChecks)[number], context: CheckContext): Promise<CheckReport> {
  const { name, title } = check;
  try {
    return { name, title, findings: await check.run(context), error: undefined };
  } catch (thrown) {
    const error = toAppError(thrown);
    if (error.kind === 'bug') throw error;
    return { name, title, findings: [], error: errorRecord(error) };
  }
}

import type { Finding, PhaseContext, PhaseName } from '@vmstation/core';

/** Everything that a check may read: the facts of every phase before it. */
export type ToolsNeeds = 'setup' | 'infra' | 'config' | 'monitor-stack' | 'application-stack';

/** The context in which checks run. */
export type CheckContext = PhaseContext<ToolsNeeds>;

/** One check: reads and judges, changes nothing. One folder each. */
export interface Check {
  /** What `vmstation verify NAME` and `--tags` call it. */
  readonly name: string;
  readonly title: string;
  readonly why: string;
  /** The phase without which the check has nothing to look at. */
  readonly until: PhaseName | undefined;
  run(context: CheckContext): Promise<readonly Finding[]>;
}

import type { RunEvent, RunSummary } from '../run/run-event.ts';

/** A run as listed. */
export interface RunRecord {
  readonly runId: string;
  readonly command: string;
  readonly cluster: string;
  readonly startedAt: Date;
  readonly endedAt: Date | undefined;
  /** Undefined while it runs, and for ever when the process was killed. */
  readonly summary: RunSummary | undefined;
  /** Tool versions that the run used. */
  readonly versions: Readonly<Record<string, string>>;
}

/** The append-only record of runs. Every append is durable against the death of the process before it returns. */
export interface Journal {
  begin(run: {
    runId: string;
    command: string;
    cluster: string;
    startedAt: Date;
    versions: Readonly<Record<string, string>>;
  }): void;
  append(event: RunEvent): void;
  end(runId: string, summary: RunSummary, endedAt: Date): void;
  /** Newest first. */
  runs(limit: number): readonly RunRecord[];
  events(runId: string): readonly RunEvent[];
  /** The last green end of a step (outcome unchanged or changed), over all runs. */
  lastGreen(stepId: string): { readonly inputHash: string; readonly at: Date } | undefined;
  close(): void;
}

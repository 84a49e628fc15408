/** One rule of the repository. `run` returns one text per violation: where, what, and how to mend it. */
export interface Check {
  readonly name: string;
  run(): Promise<readonly string[]>;
}

/** What became of a check. */
export interface CheckResult {
  readonly name: string;
  readonly problems: readonly string[];
  readonly durationMs: number;
}

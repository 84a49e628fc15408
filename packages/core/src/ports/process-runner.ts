/** What a local process left. */
export interface ProcessResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A long local process whose output is followed line by line, and which outlives us when it is detached. */
export interface FollowedProcess {
  readonly pid: number;
  readonly exited: Promise<{ readonly exitCode: number }>;
}

/** Runs programs on this computer. Throws process/not-found when the program does not exist, process/timeout after its deadline. */
export interface ProcessRunner {
  run(
    argv: readonly string[],
    options: {
      env?: Readonly<Record<string, string>>;
      cwd?: string;
      stdin?: string;
      timeoutMs: number;
      signal?: AbortSignal;
    },
  ): Promise<ProcessResult>;
  /**
   * Starts a program in a session of its own with its output in `logFile`, and follows that file: a closed terminal, or our own
   * death, does not end it. Lines reach `onLine` without their newline.
   */
  follow(
    argv: readonly string[],
    options: {
      env?: Readonly<Record<string, string>>;
      cwd?: string;
      logFile: string;
      onLine: (line: string) => void;
      signal?: AbortSignal;
    },
  ): Promise<FollowedProcess>;
  /** Absolute path of a program on PATH, or undefined. */
  findOnPath(program: string): Promise<string | undefined>;
}

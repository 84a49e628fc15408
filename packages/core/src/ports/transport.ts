/** One command to run on a node. */
export interface RemoteCommand {
  /** Argument vector; the adapter quotes it. */
  readonly argv: readonly string[];
  readonly stdin?: Uint8Array | string;
  /** Run as root: by sudo, with the node's password where it asks for one. */
  readonly elevate?: boolean;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  /** Connect afresh, without the shared connection: for proof that a new login works. */
  readonly freshConnection?: boolean;
  /** Called with each piece of the answer as it arrives; the whole is still in the result. */
  readonly onStdout?: (chunk: Uint8Array) => void;
}

/** What came back. A command that ran and failed is an answer, not an exception. */
export interface RemoteResult {
  readonly exitCode: number;
  readonly stdout: Uint8Array;
  readonly stderr: string;
  readonly durationMs: number;
}

/**
 * Reaches machines. Throws AppError of kind `unreachable` (ssh/unreachable, ssh/timeout, ssh/connection-lost),
 * `refused` (ssh/host-key-changed, ssh/host-key-unknown), `user` (ssh/permission-denied, ssh/no-sudo,
 * ssh/sudo-password), `interrupted`
 * (ssh/interrupted) or `environment` (ssh/client-missing).
 */
export interface Transport {
  run(node: string, command: RemoteCommand): Promise<RemoteResult>;
  /** Round trips and connections since the start, for the bench. */
  readonly counters: { roundTrips: number; connections: number };
  close(): Promise<void>;
}

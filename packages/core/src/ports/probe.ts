/** What an endpoint answered. */
export interface ProbeAnswer {
  readonly ok: boolean;
  readonly status: number | undefined;
  /** Why not, or what it said in short. */
  readonly detail: string;
  /** Where it was really dialled, for example a loopback address of the lab. */
  readonly dialled: string;
  /** Set when an answer came from a stand-in, which cannot prove the program itself. */
  readonly standIn: string | undefined;
  readonly body: string;
}

/** Asks published endpoints. Never throws for a refusal or a timeout: that is an answer. */
export interface EndpointProbe {
  http(url: string, options: { timeoutMs: number; signal?: AbortSignal }): Promise<ProbeAnswer>;
  tcp(address: string, port: number, options: { timeoutMs: number }): Promise<ProbeAnswer>;
}

/** What is known of a node's power, with its evidence. */
export interface PowerReading {
  readonly state: 'awake' | 'asleep' | 'unknown';
  readonly evidence: string;
  readonly since: Date | undefined;
}

/** Reads power states. `unknown` means: judge by reaching it. */
export interface PowerStates {
  read(node: string): Promise<PowerReading>;
}

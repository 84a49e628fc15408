/** Any Kubernetes object as plain data. */
export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly [field: string]: unknown;
  };
  readonly [field: string]: unknown;
}

/** Names an object. */
export interface KubeRef {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
}

/** How an object of ours compares with the live one, by a server-side dry run. */
export interface KubeDifference {
  readonly ref: KubeRef;
  readonly state: 'equal' | 'differs' | 'absent';
  /** Paths that would change, with both values as short text; secret values never. */
  readonly differences: readonly { readonly path: string; readonly want: string; readonly seen: string }[];
}

/** What an apply did to one object. */
export interface KubeApplied {
  readonly ref: KubeRef;
  readonly changed: boolean;
  readonly resourceVersion: string;
  /** Fields that another manager had set otherwise and that are ours now, as the server names them. */
  readonly takenOver?: readonly string[];
}

/** Whether a workload works, and if not, why as the cluster tells it (events, conditions, container states). */
export interface KubeReadiness {
  readonly ref: KubeRef;
  readonly ready: boolean;
  readonly reason: string;
}

/** The Kubernetes API as the product needs it. Calls throw AppError kube/unreachable, kube/forbidden, kube/conflict, kube/invalid, kube/refused. */
export interface KubePort {
  /** `v1.35.4` */
  serverVersion(): Promise<string>;
  get(ref: KubeRef): Promise<KubeObject | undefined>;
  list(what: {
    apiVersion: string;
    kind: string;
    namespace?: string;
    labelSelector?: string;
    /** True: of a kind that the cluster does not serve there are none; else that is thrown. */
    ifServed?: boolean;
  }): Promise<readonly KubeObject[]>;
  compare(objects: readonly KubeObject[]): Promise<readonly KubeDifference[]>;
  /** Server-side apply with our field manager and strict field validation, in an order that works (namespaces first). */
  apply(objects: readonly KubeObject[]): Promise<readonly KubeApplied[]>;
  /**
   * Deletes objects that we applied for this owner and that are not in `keep`, and waits until they are gone; returns them. What holds data
   * stays unless `deleteData`. Throws kube/still-there for what is not gone in time.
   */
  prune(
    owner: string,
    keep: readonly KubeRef[],
    options?: { readonly deleteData?: boolean },
  ): Promise<readonly KubeRef[]>;
  /** Waits until all workloads are ready or the deadline passes. */
  waitReady(refs: readonly KubeRef[], options: KubeWait): Promise<readonly KubeReadiness[]>;
  close(): void;
}

/** How long {@link KubePort.waitReady} waits. */
export interface KubeWait {
  readonly timeoutMs: number;
  /** Ends the wait earlier when a pod stays that long in a state that means failure; `timeoutMs` when left out. */
  readonly stuckTimeoutMs?: number;
  /** Hears why it still waits. */
  readonly onReason?: (reason: string) => void;
  readonly signal?: AbortSignal;
}

/** Opens the cluster of the workspace. Throws kube/no-kubeconfig when nothing is installed yet, and what {@link KubePort} throws. */
export interface KubeConnector {
  connect(): Promise<KubePort>;
  /** Randomness for keys that are made in the cluster; the computer's own when left out. */
  randomBytes?(count: number): Uint8Array;
}

import type {
  Clock,
  EndpointProbe,
  HostPort,
  Ids,
  Journal,
  KubeConnector,
  PowerStates,
  ProcessRunner,
  RunEvent,
  Secrets,
  TryMode,
  Workspace,
  WorkspaceFiles,
} from '@vmstation/core';

/** Everything from outside that the platform works with; composed by the application. */
export interface PlatformPorts {
  readonly workspace: Workspace;
  readonly host: HostPort;
  readonly power: PowerStates;
  /** Undefined: guarded changes end `blocked`. */
  readonly tryMode: TryMode | undefined;
  readonly kube: KubeConnector;
  readonly probe: EndpointProbe;
  readonly processes: ProcessRunner;
  readonly files: WorkspaceFiles;
  readonly secrets: Secrets;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly ids: Ids;
  /** The workspace's own public key, `type base64 comment`. */
  readonly operatorPublicKey: string;
  readonly versions: Readonly<Record<string, string>>;
  /** Hears every event of a run, after the journal. */
  readonly onEvent: (event: RunEvent) => void;
  readonly signal: AbortSignal;
}

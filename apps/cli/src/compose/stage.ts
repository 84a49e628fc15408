import type { RunEvent, Transport } from '@vmstation/core';
import type { PlatformPorts } from '@vmstation/platform';
import type { LoadedWorkspace } from '@vmstation/workspace';

/** Everything from outside that a session works with. */
export interface Stage {
  readonly transport: Transport;
  readonly ports: PlatformPorts;
}

/** Composes the stage of a session on an open workspace: this computer with what it reaches, or a rehearsal in this process. */
export type SetStage = (
  workspace: LoadedWorkspace,
  how: {
    readonly onEvent: (event: RunEvent) => void;
    readonly signal: AbortSignal;
    /** Whether the session may write the journal; one that only looks also works where nothing can be written. */
    readonly records: boolean;
    /** Whether connections to nodes stay open for a minute after the session. */
    readonly keepConnections: boolean;
  },
) => Promise<Stage>;

import type { Clock, NodeCheck, WorkspaceFiles } from '@vmstation/core';
import { afterLooks, type DriftHistory, historyText, type Look, parseHistory } from './drift-history.ts';

/** Where the history lies, below the state folder. */
export const driftHistoryFile = 'drift/history.json';

/** Remembers since when things differ. */
export interface DriftMemory {
  /** Takes note of a node that was read. */
  readNode(check: NodeCheck): void;
  /** Takes note of a look at a place. */
  look(look: Omit<Look, 'at'>): void;
  /**
   * The history with everything noted, which it writes down. Two commands at once may lose each other's newest sightings: the next
   * look finds them again. A folder that takes no writes is no failure of the look itself: the problem is told beside the history.
   */
  keep(): Promise<KeptHistory>;
}

/** A history, and why it could not be read or written down. */
export interface KeptHistory {
  readonly history: DriftHistory;
  readonly problem: string | undefined;
}

/** The place of a node in a history. */
export function placeOfNode(node: string): string {
  return `node/${node}`;
}

/** A {@link DriftMemory} in the state folder. `places` are all that there are: what is remembered of others is forgotten. */
export function driftMemory(ports: {
  readonly files: WorkspaceFiles;
  readonly clock: Clock;
  readonly places: readonly string[];
}): DriftMemory {
  const { files, clock } = ports;
  const places = new Set(ports.places);
  let noted: Look[] = [];
  const look = (one: Omit<Look, 'at'>) => {
    noted.push({ ...one, at: clock.now().toISOString() });
  };
  return {
    look,
    readNode: (check) => look(lookAtNode(check)),
    keep: async () => {
      const looks = noted;
      noted = [];
      let history: DriftHistory = [];
      try {
        history = parseHistory(await files.read(driftHistoryFile)).filter(({ place }) => places.has(place));
        history = afterLooks(history, looks);
        if (looks.length > 0) await files.write(driftHistoryFile, historyText(history));
        return { history, problem: undefined };
      } catch (thrown) {
        if (!isSystemError(thrown)) throw thrown;
        return { history, problem: thrown.message };
      }
    },
  };
}

function isSystemError(thrown: unknown): thrown is Error {
  return thrown instanceof Error && 'code' in thrown && 'syscall' in thrown;
}

function lookAtNode({ node, resources }: NodeCheck): Omit<Look, 'at'> {
  const states = new Map<string, string>([...resources].map(([id, { state }]) => [id, state]));
  return {
    place: placeOfNode(node),
    differences: [...resources].flatMap(([target, state]) =>
      state.state === 'differs' ? state.differences.map((one) => ({ target, ...one })) : [],
    ),
    unreadable: (target) => states.get(target) === 'unreadable',
  };
}

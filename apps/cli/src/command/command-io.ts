import type { SetStage } from '../compose/stage.ts';

/** The terminal, files and signals that a command may use. Tests pass their own. */
export interface CommandIo {
  /** Results. Text is written as it is. */
  readonly out: (text: string) => void;
  /** Progress, questions and errors. */
  readonly err: (text: string) => void;
  /** Asks on the terminal; undefined when nobody is there to answer. */
  readonly ask: ((question: string) => Promise<string>) | undefined;
  /** The same without showing what is typed. */
  readonly askHidden?: (question: string) => Promise<string>;
  /** All of standard input as text, where that is no terminal. */
  readonly readInput?: () => Promise<string>;
  readonly outIsTerminal: boolean;
  readonly errIsTerminal: boolean;
  readonly columns: () => number;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly workingDirectory: string;
  /** Aborted at the first Ctrl-C. */
  readonly signal: AbortSignal;
  /** Sets the stage of every session in place of this computer; for a rehearsal in this process. */
  readonly stage?: SetStage;
}

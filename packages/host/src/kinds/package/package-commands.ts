import type { ShellText } from '../../script/shell-text.ts';
import type { PackageBatch } from '../kind.ts';

/** What a package manager is asked to do, as shell source. */
export interface PackageCommands {
  /** Prints the names of installed packages, one a line. */
  readonly list: ShellText;
  /** Prints `NAME VERSION` of installed packages, and `hold` behind what is held, one a line. */
  readonly states: ShellText;
  readonly change: readonly (ShellText | undefined)[];
  /** Removes exactly the packages that follow it, or fails. */
  readonly remove: ShellText;
  /** Installs the packages that stand in "$@". */
  readonly install: ShellText;
  /** Lets the packages that stand in "$@" go from their hold. */
  readonly release: ShellText;
  /** Holds the packages that stand in "$@"; undefined where the list of locks is kept as a file. */
  readonly hold: ShellText | undefined;
  /** Gives the packages that stand in "$@" the version that each is named with, older ones too. */
  readonly putBack: ShellText;
  /** What joins a name and its version. */
  readonly versionSign: string;
  /** What a rollback does before it removes what came. */
  readonly beforeRemoval?: ShellText;
}

/** What a transaction has to do, apart by what it is. */
export interface PackageWork {
  readonly batch: readonly PackageBatch[];
  readonly install: readonly PackageBatch[];
  readonly unwanted: readonly string[];
  /** Let go before anything: what shall not be held, and what is held by declaration and gets another version. */
  readonly release: readonly string[];
  /** Held at the end. */
  readonly hold: readonly string[];
  /** Held also when the transaction failed: these are installed, whatever became of the others. */
  readonly holdAnyhow: readonly string[];
}

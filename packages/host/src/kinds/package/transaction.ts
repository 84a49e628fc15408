import type { NodeFacts } from '@vmstation/core';
import { lines, ShellText, sh } from '../../script/shell-text.ts';
import type { Fragment, PackageBatch } from '../kind.ts';
import { debian } from './debian-packages.ts';
import { rhel } from './rhel-packages.ts';
import { undoVersions } from './undo-versions.ts';
import { lockList } from './version-locks.ts';

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

/**
 * One transaction for all packages of a node. What was installed before is kept as a list, so that the rollback removes exactly what
 * came with this run, dependencies included, and dpkg or rpm refuse when something else has come to need it. Where versions or holds are
 * declared, those of before and after are kept too.
 */
export function packageTransaction(family: NodeFacts['family'], batch: readonly PackageBatch[]): Fragment {
  const commands = (family === 'debian' ? debian : rhel)(workOf(batch));
  const { list, states, change, remove, install, beforeRemoval } = commands;
  const keepsStates = batch.some(({ version, held }) => version !== undefined || held !== undefined);
  const holds = batch.some(({ held }) => held !== undefined);
  const statesTo = (name: string): ShellText | undefined =>
    keepsStates ? sh`${states} >${new ShellText(`"$RUN/${name}.$n"`)}` : undefined;
  return {
    // On Debian a hold stands in dpkg's own database.
    keeps: family === 'rhel' && holds ? [lockList] : [],
    shared: true,
    change: lines(
      sh`${list} >"$RUN/packages.$n"`,
      // Compared with an empty list, every package of the machine would seem to be new.
      sh`[ -s "$RUN/packages.$n" ] || { echo 'the list of installed packages could not be read'; exit 1; }`,
      statesTo('was'),
      sh`f=0`,
      ...change,
      sh`${list} >"$RUN/present.$n"`,
      sh`grep -vxF -f "$RUN/packages.$n" "$RUN/present.$n" >"$RUN/installed.$n" || :`,
      // What the new ones have driven out, as chrony does systemd-timesyncd.
      sh`if [ -s "$RUN/present.$n" ]; then grep -vxF -f "$RUN/present.$n" "$RUN/packages.$n" >"$RUN/gone.$n" || :; fi`,
      statesTo('is'),
      sh`[ "$f" -eq 0 ] || exit "$f"`,
    ),
    undo: lines(
      beforeRemoval,
      sh`if [ -s "$RUN/installed.$n" ]; then set --; while read -r v; do set -- "$@" "$v"; done <"$RUN/installed.$n"; patiently ${remove} "$@"; fi`,
      sh`if [ -s "$RUN/gone.$n" ]; then set --; while read -r v; do set -- "$@" "$v"; done <"$RUN/gone.$n"; ${install}; fi`,
      keepsStates ? undoVersions(commands, batch) : undefined,
    ),
  };
}

function workOf(batch: readonly PackageBatch[]): PackageWork {
  const install = batch.filter(({ change }) => change === 'install');
  const isReleased = ({ held, wasHeld, change }: PackageBatch): boolean =>
    wasHeld && (held === false || (held === true && change === 'install'));
  const hold = batch.filter((one) => one.held === true && (!one.wasHeld || isReleased(one)));
  return {
    batch,
    install,
    unwanted: batch.filter(({ change }) => change === 'remove').map(({ name }) => name),
    release: batch.filter(isReleased).map(({ name }) => name),
    hold: hold.map(({ name }) => name),
    holdAnyhow: hold.filter(({ change, wasHeld }) => change === 'none' || wasHeld).map(({ name }) => name),
  };
}

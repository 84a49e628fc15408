import type { NodeFacts } from '@vmstation/core';
import { lines, ShellText, sh } from '../../script/shell-text.ts';
import type { Fragment, PackageBatch } from '../kind.ts';
import { debian } from './debian-packages.ts';
import type { PackageWork } from './package-commands.ts';
import { rhel } from './rhel-packages.ts';
import { undoVersions } from './undo-versions.ts';
import { lockList } from './version-locks.ts';

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

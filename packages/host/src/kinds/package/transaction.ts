import type { NodeFacts } from '@vmstation/core';
import { lines, type ShellText, sh } from '../../script/shell-text.ts';
import type { Fragment, PackageBatch } from '../kind.ts';

const lockSeconds = 300;
const dnfSeconds = 900;

/** `apt-get` without questions: what the operator changed in configuration files stays, and the lock is waited for. */
const apt: ShellText = sh`apt-get -y -q -o DPkg::Lock::Timeout=${lockSeconds} -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold`;
const quiet: ShellText = sh`DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l; export DEBIAN_FRONTEND NEEDRESTART_MODE`;
const dnf: ShellText = sh`timeout ${dnfSeconds} dnf -y -q`;
/** dnf waits for its lock without an end and without a word; `timeout` ends that with 124. */
const dnfLate: ShellText = sh`{ r=$?; if [ "$r" -eq 124 ]; then echo ${`dnf did not end within ${dnfSeconds} s; another program may hold its lock (ps -C dnf)`}; fi; exit "$r"; }`;

/**
 * One transaction for all packages of a node. What was installed before is kept as a list, so that the rollback removes exactly what
 * came with this run, dependencies included, and dpkg or rpm refuse when something else has come to need it.
 */
export function packageTransaction(family: NodeFacts['family'], batch: readonly PackageBatch[]): Fragment {
  const wanted = batch.filter(({ ensure }) => ensure === 'present').map(({ name }) => name);
  const unwanted = batch.filter(({ ensure }) => ensure === 'absent').map(({ name }) => name);
  const { list, change, remove, install } = family === 'debian' ? debian(wanted, unwanted) : rhel(wanted, unwanted);
  return {
    keeps: [],
    change: lines(
      sh`${list} >"$RUN/packages.$n"`,
      // Compared with an empty list, every package of the machine would seem to be new.
      sh`[ -s "$RUN/packages.$n" ] || { echo 'the list of installed packages could not be read'; exit 1; }`,
      ...change,
      sh`${list} >"$RUN/present.$n"`,
      sh`grep -vxF -f "$RUN/packages.$n" "$RUN/present.$n" >"$RUN/installed.$n" || :`,
      // What the new ones have driven out, as chrony does systemd-timesyncd.
      sh`if [ -s "$RUN/present.$n" ]; then grep -vxF -f "$RUN/present.$n" "$RUN/packages.$n" >"$RUN/gone.$n" || :; fi`,
    ),
    undo: lines(
      sh`if [ -s "$RUN/installed.$n" ]; then set --; while read -r v; do set -- "$@" "$v"; done <"$RUN/installed.$n"; ${remove} "$@"; fi`,
      sh`if [ -s "$RUN/gone.$n" ]; then set --; while read -r v; do set -- "$@" "$v"; done <"$RUN/gone.$n"; ${install}; fi`,
    ),
  };
}

interface PackageCommands {
  /** Prints the names of installed packages, one a line. */
  readonly list: ShellText;
  readonly change: readonly (ShellText | undefined)[];
  /** Removes exactly the packages that follow it, or fails. */
  readonly remove: ShellText;
  /** Installs the packages that stand in "$@". */
  readonly install: ShellText;
}

function debian(wanted: readonly string[], unwanted: readonly string[]): PackageCommands {
  // apt-get removes a package named with a trailing minus in the same transaction.
  const transaction = sh`${apt} install --no-install-recommends ${[...wanted, ...unwanted.map((name) => `${name}-`)]}`;
  return {
    list: sh`dpkg-query -W -f=${'${Status} ${Package}\\n'} | sed -n 's/^.* installed //p'`,
    change: [
      quiet,
      // A package index that is missing or old, and an installation that was cut off, are mended once before giving up.
      sh`if ! ${transaction}; then dpkg --configure -a --force-confdef --force-confold; ${apt} update; ${transaction}; fi`,
    ],
    remove: sh`dpkg --purge`,
    install: sh`${quiet}; ${apt} install --no-install-recommends "$@"`,
  };
}

function rhel(wanted: readonly string[], unwanted: readonly string[]): PackageCommands {
  return {
    list: sh`rpm -qa --qf='%{NAME}\n'`,
    change: [
      wanted.length === 0 ? undefined : sh`${dnf} --setopt=install_weak_deps=False install ${wanted} || ${dnfLate}`,
      unwanted.length === 0 ? undefined : sh`${dnf} remove ${unwanted} || ${dnfLate}`,
    ],
    remove: sh`rpm -e`,
    install: sh`${dnf} --setopt=install_weak_deps=False install "$@"`,
  };
}

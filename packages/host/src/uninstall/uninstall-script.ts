import type { GuardArea } from '@vmstation/core';
import { quoteArgument, quoteArguments } from '@vmstation/remote';
import type { NodeFolders } from '../observe/check-script.ts';
import { type LockTerms, rollbackFunctions, rollbackGreeting } from '../rollback/rollback-script.ts';
import { sharedFunctions } from '../script/prelude.ts';
import { sh } from '../script/shell-text.ts';

/** First words of what the scripts of an uninstallation print. */
export const uninstallGreeting = 'vmstation-uninstall 1';

/** A step of an apply that a node keeps records of. */
export interface KeptStep {
  readonly run: string;
  readonly apply: number;
  readonly step: number;
}

function head(purpose: string, nonce: string, folders: NodeFolders): string[] {
  return [
    `# vmstation: ${purpose}`,
    `N=${quoteArgument(nonce)}; STATE=${quoteArgument(folders.state)}; RUN=''`,
    sharedFunctions,
  ];
}

function whole(parts: readonly string[]): string {
  return `${[...parts, '}', 'main </dev/null'].join('\n')}\n`;
}

/** Tells what the runs on a node keep that is not taken back yet: each step with its run, apply, number, and the apply's place among all. It changes nothing. */
export function recordsScript(nonce: string, folders: NodeFolders): string {
  return whole([
    ...head('tells what could be taken back here', nonce, folders),
    `
# Paths of a step: how each was found, how we left it, how it is.
kept() {
  if [ -e "$F/keeps.$n" ]; then
    while read -r k; do
      a='-'
      if [ -e "$F/after.$k" ]; then a=$(cat "$F/after.$k"); fi
      p=$(cat "$F/path.$k")
      say "path $p"; say "before $(cat "$F/before.$k")"; say "after $a"; say "now $(state_of "$p")"
    done <"$F/keeps.$n"
  fi
  if [ -e "$F/keys-file.$n" ]; then say "keys $(cat "$F/keys-file.$n")"; fi
}`.trim(),
    'main() {',
    `say ${quoteArgument(uninstallGreeting)}`,
    '[ ! -d "$STATE" ] || say "state $STATE"',
    'for T in "$STATE"/try/*; do if [ -d "$T" ] && [ ! -e "$T/result" ]; then say "armed $(cat "$T/what")"; fi; done',
    'RUNS=\'\'; for B in "$STATE"/runs/*; do case $B in */uninstall-*|*\'/*\') ;; *) RUNS="$B $RUNS";; esac; done',
    'for B in $RUNS; do',
    '  i=1; while [ -d "$B/$i" ]; do i=$((i+1)); done',
    '  while [ "$i" -gt 1 ]; do',
    '    i=$((i-1)); F="$B/$i"; ORDER=\'\'',
    '    s=0; if [ -e "$F/sequence" ]; then read -r s <"$F/sequence"; fi',
    '    if [ -e "$F/order" ]; then while read -r n; do ORDER="$n $ORDER"; done <"$F/order"; fi',
    '    for n in $ORDER; do',
    '      if [ -e "$F/restored.$n" ]; then continue; fi',
    '      say "step ${B##*/} $i $n $s"',
    '      while IFS= read -r id; do say "id $id"; done <"$F/ids.$n"',
    '      kept',
    '    done',
    '  done',
    'done',
    "say 'done'",
  ]);
}

/** What {@link takeBackScript} takes back. */
export interface TakeBack {
  readonly id: string;
  readonly steps: readonly KeptStep[];
  /** Paths that the steps touch. With `guarded`, they are kept first, as a run of their own, so that try mode can put them back. */
  readonly paths: readonly string[];
  readonly guarded: GuardArea | undefined;
  /** Areas that were taken back before and confirmed: only now do they count as taken back. */
  readonly confirmed: readonly GuardArea[];
}

/** Takes steps back in the order given. Its records are those of a rollback. */
export function takeBackScript(
  { id, steps, paths, guarded, confirmed }: TakeBack,
  nonce: string,
  folders: NodeFolders,
  lock: LockTerms,
): string {
  return whole([
    ...head('takes back what its runs changed here', nonce, folders),
    "FOUND=0; OURS=''",
    rollbackFunctions,
    `
keep() {
  printf '%s\\n' "$2" >"$U/path.$1"
  state_of "$2" >"$U/before.$1"
  if [ -f "$2" ] && [ ! -L "$2" ]; then keep_copy "$2" "$U/data.$1"; fi
  printf '%s\\n' "$1" >>"$U/keeps.1"
}

# The steps of one apply. What was guarded counts as taken back only when it was confirmed.
part() {
  RUN="$STATE/runs/$1"; shift
  survey_run
  for n in "$@"; do
    back "$n"
    if [ -n "$GUARDED" ] && [ -e "$RUN/restored.$n" ]; then
      rm -f "$RUN/restored.$n"
      printf '%s\\n' "$RUN/restored.$n" >>"$B/marks.$GUARDED"
      cat "$RUN/ids.$n" >>"$U/ids.1"
      if [ -e "$RUN/notifies.$n" ]; then cat "$RUN/notifies.$n" >>"$U/notifies.1"; fi
      if [ -e "$RUN/reload.$n" ]; then : >"$U/reload.1"; fi
    fi
  done
  tell_units
}`.trim(),
    ...(guarded !== undefined
      ? ['prepare() {', 'set -e', ...paths.map((path, index) => sh`keep ${index + 1} ${path}`.text), '}']
      : []),
    'main() {',
    `say ${quoteArgument(rollbackGreeting)}`,
    sh`lock ${lock.waitSeconds} ${id} ${lock.holder}`.text,
    sh`GUARDED=${guarded ?? ''}`.text,
    sh`B="$STATE/runs/"${id}; mkdir -p "$B"; OURS="$B/ours"; : >>"$OURS"`.text,
    ...confirmed.map((area) => sh`while IFS= read -r f; do : >"$f"; done <"$B/marks."${area}`.text),
    ...(guarded !== undefined
      ? [
          'i=1; while [ -e "$B/$i" ]; do i=$((i+1)); done; U="$B/$i"; mkdir "$U"; : >"$U/ids.1"; : >"$B/marks.$GUARDED"',
          // What could not be kept could not be put back either.
          'w=$( ( prepare ) 2>&1 ); r=$?; if [ "$r" -ne 0 ]; then unlock; cannot "$w"; fi',
          'printf \'1\\n\' >"$U/order"; sync',
        ]
      : []),
    ...byApply(steps).map(([folder, numbers]) => `part ${quoteArguments([folder, ...numbers.map(String)])}`),
    ...(guarded !== undefined
      ? paths.map((path, index) => sh`state_of ${path} >"$U/after."${String(index + 1)}`.text)
      : []),
    "RUN=''",
    'unlock',
    'if [ "$FOUND" -eq 0 ]; then say \'nothing\'; fi',
    "say 'done'",
  ]);
}

/** Removes the records themselves and what else is only ours, and tells what still bears our name. */
export function forgetScript(id: string, nonce: string, folders: NodeFolders, lock: LockTerms): string {
  return whole([
    ...head('removes its own records from this machine', nonce, folders),
    'main() {',
    `say ${quoteArgument(uninstallGreeting)}`,
    'if [ -d "$STATE" ]; then',
    sh`  lock ${lock.waitSeconds} ${id} ${lock.holder}`.text,
    '  for u in /etc/systemd/system/vmstation-try-*.service /etc/systemd/system/multi-user.target.wants/vmstation-try-*.service; do',
    '    if [ -e "$u" ] || [ -L "$u" ]; then rm -f "$u"; fi',
    '  done',
    '  [ ! -d /run/systemd/system ] || systemctl daemon-reload',
    '  rm -rf "$STATE"',
    'fi',
    'for p in "$STATE" /etc/*vmstation* /etc/*/*vmstation* /etc/*/*/*vmstation* /etc/*/*/*/*vmstation* /usr/local/*/*vmstation* /var/lib/vmstation; do',
    '  if [ -e "$p" ] || [ -L "$p" ]; then say "named $p"; fi',
    'done',
    "say 'done'",
  ]);
}

/** Steps that stand next to each other and belong to one apply. */
function byApply(steps: readonly KeptStep[]): readonly (readonly [folder: string, numbers: readonly number[]])[] {
  const parts: [string, number[]][] = [];
  for (const { run, apply, step } of steps) {
    const folder = `${run}/${apply}`;
    const last = parts.at(-1);
    if (last?.[0] === folder) last[1].push(step);
    else parts.push([folder, [step]]);
  }
  return parts;
}

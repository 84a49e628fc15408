import { quoteArgument } from '@vmstation/remote';
import type { NodeFolders } from '../observe/check-script.ts';
import { placeFunctions } from '../script/place-functions.ts';
import { durably, sharedFunctions } from '../script/prelude.ts';
import { sh } from '../script/shell-text.ts';

/** How a script asks for the lock of a machine: how long it waits, and for whom it asks. */
export interface LockTerms {
  readonly waitSeconds: number;
  readonly holder: string;
}

/** First words of a rollback's records. */
export const rollbackGreeting = 'vmstation-rollback 1';

/** Functions that take back what an apply kept; they stand behind {@link sharedFunctions}. */
export const rollbackFunctions = `
${placeFunctions}

# What somebody changed after the run is left alone, with all that belongs to it.
may_restore() {
  p=$(cat "$RUN/path.$1")
  # What the run left as it was is nobody's to take back, and says nothing of who changed it since.
  if was_left "$1"; then return 0; fi
  if apart "$1"; then return 0; fi
  # A later change of ours, taken back a moment ago, has left it as it is.
  if [ -n "\${OURS:-}" ] && grep -qxF -e "$p" "$OURS"; then return 0; fi
  if may_restore_path "$1"; then
    if [ -n "\${OURS:-}" ]; then printf '%s\\n' "$p" >>"$OURS"; fi
    return 0
  fi
  printf '%s\\n' "$p was changed after the run, so it is left as it is"
  return 1
}

# In a file of somebody else who changed it since: without the lines that the run brought, with those that it took, when all of its lines
# are still there. The rest stays as it is now.
apart() {
  rm -f "$RUN/apart.$1"
  if [ ! -e "$RUN/left.$1" ] || [ ! -f "$p" ] || [ -L "$p" ]; then return 1; fi
  now=$(state_of "$p")
  if [ "$now" = "$(cat "$RUN/after.$1")" ] || [ "$now" = "$(cat "$RUN/before.$1")" ]; then return 1; fi
  f=/dev/null
  if [ -e "$RUN/data.$1" ]; then genuine "$1" || return 1; f="$RUN/data.$1"; fi
  room "$p" "$RUN/apart.$1" part
  if [ -n "$OPEN" ] && [ ! -e "$RUN/proven.$1" ]; then leave; return 1; fi
  { awk '{ print "b" $0 }' "$f"; awk '{ print "a" $0 }' "$RUN/left.$1"; awk '{ print "n" $0 }' "$WAS"; } | awk '
    { k = substr($0, 1, 1); l = substr($0, 2) }
    k == "b" { ours[l]--; was[++n] = l }
    k == "a" { ours[l]++; left[l]++ }
    k == "n" { now[++m] = l; left[l]-- }
    END {
      for (i = 1; i <= m; i++) have[now[i]]++
      for (l in ours) if (ours[l] > 0 && have[l] + 0 < ours[l]) exit 3
      # Where what it took came back by another hand, nobody can tell whose is whose.
      for (l in ours) if (ours[l] < 0 && left[l] + 0 < 0) exit 3
      for (i = 1; i <= n; i++) if (ours[was[i]] < 0) { ours[was[i]]++; back = back was[i] "\\n" }
      for (i = 1; i <= m; i++) {
        if (ours[now[i]] > 0) { ours[now[i]]--; if (!put) printf "%s", back; put = 1 } else print now[i]
      }
      if (!put) printf "%s", back
    }' >"$RUN/apart.$1" || { leave; rm -f "$RUN/apart.$1"; return 1; }
  leave
}

# Whether the content that was kept is the one whose owner and mode were noted: in a folder of others, somebody may have changed one for the other in between.
genuine() {
  s=$(sha256sum "$RUN/data.$1"); s=\${s#\\\\}
  read -r _ w _ <"$RUN/before.$1"
  [ "\${s%% *}" = "$w" ]
}

was_left() {
  [ -e "$RUN/after.$1" ] && [ "$(cat "$RUN/before.$1")" = "$(cat "$RUN/after.$1")" ]
}

may_restore_path() {
  now=$(state_of "$p")
  if [ "$now" = "$(cat "$RUN/before.$1")" ] || [ ! -e "$RUN/after.$1" ]; then return 0; fi
  [ "$now" = "$(cat "$RUN/after.$1")" ]
}

# Whether what is no file may be put back: its name, how it is now, how it was found. How the run left it stands in value.N.
may_put_back() {
  if [ "$2" != "$3" ] && [ -e "$RUN/value.$n" ] && [ "$2" != "$(cat "$RUN/value.$n")" ]; then
    # A later change of ours, taken back a moment ago, has left it as it is.
    if [ -z "\${OURS:-}" ] || ! grep -qxF -e "value $1" "$OURS"; then
      printf '%s\\n' "$1 was changed after the run, so it is left as it is"
      return 1
    fi
  fi
  if [ -n "\${OURS:-}" ]; then printf '%s\\n' "value $1" >>"$OURS"; fi
}

# A home in which there is nothing but what useradd put there.
unused() {
  for f in "$1"/* "$1"/.[!.]* "$1"/..?*; do
    if [ ! -e "$f" ] && [ ! -L "$f" ]; then continue; fi
    k="/etc/skel/\${f##*/}"
    if [ -f "$f" ] && [ ! -L "$f" ] && [ -f "$k" ] && [ "$(sha256sum <"$f")" = "$(sha256sum <"$k")" ]; then continue; fi
    printf '%s\\n' "$f came after the account was made, so the account and its home are left as they are"
    return 1
  done
}

# Puts path K back as it was found.
restore() {
  P=$(cat "$RUN/path.$1")
  now=$(state_of "$P")
  was=$(cat "$RUN/before.$1")
  if [ "$now" = "$was" ]; then return 0; fi
  if was_left "$1"; then return 0; fi
  if [ -e "$RUN/apart.$1" ]; then
    if [ "$was" = absent ] && [ ! -s "$RUN/apart.$1" ]; then remove "$P"; rm -f "$RUN/apart.$1"; return 0; fi
    t="\${P%/*}/.vmstation-$N"; room "$P" "$t" part
    if [ -z "$LIKE" ]; then refuse "$P was changed at this moment, so it is left as it is"; fi
    cat "$RUN/apart.$1" >"$t"; place "$P" "$t"; rm -f "$RUN/apart.$1"
    return 0
  fi
  case $was in
    absent) if [ -d "$P" ] && [ ! -L "$P" ] && ! remove "$P" 2>/dev/null; then printf '%s\\n' "$P is not empty: what came since is left as it is"; return 1; fi
      remove "$P";;
    link*) remove "$P"; link "\${was#link }" "$P";;
    file*) genuine "$1" || refuse "$P was changed while it was kept, so what was kept is not put back"
      t="\${P%/*}/.vmstation-$N"; room "$P" "$t"; cp -p "$RUN/data.$1" "$t"
      read -r _ _ m o g <"$RUN/before.$1"; chown "$o:$g" "$t"; chmod "$m" "$t"; place "$P" "$t";;
    directory*) read -r k m o g <"$RUN/before.$1"; folder "$P" "$m"; chown "$o:$g" .; chmod "$m" .;;
    *) printf '%s\\n' "$P was neither a file, a folder nor a link"; return 1;;
  esac
}

# Folders that the step had to make above its path, deepest first.
unmake() {
  MADE=''
  while IFS= read -r d; do MADE="$d
$MADE"; done <"$RUN/made.$n"
  printf '%s' "$MADE" | while IFS= read -r d; do if [ -d "$d" ]; then remove "$d"; fi; done
}

take_back() {
  if [ -e "$RUN/keeps.$n" ]; then while read -r k; do may_restore "$k"; done <"$RUN/keeps.$n"; fi
  # shellcheck source=/dev/null
  if [ -e "$RUN/undo.$n" ]; then . "$RUN/undo.$n"; fi
  if [ -e "$RUN/keeps.$n" ]; then while read -r k; do restore "$k"; done <"$RUN/keeps.$n"; fi
  if [ -e "$RUN/made.$n" ]; then unmake; fi
  # shellcheck source=/dev/null
  if [ -e "$RUN/undo-after.$n" ]; then . "$RUN/undo-after.$n"; fi
}

# One step of one apply, unless an earlier rollback has it already.
back() {
  n=$1
  if [ -e "$RUN/restored.$n" ]; then return 0; fi
  FOUND=$((FOUND+1))
  ( set -eu; take_back ) >"$RUN/log.back.$n" 2>&1
  r=$?
  if [ "$r" -eq 0 ]; then
    : >"$RUN/restored.$n"
    while IFS= read -r id; do say "restored $id"; done <"$RUN/ids.$n"
    if [ -e "$RUN/notifies.$n" ]; then cat "$RUN/notifies.$n" >>"$RUN/notify"; fi
    if [ -e "$RUN/reload.$n" ]; then : >"$RUN/reload"; fi
  else
    while IFS= read -r id; do say "failed $id"; done <"$RUN/ids.$n"
    tell "$RUN/log.back.$n"
  fi
}

# Who may write to the folders that a run changed.
survey_run() {
  set --
  for f in "$RUN"/path.*; do
    if [ -e "$f" ]; then IFS= read -r p <"$f"; set -- "$@" "$p"; fi
  done
  survey "$@"
}

# Steps of one apply, last first; then what was notified.
back_all() {
  ORDER=''
  while read -r n; do ORDER="$n $ORDER"; done <"$RUN/order"
  survey_run
  for n in $ORDER; do back "$n"; done
  tell_units
}

# What was taken back is told to the units that live by it.
tell_units() {
  if [ -e "$RUN/reload" ]; then [ ! -d /run/systemd/system ] || systemctl daemon-reload; rm -f "$RUN/reload"; fi
  if [ -e "$RUN/notify" ]; then
    while read -r action unit; do
      # A unit that is stopped stays stopped; one that what is taken back has broken comes up again.
      s=$(systemctl is-active -- "$unit")
      if [ "$s" = failed ]; then action=restart; fi
      if [ "$action" = restart ]; then systemctl reset-failed -- "$unit" 2>/dev/null; fi
      if [ "$s" != inactive ]; then systemctl "$action" -- "$unit" >"$RUN/log.handler" 2>&1 || { say "unit $unit"; tell "$RUN/log.handler"; }; fi
      rm -f "$STATE/owed/$action:$unit"
    done <"$RUN/notify"
    rm -f "$RUN/notify"
  fi
}
`.trim();

/**
 * Takes back everything that a run changed on a node, newest first, from what the run kept there. It needs to know nothing of the
 * resources; what is already as it was found counts as restored.
 */
export function rollbackScript(runId: string, nonce: string, folders: NodeFolders, lock: LockTerms): string {
  return `${[
    '# vmstation: takes back what a run changed',
    `N=${quoteArgument(nonce)}; STATE=${quoteArgument(folders.state)}; RUN=''; FOUND=0`,
    sharedFunctions,
    rollbackFunctions,
    'main() {',
    `say ${quoteArgument(rollbackGreeting)}`,
    sh`B="$STATE/runs/"${runId}`.text,
    "if [ ! -d \"$B\" ]; then say 'nothing'; say 'done'; return 0; fi",
    sh`lock ${lock.waitSeconds} ${`rollback-${runId}`} ${lock.holder}`.text,
    'i=1; while [ -d "$B/$i" ]; do i=$((i+1)); done',
    'while [ "$i" -gt 1 ]; do i=$((i-1)); RUN="$B/$i"; [ ! -e "$RUN/order" ] || back_all; done',
    durably,
    'unlock',
    'if [ "$FOUND" -eq 0 ]; then say \'nothing\'; fi',
    "say 'done'",
    '}',
    'main </dev/null',
  ].join('\n')}\n`;
}

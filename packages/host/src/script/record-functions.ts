/** Functions with which a change remembers what it found and what it leaves, and sees whether somebody was there meanwhile. They stand on those that all scripts share (prelude.ts). */
export const recordFunctions = `
# A short record, written without a process.
note() {
  while IFS= read -r line; do printf '%s\\n' "$line"; done
}

# The place of this apply among all that the machine has seen, from 1: names of runs tell seconds, and clocks of operators differ.
take_number() {
  s=0
  for f in "$STATE"/runs/*/*/sequence; do
    if [ -e "$f" ] && read -r v <"$f" && [ "$v" -gt "$s" ]; then s=$v; fi
  done
  printf '%s\\n' "$((s+1))" | cat >"$RUN/sequence"
}

# Keeps these paths as they are: the state of the first in before.1, the content of a file in data.1, and so on.
keep() {
  k=0
  for p in "$@"; do
    k=$((k+1))
    printf '%s\\n' "$p" >"$RUN/path.$k"
    if [ -f "$p" ] && [ ! -L "$p" ]; then keep_copy "$p" "$RUN/data.$k" || keep_again "$p" "$RUN/data.$k"; fi
  done
  states before "$@"
}

# A file that goes away while it is kept is a matter of its own step, and holds up no other.
keep_again() {
  if w=$(keep_copy "$1" "$2" 2>&1); then return 0; fi
  case $w in
    *'t stat '*|*'was changed at this moment'*) rm -f "$2";;
    *) printf '%s\n' "$w"; return 1;;
  esac
}

# Writes the states of these paths to $1.1, $1.2 and so on, as state_of tells them: one process for what all files hold, one for their owners and modes.
states() {
  w=$1; shift
  k=0; files=''
  for p in "$@"; do
    # The list becomes that of the files.
    shift
    k=$((k+1))
    if [ -f "$p" ] && [ ! -L "$p" ]; then set -- "$@" "$p"; files="$files $k"; else state_of "$p" >"$RUN/$w.$k"; fi
  done
  if [ $# -eq 0 ]; then return 0; fi
  # When one of them goes away meanwhile, each is looked at by itself.
  if ! sums=$(sha256sum "$@" 2>/dev/null) || ! modes=$(stat -c '%a %u %g' "$@" 2>/dev/null); then sums=''; fi
  for k in $files; do
    if [ -z "$sums" ]; then state_of "$1" >"$RUN/$w.$k"; shift; continue; fi
    s=\${sums#\\\\}
    printf 'file %s %s\\n' "\${s%% *}" "\${modes%%"$NL"*}" >"$RUN/$w.$k"
    sums=\${sums#*"$NL"}; modes=\${modes#*"$NL"}
  done
}

# Notes how the run leaves these paths; of a file that others share, also its lines.
left() {
  states after "$@"
  k=0
  for p in "$@"; do
    k=$((k+1))
    if [ -e "$RUN/shared.$k" ] && [ -f "$p" ] && [ ! -L "$p" ]; then keep_copy "$p" "$RUN/left.$k"; fi
  done
}

# A change is only right for what was seen: N, what is there, what was there.
unless_changed() {
  is_bad "$1" && return 0
  [ "$2" = "$3" ] && return 0
  BAD="$BAD $1"
  say "end $1 stale"
  say "said it was \\"$3\\" and is \\"$2\\" now"
}

# The same for a path: N, path, state that was seen. Whether there is one is seen without a process.
unless_moved() {
  if [ "$3" = absent ] && [ ! -e "$2" ] && [ ! -L "$2" ]; then return 0; fi
  unless_changed "$1" "$(state_of "$2")" "$3"
}
`.trim();

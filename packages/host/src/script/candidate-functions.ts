/** Functions with which a change makes a file beside its place and puts it there. They stand on those that all scripts share (prelude.ts). */
export const candidateFunctions = `
# Owner and mode of a candidate: as declared, else as the present file's ("-"). Where it is like the present file already, nothing is started for it.
dress() {
  m=$3; o=$4; g=$5
  if [ -n "$LIKE" ] && [ "$m$o$g" = --- ]; then return 0; fi
  if [ "$m" = - ] || [ "$o" = - ] || [ "$g" = - ]; then
    was='0644  '; is=''
    if [ -f "$WAS" ] && [ ! -L "$WAS" ]; then was=$(stat -c '%a %u %g' "$WAS" "$2"); is=\${was#*"$NL"}; was=\${was%%"$NL"*}; fi
    if [ "$m$o$g" = --- ] && [ "$was" = "$is" ]; then return 0; fi
    if [ "$m" = - ]; then m=\${was%% *}; fi
    if [ "$o" = - ]; then o=\${was#* }; o=\${o%% *}; fi
    if [ "$g" = - ]; then g=\${was##* }; fi
  fi
  own "$2" "$o" "$g"
  chmod "$m" "$2"
}

# Owner and group, by name or number; an empty one stays. What root makes is root's, unless its folder or file system says otherwise: a look tells.
own() {
  case $2:$3 in
    :) return 0;;
    root:root|root:|:root|0:0|0:|:0)
      # shellcheck disable=SC3067
      if [ "$ME" = 0:0 ] && [ -O "$1" ] && [ -G "$1" ]; then return 0; fi;;
  esac
  chown "$2\${3:+:$3}" "$1"
}

# Content for the candidate $t, which stands open; path, mode, owner, group. These come first, so that everything is on disk when dd ends.
fill() {
  dress "$1" "$t" "$2" "$3" "$4"
  dd bs=64k conv=fsync status=none
}

# Sets the line of KEY in a file of ours, made when absent; with an empty key the line is only added when it is not there.
setting() {
  t="\${1%/*}/.vmstation-$N"
  room "$1" "$t" part
  f=$WAS
  if [ ! -f "$f" ]; then f=/dev/null; fi
  # As such files mostly are.
  umask 022
  { K="$2" V="$3" awk '{ l = $0; sub(/^[ \\t]*-?[ \\t]*/, "", l); sub(/[ \\t]*=.*/, "", l); if (l == ENVIRON["K"] || $0 == ENVIRON["V"]) next; print }' "$f"
    printf '%s\\n' "$3"; } >"$t"
  umask 077
  dress "$1" "$t" - - -
  place "$1" "$t"
}
`.trim();

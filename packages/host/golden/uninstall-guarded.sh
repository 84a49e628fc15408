# vmstation: takes back what its runs changed here
N=0123456789abcdef; STATE=/var/lib/vmstation; RUN=''
LC_ALL=C; PATH=/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin; export LC_ALL PATH
umask 077

# A record for whoever listens. A closed connection kills the process that writes to it, so this shell does not hear of that while it
# writes; what it starts does, as ever.
say() {
  trap '' PIPE
  { printf '%s\n' "@$N $*"; } 2>/dev/null || :
  trap - PIPE
  [ -z "$RUN" ] || printf '%s\n' "$*" >>"$RUN/records"
}

# The end of what a step printed.
tell() {
  if [ -s "$1" ]; then tail -n 6 "$1" | while IFS= read -r line; do say "said $line"; done; fi
}

# One line that tells a path's state apart from any other. What cannot be read, or goes away at this moment, is in a state that nothing else is in.
state_of() {
  if [ -L "$1" ]; then printf 'link %s\n' "$(readlink "$1")"
  elif [ -f "$1" ]; then s=$(sha256sum "$1") || { printf 'unreadable\n'; return 0; }; s=${s#\\}; printf 'file %s %s\n' "${s%% *}" "$(stat -c '%a %u %g' "$1")"
  elif [ -d "$1" ]; then printf 'directory %s\n' "$(stat -c '%a %u %g' "$1")"
  elif [ -e "$1" ]; then printf 'other\n'
  else printf 'absent\n'; fi
}

# A copy that only root can read, whoever could read the file: owner and mode stand in its state. (Every shell that we meet knows -O and -G: mine,
# my group's.)
keep_copy() {
  # -P: what became a link at this moment is not followed.
  cp -pP "$1" "$2" || return 1
  if [ -L "$2" ]; then rm -f "$2"; printf '%s\n' "$1 was changed at this moment, so it cannot be kept"; return 1; fi
  chmod 0600 "$2"
  # shellcheck disable=SC3067
  if [ ! -O "$2" ] || [ ! -G "$2" ]; then chown 0:0 "$2" 2>/dev/null || :; fi
}

# SELinux: the context that the policy wants for the path.
relabel() {
  if command -v restorecon >/dev/null 2>&1; then restorecon "$1"; fi
}

# What a change needs to be undone cannot be kept, so it is not begun.
cannot() {
  RUN=''
  say "cannot $(printf '%s' "$1" | tr '\n' ' ')"
  exit 0
}

# One change at a time: a folder that only one can make, with the run, the time, this start of the machine, the process and who it is for.
# It is stale after a reboot, or when its owner is gone. Time is the kernel's
# own since boot: a clock that was set would make a living lock seem old.
lock() {
  i=0
  boot=$(cat /proc/sys/kernel/random/boot_id)
  until w=$(mkdir "$STATE/lock" 2>&1); do
    # Nobody holds it and it cannot be had: the file system is full or read-only.
    if [ ! -d "$STATE/lock" ]; then
      if w=$(mkdir "$STATE/lock" 2>&1); then break; fi
      if [ ! -d "$STATE/lock" ]; then cannot "$w"; fi
    fi
    held=$(cat "$STATE/lock/owner" 2>/dev/null) || held=''
    if is_stale "$held" && mv "$STATE/lock" "$STATE/lock.$N" 2>/dev/null; then
      rm -rf "$STATE/lock.$N"
      continue
    fi
    i=$((i+1))
    if [ "$i" -gt "$1" ]; then RUN=''; say "locked $(age_of "$held") $held"; exit 0; fi
    sleep 1
  done
  # By a program, because the word of a shell for a full disk is only "I/O error".
  if ! w=$( { printf '%s %s %s %s %s\n' "$2" "$(seconds_up)" "$boot" "$$" "$3" | cat >"$STATE/lock/owner"; } 2>&1 ); then unlock; cannot "$w"; fi
}

seconds_up() {
  read -r up _ </proc/uptime
  printf '%s' "${up%%.*}"
}

# Seconds for which a lock has been held.
age_of() {
  s=${1#* }; s=${s%% *}
  case $s in ''|*[!0-9]*) printf '?';; *) printf '%s' "$(($(seconds_up)-s))";; esac
}

is_stale() {
  # Its owner has not written its name yet; one that never does was killed in between.
  if [ -z "$1" ]; then [ "$i" -gt 10 ]; return; fi
  rest=${1#* }; since=${rest%% *}
  rest=${rest#* }; at=${rest%% *}; rest=${rest#* }; pid=${rest%% *}
  if [ "$at" != "$boot" ]; then return 0; fi
  if [ -d "/proc/$$" ] && [ ! -d "/proc/$pid" ]; then return 0; fi
  [ $(($(seconds_up)-since)) -gt 3600 ]
}

# Sockets and paths that start a unit, one a line.
triggers_of() {
  for t in $(systemctl show --no-pager --property=TriggeredBy -- "$1"); do
    t=${t#TriggeredBy=}
    case $t in *.socket|*.path) printf '%s\n' "$t";; esac
  done
}

# All units that a step wrote down get one verb.
each() {
  if [ -e "$2" ]; then while IFS= read -r u; do systemctl "$1" -- "$u"; done <"$2"; fi
}

# An account in one line: its own of passwd, and the groups that name it.
account_of() {
  grep -e "^$1:" /etc/passwd || :
  while IFS=: read -r a _ _ d; do
    case ",$d," in *",$1,"*) printf ' %s' "$a";; esac
  done </etc/group
}

gid_of() {
  while IFS=: read -r a _ c _; do
    if [ "$a" = "$1" ]; then printf '%s' "$c"; fi
  done </etc/group
}

# The beginning of a device, where every file system writes as soon as it is used.
head_of() {
  head -c 1048576 "$1" | sha256sum
}

unlock() {
  rm -rf "$STATE/lock"
}

# dpkg and rpm do not wait for their locks by themselves, as apt-get does: whoever holds one is waited for, within bounds.
patiently() {
  t=0
  while :; do
    r=0; w=$("$@" 2>&1) || r=$?
    case "$r:$w" in
      0:*) break;;
      *'locked by another process'*|*'transaction lock on'*) if [ "$t" -ge 300 ]; then break; fi; t=$((t+1)); sleep 1;;
      *) break;;
    esac
  done
  if [ -n "$w" ]; then printf '%s\n' "$w"; fi
  return "$r"
}
FOUND=0; OURS=''
NL='
'
# Ends a step, or what takes it back.
refuse() {
  printf '%s\n' "$1"
  exit 1
}

CLOSED=''; SHARED=''

# Which of the folders above these paths others than root may write to, by their modes: a shell's own tests tell owners, not modes. An access list
# shows in the bits of the group.
survey() {
  CLOSED=$NL; SHARED=$NL; w=$NL
  for p in "$@"; do
    p=${p%/*}
    while [ -n "$p" ]; do
      case $w in *"$NL$p$NL"*) break;; esac
      w="$w$p$NL"; p=${p%/*}
    done
  done
  IFS=$NL; set -f
  # shellcheck disable=SC2086
  set -- $w
  w=$(stat -c '%a %n' / "$@" 2>/dev/null) || :
  for p in $w; do
    case ${p%% *} in *[2367]?|*[2367]) SHARED="$SHARED${p#* }$NL";; *) CLOSED="$CLOSED${p#* }$NL";; esac
  done
  unset IFS; set +f
}

# Whether others than root may rename what is in this folder. One that is new since the survey is known by owner and group; in a sticky one (/tmp)
# they may rename what is their own. Somebody who is not root has nothing to guard.
is_open() {
  # shellcheck disable=SC3067
  if [ ! -O / ]; then return 1; fi
  # shellcheck disable=SC3067
  if [ ! -O . ] || [ -k . ]; then return 0; fi
  case $SHARED in *"$NL$PWD$NL"*) return 0;; esac
  case $CLOSED in *"$NL$PWD$NL"*) return 1;; esac
  # shellcheck disable=SC3067
  [ ! -G . ]
}

# Goes to the folder above a path. OPEN says that others could change the way there, or what is in it: then everything is done from here, by
# names without folders. A link is followed only where root alone could have made it. With MAKES, what is missing is made and remembered for the rollback.
into() {
  OPEN=''; rest=${1#/}
  cd /
  while :; do
    case $rest in */*) ;; *) break;; esac
    c=${rest%%/*}; rest=${rest#*/}
    case $c in ''|.) continue;; esac
    from=''
    if is_open; then from=open; fi
    # shellcheck disable=SC3067
    if [ -k . ] && [ -O . ] && [ -O / ]; then from=sticky; fi
    if [ -L "./$c" ]; then
      if [ -n "$OPEN$from" ]; then refuse "${PWD%/}/$c is a link in a folder that others than root may write to, so it is not followed"; fi
      w=$(readlink "./$c")
      if [ ! -d "./$c" ]; then refuse "${PWD%/}/$c is a link to $w, which is no folder"; fi
      case $w in /*) cd /;; esac
      rest="$w/$rest"
      continue
    fi
    if [ -e "./$c" ] && [ ! -d "./$c" ]; then refuse "${PWD%/}/$c is no folder"; fi
    if [ ! -d "./$c" ] && [ -n "${MAKES:-}" ]; then
      mkdir "./$c"
      printf '%s\n' "${PWD%/}/$c" >>"$RUN/made.$n"
      if [ -z "$OPEN$from" ]; then chmod 0755 "./$c"; fi
      made=yes
    else
      made=''
    fi
    w=${PWD%/}/$c
    cd -P "./$c" 2>/dev/null || refuse "$w is no folder"
    if [ -z "$OPEN$from" ]; then continue; fi
    if [ "$c" != .. ] && [ "$PWD" != "$w" ]; then refuse "$w was changed while a way was made through it, so nothing was done"; fi
    if [ -n "$made" ]; then
      # shellcheck disable=SC3067
      if [ ! -O . ]; then refuse "$w was changed while a way was made through it, so nothing was done"; fi
      chmod 0755 .
    fi
    # Of a sticky folder, others cannot take what is root's.
    # shellcheck disable=SC3067
    if [ "$from" != sticky ] || [ ! -O . ]; then OPEN=yes; fi
  done
  if is_open; then OPEN=yes; fi
}

# Folders above a path.
parents() {
  into "$1"
  cd /
}

# Goes to a folder of root's own in this one, in which nobody else can touch what is written. mkdir follows nothing and takes nothing that is there;
# its -m leaves no room for what an access list of the folder above would give away.
aside() {
  w=${PWD%/}/.vmstation-$N
  mkdir -m 0700 "./.vmstation-$N"
  cd -P "./.vmstation-$N"
  # shellcheck disable=SC3067
  if [ "$PWD" != "$w" ] || [ ! -O . ]; then refuse "$w was changed by somebody else, so nothing was done"; fi
}

# Room for a candidate: the folders above its path, and nothing under its name. WAS is where the present file can be read; in a folder of others
# that is a copy, and the candidate t stands in a folder of its own. With "like", the candidate begins as a copy, so that it has all rights of the present
# file: its mode alone would give to the group what an access list gives to single users. "part" says besides that lines are changed: where others could
# have put a link there, it is not followed.
room() {
  LIKE=''
  into "$1"
  if [ -z "$OPEN" ]; then
    cd /
    WAS=$1
    if [ -e "$2" ] || [ -L "$2" ]; then rm -f "$2"; fi
    if [ -n "${3:-}" ] && [ -f "$1" ] && [ ! -L "$1" ]; then cp -p "$1" "$2"; LIKE=yes; fi
    return 0
  fi
  aside
  t=./new; WAS=./was
  if [ -L "../${1##*/}" ]; then
    if [ "${3:-}" = part ]; then refuse "$1 is a link in a folder that others than root may write to, so it is not followed"; fi
  elif [ -f "../${1##*/}" ]; then
    cp -pP "../${1##*/}" ./was
    if [ -L ./was ] || [ ! -f ./was ]; then refuse "$1 was changed at this moment, so nothing was done"; fi
    if [ -n "${3:-}" ]; then cp -p ./was ./new; LIKE=yes; fi
  fi
  if [ "${3:-}" = part ] && [ -e "$RUN/keeps.$n" ] && [ -n "${MAKES:-}" ]; then proven "$1"; fi
}

# What is kept of a file that others share gives lines back later, so it must be what the first step found there, and not what somebody had put in its way.
proven() {
  read -r k <"$RUN/keeps.$n"
  if [ ! -e "$RUN/shared.$k" ] || [ -e "$RUN/proven.$k" ]; then return 0; fi
  if [ -e ./was ] || [ -e "$RUN/data.$k" ]; then
    cmp -s ./was "$RUN/data.$k" || refuse "$1 was changed since it was looked at, so nothing was done"
  fi
  : >"$RUN/proven.$k"
}

# A folder that aside has made goes again.
leave() {
  if [ -n "$OPEN" ]; then cd -P ..; rm -rf "./.vmstation-$N"; fi
}

# Puts a finished candidate at its path.
place() {
  sync "$2"
  put "$1" "$2"
}

# The same for one that is on disk already.
put() {
  p=$1
  if [ -n "$OPEN" ]; then p="../${1##*/}"; fi
  if [ -d "$p" ]; then
    if [ -L "$p" ]; then rm -f "$p"; else discard "$2" "there is a directory at $1"; return 1; fi
  fi
  spares "$p" "$1" || { rm -f "$2"; return 1; }
  if [ -z "$OPEN" ]; then
    mv -f "$2" "$1" || through "$1" "$2"
  else
    # -T: what became a link to a folder, or a folder, is not gone into.
    mv -fT "$2" "$p"
    leave
  fi
  relabel "$1"
}

# A path that cannot be renamed over (a bind mount) is written through.
through() {
  w=$(stat -c '%u:%g %a' "$2")
  cat "$2" >"$1"
  chown "${w% *}" "$1"; chmod "${w#* }" "$1"
  rm -f "$2"
}

# What could not be put back is not replaced: a FIFO, a socket, a device.
spares() {
  if [ -e "$1" ] && [ ! -f "$1" ] && [ ! -d "$1" ] && [ ! -L "$1" ]; then
    printf '%s\n' "there is a FIFO, a socket or a device at $2, so it is left as it is"
    return 1
  fi
}

discard() {
  rm -f "$1"
  printf '%s\n' "$2"
  return 1
}

# Owner and mode of what is there already, without touching the content; "-" stays. In a folder of others, a copy takes its place.
redress() {
  into "$1"
  if [ -z "$OPEN" ]; then
    cd /
    reown "$1" "$3" "$4"
    if [ "$2" != - ]; then chmod "$2" "$1"; fi
    return 0
  fi
  cd /
  room "$1" ''
  if [ ! -f ./was ]; then refuse "$1 was changed at this moment, so nothing was done"; fi
  reown ./was "$3" "$4"
  if [ "$2" != - ]; then chmod "$2" ./was; fi
  place "$1" ./was
}

reown() {
  case $2:$3 in
    -:-) ;;
    *:-) chown "$2" "$1";;
    -:*) chown ":$3" "$1";;
    *) chown "$2:$3" "$1";;
  esac
}

# Goes into a folder, made with this mode where it is missing; what is done to "." then is done to no other.
folder() {
  into "$1"
  c="./${1##*/}"
  w=${PWD%/}/${1##*/}
  if [ -L "$c" ]; then refuse "$1 is a link and no folder: remove the link, or declare the folder that it leads to"; fi
  if [ -e "$c" ] && [ ! -d "$c" ]; then refuse "$1 is there and is no folder"; fi
  made=''
  if [ ! -d "$c" ]; then mkdir "$c"; made=yes; fi
  cd -P "$c"
  if [ -n "$OPEN" ] && [ "$PWD" != "$w" ]; then refuse "$1 was changed at this moment, so nothing was done"; fi
  # shellcheck disable=SC3067
  if [ -n "$made" ]; then if [ -n "$OPEN" ] && [ ! -O . ]; then refuse "$1 was changed at this moment, so nothing was done"; fi; chmod "$2" .; fi
}

# What stands for a path in what follows: in a folder of others its name, from there.
here() {
  into "$1"
  if [ -n "$OPEN" ]; then p="./${1##*/}"; else cd /; p=$1; fi
}

link() {
  here "$2"
  if [ -d "$p" ] && [ ! -L "$p" ]; then printf '%s\n' "there is a directory at $2"; return 1; fi
  spares "$p" "$2" || return 1
  ln -sfn -- "$1" "$p"
}

remove() {
  here "$1"
  spares "$p" "$1" || return 1
  if [ -d "$p" ] && [ ! -L "$p" ]; then rmdir "$p"; else rm -f "$p"; fi
}

# What somebody changed after the run is left alone, with all that belongs to it.
may_restore() {
  p=$(cat "$RUN/path.$1")
  # What the run left as it was is nobody's to take back, and says nothing of who changed it since.
  if was_left "$1"; then return 0; fi
  if apart "$1"; then return 0; fi
  # A later change of ours, taken back a moment ago, has left it as it is.
  if [ -n "${OURS:-}" ] && grep -qxF -e "$p" "$OURS"; then return 0; fi
  if may_restore_path "$1"; then
    if [ -n "${OURS:-}" ]; then printf '%s\n' "$p" >>"$OURS"; fi
    return 0
  fi
  printf '%s\n' "$p was changed after the run, so it is left as it is"
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
      for (i = 1; i <= n; i++) if (ours[was[i]] < 0) { ours[was[i]]++; back = back was[i] "\n" }
      for (i = 1; i <= m; i++) {
        if (ours[now[i]] > 0) { ours[now[i]]--; if (!put) printf "%s", back; put = 1 } else print now[i]
      }
      if (!put) printf "%s", back
    }' >"$RUN/apart.$1" || { leave; rm -f "$RUN/apart.$1"; return 1; }
  leave
}

# Whether the content that was kept is the one whose owner and mode were noted: in a folder of others, somebody may have changed one for the other in between.
genuine() {
  s=$(sha256sum "$RUN/data.$1"); s=${s#\\}
  read -r _ w _ <"$RUN/before.$1"
  [ "${s%% *}" = "$w" ]
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
    if [ -z "${OURS:-}" ] || ! grep -qxF -e "value $1" "$OURS"; then
      printf '%s\n' "$1 was changed after the run, so it is left as it is"
      return 1
    fi
  fi
  if [ -n "${OURS:-}" ]; then printf '%s\n' "value $1" >>"$OURS"; fi
}

# A home in which there is nothing but what useradd put there.
unused() {
  for f in "$1"/* "$1"/.[!.]* "$1"/..?*; do
    if [ ! -e "$f" ] && [ ! -L "$f" ]; then continue; fi
    k="/etc/skel/${f##*/}"
    if [ -f "$f" ] && [ ! -L "$f" ] && [ -f "$k" ] && [ "$(sha256sum <"$f")" = "$(sha256sum <"$k")" ]; then continue; fi
    printf '%s\n' "$f came after the account was made, so the account and its home are left as they are"
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
    t="${P%/*}/.vmstation-$N"; room "$P" "$t" part
    if [ -z "$LIKE" ]; then refuse "$P was changed at this moment, so it is left as it is"; fi
    cat "$RUN/apart.$1" >"$t"; place "$P" "$t"; rm -f "$RUN/apart.$1"
    return 0
  fi
  case $was in
    absent) if [ -d "$P" ] && [ ! -L "$P" ] && ! remove "$P" 2>/dev/null; then printf '%s\n' "$P is not empty: what came since is left as it is"; return 1; fi
      remove "$P";;
    link*) remove "$P"; link "${was#link }" "$P";;
    file*) genuine "$1" || refuse "$P was changed while it was kept, so what was kept is not put back"
      t="${P%/*}/.vmstation-$N"; room "$P" "$t"; cp -p "$RUN/data.$1" "$t"
      read -r _ _ m o g <"$RUN/before.$1"; chown "$o:$g" "$t"; chmod "$m" "$t"; place "$P" "$t";;
    directory*) read -r k m o g <"$RUN/before.$1"; folder "$P" "$m"; chown "$o:$g" .; chmod "$m" .;;
    *) printf '%s\n' "$P was neither a file, a folder nor a link"; return 1;;
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
keep() {
  printf '%s\n' "$2" >"$U/path.$1"
  state_of "$2" >"$U/before.$1"
  if [ -f "$2" ] && [ ! -L "$2" ]; then keep_copy "$2" "$U/data.$1"; fi
  printf '%s\n' "$1" >>"$U/keeps.1"
}

# The steps of one apply. What was guarded counts as taken back only when it was confirmed.
part() {
  RUN="$STATE/runs/$1"; shift
  survey_run
  for n in "$@"; do
    back "$n"
    if [ -n "$GUARDED" ] && [ -e "$RUN/restored.$n" ]; then
      rm -f "$RUN/restored.$n"
      printf '%s\n' "$RUN/restored.$n" >>"$B/marks.$GUARDED"
      cat "$RUN/ids.$n" >>"$U/ids.1"
      if [ -e "$RUN/notifies.$n" ]; then cat "$RUN/notifies.$n" >>"$U/notifies.1"; fi
      if [ -e "$RUN/reload.$n" ]; then : >"$U/reload.1"; fi
    fi
  done
  tell_units
}
prepare() {
set -e
keep 1 /etc/ssh
keep 2 '/etc/ssh/it'\''s'
}
main() {
say 'vmstation-rollback 1'
lock 60 uninstall-0123 ops@station
GUARDED=login-key
B="$STATE/runs/"uninstall-0123; mkdir -p "$B"; OURS="$B/ours"; : >>"$OURS"
i=1; while [ -e "$B/$i" ]; do i=$((i+1)); done; U="$B/$i"; mkdir "$U"; : >"$U/ids.1"; : >"$B/marks.$GUARDED"
w=$( ( prepare ) 2>&1 ); r=$?; if [ "$r" -ne 0 ]; then unlock; cannot "$w"; fi
printf '1\n' >"$U/order"; sync
part 20261123-091500-k3f9/1 2 1
state_of /etc/ssh >"$U/after."1
state_of '/etc/ssh/it'\''s' >"$U/after."2
RUN=''
unlock
if [ "$FOUND" -eq 0 ]; then say 'nothing'; fi
say 'done'
}
main </dev/null

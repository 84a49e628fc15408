/**
 * Functions that reach a path as root. Whoever may write to a folder may at any moment turn what is in it into a link, so a path that leads through
 * one is not looked at and then used by its name: the shell goes there folder by folder, sees where it has come, and stays. Where only root can rename
 * things (nearly everywhere) that takes no process, and the path is used as it is. They stand on those that all scripts share (prelude.ts).
 */
export const placeFunctions = `
NL='
'
# Ends a step, or what takes it back.
refuse() {
  printf '%s\\n' "$1"
  exit 1
}

CLOSED=''; SHARED=''

# Which of the folders above these paths others than root may write to, by their modes: a shell's own tests tell owners, not modes. An access list
# shows in the bits of the group.
survey() {
  CLOSED=$NL; SHARED=$NL; w=$NL
  for p in "$@"; do
    p=\${p%/*}
    while [ -n "$p" ]; do
      case $w in *"$NL$p$NL"*) break;; esac
      w="$w$p$NL"; p=\${p%/*}
    done
  done
  IFS=$NL; set -f
  # shellcheck disable=SC2086
  set -- $w
  w=$(stat -c '%a %n' / "$@" 2>/dev/null) || :
  for p in $w; do
    case \${p%% *} in *[2367]?|*[2367]) SHARED="$SHARED\${p#* }$NL";; *) CLOSED="$CLOSED\${p#* }$NL";; esac
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
  OPEN=''; rest=\${1#/}
  cd /
  while :; do
    case $rest in */*) ;; *) break;; esac
    c=\${rest%%/*}; rest=\${rest#*/}
    case $c in ''|.) continue;; esac
    from=''
    if is_open; then from=open; fi
    # shellcheck disable=SC3067
    if [ -k . ] && [ -O . ] && [ -O / ]; then from=sticky; fi
    if [ -L "./$c" ]; then
      if [ -n "$OPEN$from" ]; then refuse "\${PWD%/}/$c is a link in a folder that others than root may write to, so it is not followed"; fi
      w=$(readlink "./$c")
      if [ ! -d "./$c" ]; then refuse "\${PWD%/}/$c is a link to $w, which is no folder"; fi
      case $w in /*) cd /;; esac
      rest="$w/$rest"
      continue
    fi
    if [ -e "./$c" ] && [ ! -d "./$c" ]; then refuse "\${PWD%/}/$c is no folder"; fi
    if [ ! -d "./$c" ] && [ -n "\${MAKES:-}" ]; then
      mkdir "./$c"
      printf '%s\\n' "\${PWD%/}/$c" >>"$RUN/made.$n"
      if [ -z "$OPEN$from" ]; then chmod 0755 "./$c"; fi
      made=yes
    else
      made=''
    fi
    w=\${PWD%/}/$c
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
  w=\${PWD%/}/.vmstation-$N
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
    if [ -n "\${3:-}" ] && [ -f "$1" ] && [ ! -L "$1" ]; then cp -p "$1" "$2"; LIKE=yes; fi
    return 0
  fi
  aside
  t=./new; WAS=./was
  if [ -L "../\${1##*/}" ]; then
    if [ "\${3:-}" = part ]; then refuse "$1 is a link in a folder that others than root may write to, so it is not followed"; fi
  elif [ -f "../\${1##*/}" ]; then
    cp -pP "../\${1##*/}" ./was
    if [ -L ./was ] || [ ! -f ./was ]; then refuse "$1 was changed at this moment, so nothing was done"; fi
    if [ -n "\${3:-}" ]; then cp -p ./was ./new; LIKE=yes; fi
  fi
  if [ "\${3:-}" = part ] && [ -e "$RUN/keeps.$n" ] && [ -n "\${MAKES:-}" ]; then proven "$1"; fi
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
  if [ -n "$OPEN" ]; then p="../\${1##*/}"; fi
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
  chown "\${w% *}" "$1"; chmod "\${w#* }" "$1"
  rm -f "$2"
}

# What could not be put back is not replaced: a FIFO, a socket, a device.
spares() {
  if [ -e "$1" ] && [ ! -f "$1" ] && [ ! -d "$1" ] && [ ! -L "$1" ]; then
    printf '%s\\n' "there is a FIFO, a socket or a device at $2, so it is left as it is"
    return 1
  fi
}

discard() {
  rm -f "$1"
  printf '%s\\n' "$2"
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
  c="./\${1##*/}"
  w=\${PWD%/}/\${1##*/}
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
  if [ -n "$OPEN" ]; then p="./\${1##*/}"; else cd /; p=$1; fi
}

link() {
  here "$2"
  if [ -d "$p" ] && [ ! -L "$p" ]; then printf '%s\\n' "there is a directory at $2"; return 1; fi
  spares "$p" "$2" || return 1
  ln -sfn -- "$1" "$p"
}

remove() {
  here "$1"
  spares "$p" "$1" || return 1
  if [ -d "$p" ] && [ ! -L "$p" ]; then rmdir "$p"; else rm -f "$p"; fi
}
`.trim();

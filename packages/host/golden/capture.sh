# vmstation: reads what is set up on this machine and changes nothing
LC_ALL=C; PATH=/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin; export LC_ALL PATH
begin() { printf '%s\n' "@0123456789abcdef begin $1"; }
finish() { printf '%s\n' "@0123456789abcdef end $1 $2 $3"; }
nl='
'
add() { case $1 in *"$nl"*) printf 'odd %s\n' "${1%%"$nl"*}"; return 1;; esac; [ -e "$1" ] || [ -L "$1" ]; }
main() {
printf '%s\n' '@0123456789abcdef vmstation-capture 1'
begin system
family=''
if [ -r /etc/os-release ]; then while IFS='=' read -r k v; do case "$k:$v" in
ID:*debian*|ID:*ubuntu*|ID_LIKE:*debian*|ID_LIKE:*ubuntu*) family=debian;;
ID:*rhel*|ID:*fedora*|ID:*centos*|ID:*rocky*|ID:*almalinux*|ID_LIKE:*rhel*|ID_LIKE:*fedora*) family=rhel;;
esac; done </etc/os-release; fi
printf 'family %s\n' "$family"
if [ -L /etc/localtime ]; then printf 'zone %s\n' "$(readlink /etc/localtime)"; fi
printf 'clock %s\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)"
finish system 0 -
begin synchronised; timedatectl show --property=NTPSynchronized; finish synchronised "$?" -
begin closed; set --; for p in /etc/shadow /etc/ssh/ssh_host_*_key; do if add "$p"; then set -- "$@" "$p"; fi; done
if [ "$#" -gt 0 ]; then stat -c '%a %u %g %U %G %s %F:%n' "$@"; fi; finish closed 0 -
closed=$nl; for p do closed=$closed$p$nl; done
begin files; set --; for p in /etc/fstab /etc/cron.d/*; do case $closed in *"$nl$p$nl"*) continue;; esac; if add "$p"; then set -- "$@" "$p"; fi; done
if [ "$#" -gt 0 ]; then stat -c '%a %u %g %U %G %s %F:%n' "$@"; fi; finish files 0 -
begin content; for p do if [ -f "$p" ] && [ ! -L "$p" ]; then
printf 'path %s\n' "$p"; head -c 65537 "$p" | base64
fi; done; finish content 0 -
begin packages
case $family in
debian) dpkg-query -W -f='${db:Status-Abbrev}\t${Priority}\t${Essential}\t${Package}\t${Pre-Depends}, ${Depends}\n'; r=$?;;
rhel) dnf -q --disablerepo='*' repoquery --userinstalled --qf='%{name}\n'; r=$?;;
*) r=127;;
esac; finish packages "$r" -
begin automatic; if [ "$family" = debian ] && [ -r /var/lib/apt/extended_states ]; then cat /var/lib/apt/extended_states; fi; finish automatic 0 -
begin shipped
case $family in
debian) dpkg-query -W -f='${Conffiles}\n'; r=$?; if [ -r /var/lib/ucf/hashfile ]; then cat /var/lib/ucf/hashfile; fi;;
rhel) rpm -qa --qf='[%{FILENAMES} %{FILEDIGESTS}\n]' | grep -e '^/etc/' ; r=$?;;
*) r=127;;
esac; finish shipped "$r" -
begin failed; systemctl list-units --no-pager --plain --no-legend --state=failed; finish failed "$?" -
set --; for p in /etc/systemd/system/*; do case $p in *.service|*.timer|*.socket|*.path|*.mount) if [ -f "$p" ] && [ ! -L "$p" ]; then case $p in *@.*) ;; *) set -- "$@" "${p##*/}";; esac; fi;; esac; done
begin units; r=0; if [ "$#" -gt 0 ]; then systemctl show --no-pager --property=Id,UnitFileState,ActiveState,Type -- "$@"; r=$?; fi; finish units "$r" "$#"
begin devices; if [ -r /etc/fstab ]; then while read -r dev _; do
case $dev in
''|'#'*) continue;;
'UUID='*) f=/dev/disk/by-uuid;; 'LABEL='*) f=/dev/disk/by-label;; 'PARTUUID='*) f=/dev/disk/by-partuuid;; 'PARTLABEL='*) f=/dev/disk/by-partlabel;;
/dev/*) f=/dev;;
*) continue;;
esac
case $f in /dev) p=$dev;; *) v=${dev#*=}; v=${v#\"}; p=$f/${v%\"};; esac
if [ -e "$p" ]; then w=present; elif [ -d "$f" ]; then w=absent; else w=unknown; fi
printf '%s %s\n' "$w" "$dev"
done </etc/fstab; fi; finish devices 0 -
begin /proc/swaps; if [ -r /proc/swaps ]; then cat /proc/swaps; fi; finish /proc/swaps 0 -
begin /proc/mounts; if [ -r /proc/mounts ]; then cat /proc/mounts; fi; finish /proc/mounts 0 -
begin /proc/sys/kernel/hostname; if [ -r /proc/sys/kernel/hostname ]; then cat /proc/sys/kernel/hostname; fi; finish /proc/sys/kernel/hostname 0 -
begin /etc/passwd; if [ -r /etc/passwd ]; then cat /etc/passwd; fi; finish /etc/passwd 0 -
begin /etc/group; if [ -r /etc/group ]; then cat /etc/group; fi; finish /etc/group 0 -
printf '%s\n' '@0123456789abcdef done 0'
}
main </dev/null

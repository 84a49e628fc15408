# vmstation: looks at this machine and changes nothing
LC_ALL=C; PATH=/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin; export LC_ALL PATH
begin() { printf '%s\n' "@0123456789abcdef begin $1"; }
finish() { printf '%s\n' "@0123456789abcdef end $1 $2 $3"; }
main() {
P=1
printf '%s\n' '@0123456789abcdef vmstation-check 1'
begin system
family=''
if [ -r /etc/os-release ]; then while IFS='=' read -r k v; do case "$k:$v" in
ID:*debian*|ID:*ubuntu*|ID_LIKE:*debian*|ID_LIKE:*ubuntu*) family=debian;;
ID:*rhel*|ID:*fedora*|ID:*centos*|ID:*rocky*|ID:*almalinux*|ID_LIKE:*rhel*|ID_LIKE:*fedora*) family=rhel;;
esac; done </etc/os-release; fi
printf '%s\n' "family $family"
systemd=no; [ ! -d /run/systemd/system ] || systemd=yes; printf '%s\n' "systemd $systemd"
[ ! -e /sys/fs/selinux/enforce ] || printf '%s\n' selinux
if [ -r /etc/shadow ]; then while IFS=: read -r k v rest; do if [ "$k" = root ]; then case $v in ''|'!'*|'*'*) ;; *) printf '%s\n' 'root-password';; esac; break; fi; done </etc/shadow; fi
[ ! -e /etc/rancher/k3s/k3s.yaml ] || printf '%s\n' 'kubernetes k3s'
[ ! -e /etc/systemd/system/k3s-agent.service ] || printf '%s\n' 'kubernetes k3s'
[ ! -e /etc/rancher/rke2/rke2.yaml ] || printf '%s\n' 'kubernetes rke2'
[ ! -e /var/lib/rancher/rke2/agent ] || printf '%s\n' 'kubernetes rke2'
[ ! -e /var/snap/microk8s/current ] || printf '%s\n' 'kubernetes microk8s'
[ ! -e /var/lib/k0s/pki ] || printf '%s\n' 'kubernetes k0s'
[ ! -e /etc/kubernetes/kubelet.conf ] || printf '%s\n' 'kubernetes kubeadm'
for f in /var/lib/vmstation/owed/*; do [ ! -f "$f" ] || printf '%s\n' "owed ${f##*/}"; done
finish system 0 -
set --; for p in /usr/bin/python3 /etc/apt/sources.list.d/kubernetes.sources /etc/apt/keyrings/kubernetes.asc /etc/yum.repos.d/kubernetes.repo /etc/pki/rpm-gpg/RPM-GPG-KEY-kubernetes /var/lib/apt/lists/pkgs.example.org_core:_stable:_v1.33_deb_InRelease /var/lib/apt/lists/pkgs.example.org_core:_stable:_v1.33_deb_Release /etc/dnf/plugins/versionlock.list /srv/media /etc/chrony/chrony.conf /etc/krb5.keytab /etc/motd.old /etc/vmstation/current /etc/login.defs /etc/rsyslog.conf /etc/security/limits.conf /etc/issue /etc/hosts /etc/hostname /etc/localtime /etc/timezone /etc/systemd/system/vmstation-wol.service /etc/modules-load.d/vmstation.conf /etc/sysctl.d/99-zz-vmstation.conf /etc/selinux/config /etc/systemd/system/vmstation-link-enp1s0.service /etc/systemd/system/multi-user.target.wants/vmstation-link-enp1s0.service /etc/fstab /etc/dhcp/dhclient-enter-hooks.d /etc/resolv.conf /run/systemd/resolve/resolv.conf /etc/systemd/resolved.conf.d/90-vmstation.conf /etc/resolvconf/resolv.conf.d/head /etc/resolvconf/resolv.conf.d/tail /etc/NetworkManager/conf.d/90-vmstation-resolver.conf /etc/dhcp/dhclient-enter-hooks.d/vmstation-resolver /etc/network/interfaces /etc/network/interfaces.d/enp2s0 /etc/systemd/network/05-vmstation-enp2s0.network /etc/NetworkManager/system-connections/vmstation-enp2s0.nmconnection; do if [ -e "$p" ] || [ -L "$p" ]; then set -- "$@" "$p"; fi; done
begin path; r=0; if [ "$#" -gt 0 ]; then P=$((P+1)); QUOTING_STYLE=escape stat -c '%a %u %g %U %G %s %F:%n
%N' "$@"; r=$?; fi; finish path "$r" "$(($#*2))"
set --; for p in /etc/apt/sources.list.d/kubernetes.sources /etc/apt/keyrings/kubernetes.asc /etc/yum.repos.d/kubernetes.repo /etc/pki/rpm-gpg/RPM-GPG-KEY-kubernetes /etc/dnf/plugins/versionlock.list /srv/media /etc/chrony/chrony.conf /etc/krb5.keytab /etc/motd.old /etc/vmstation/current /etc/login.defs /etc/rsyslog.conf /etc/security/limits.conf /etc/issue /etc/hosts /etc/hostname /etc/localtime /etc/timezone /etc/systemd/system/vmstation-wol.service /etc/modules-load.d/vmstation.conf /etc/sysctl.d/99-zz-vmstation.conf /etc/selinux/config /etc/systemd/system/vmstation-link-enp1s0.service /etc/fstab /etc/resolv.conf /run/systemd/resolve/resolv.conf /etc/systemd/resolved.conf.d/90-vmstation.conf /etc/resolvconf/resolv.conf.d/head /etc/resolvconf/resolv.conf.d/tail /etc/NetworkManager/conf.d/90-vmstation-resolver.conf /etc/dhcp/dhclient-enter-hooks.d/vmstation-resolver /etc/network/interfaces /etc/network/interfaces.d/enp2s0 /etc/systemd/network/05-vmstation-enp2s0.network /etc/NetworkManager/system-connections/vmstation-enp2s0.nmconnection; do if [ -f "$p" ] && [ ! -L "$p" ]; then set -- "$@" "$p"; fi; done
begin digest; r=0; if [ "$#" -gt 0 ]; then P=$((P+1)); sha256sum "$@"; r=$?; fi; finish digest "$r" "$#"
kernel=''; [ ! -r /proc/sys/kernel/osrelease ] || read -r kernel </proc/sys/kernel/osrelease
begin module; builtin=''
if [ -d /sys/module/br_netfilter ]; then printf '%s\n' 'loaded br_netfilter'; else builtin=yes; fi
[ -z "$builtin" ] || builtin="/lib/modules/$kernel/modules.builtin"
finish module 0 -
set --
while IFS=: read -r u _ _ _ _ h _; do case $u in ops) set -- "$@" "$h/.ssh/authorized_keys";; esac; done </etc/passwd
for p in /etc/passwd /etc/group /etc/dnf/plugins/versionlock.list /etc/login.defs /etc/rsyslog.conf /etc/security/limits.conf /etc/issue /etc/hosts /etc/hostname /proc/sys/kernel/hostname /etc/timezone /etc/modules-load.d/vmstation.conf /proc/sys/net/ipv4/ip_forward /sys/fs/selinux/enforce /etc/selinux/config /sys/class/net/enp1s0/mtu /etc/systemd/system/vmstation-link-enp1s0.service /proc/swaps /etc/fstab /proc/mounts /run/systemd/resolve/resolv.conf /etc/resolv.conf /etc/systemd/resolved.conf.d/90-vmstation.conf /etc/resolvconf/resolv.conf.d/head /etc/resolvconf/resolv.conf.d/tail /etc/NetworkManager/conf.d/90-vmstation-resolver.conf /etc/dhcp/dhclient-enter-hooks.d/vmstation-resolver /etc/network/interfaces /etc/network/interfaces.d/enp2s0 /etc/systemd/network/05-vmstation-enp2s0.network /etc/NetworkManager/system-connections/vmstation-enp2s0.nmconnection /sys/class/net/enp2s0/ifindex /proc/net/fib_trie /proc/net/route '/run/it'\''s.listing' /etc/os-release /proc/meminfo /proc/sys/kernel/osrelease /proc/sys/kernel/arch /proc/sys/kernel/random/boot_id /sys/devices/system/cpu/online /sys/class/dmi/id/sys_vendor /sys/class/dmi/id/product_name /run/systemd/container /etc/ssh/sshd_config /etc/ssh/sshd_config.d/*.conf /sys/class/net/*/address /etc/sysctl.d/*.conf /run/sysctl.d/*.conf /usr/local/lib/sysctl.d/*.conf /usr/lib/sysctl.d/*.conf /run/systemd/netif/links/*; do set -- "$@" "$p"; done
[ -z "$builtin" ] || set -- "$@" "$builtin"
begin texts; n=$#; while [ "$n" -gt 0 ]; do p=$1; shift; n=$((n-1)); if [ -f "$p" ] && [ -r "$p" ]; then printf '%s\n' "$p"; set -- "$@" "$p"; fi; done; finish texts 0 "$#"
begin lines; P=$((P+1)); grep -H '' "$@"; finish lines "$?" -
begin package; P=$((P+1))
case $family in
debian) dpkg-query -W -f='${Package}\t${Status}\t${Version}\n' chrony rsyslog telnet containerd runc ethtool; r=$?;;
rhel) rpm -q --qf='%{NAME}\tinstall ok installed\t%{EVR}\n' chrony rsyslog telnet containerd runc ethtool; r=$?;;
*) r=127;;
esac
finish package "$r" 6
begin unit; r=127
if [ "$systemd" = yes ]; then P=$((P+1)); systemctl show --no-pager --property=Id,LoadState,ActiveState,SubState,UnitFileState,NeedDaemonReload,Type,Result,NRestarts,MainPID -- vmstation-wol.service NetworkManager.service systemd-resolved.service systemd-networkd.service chrony.service telnet.socket; r=$?; fi
finish unit "$r" 6
begin kernel; if [ ! -r /proc/sys/kernel/arch ]; then case $kernel in *.x86_64|*.aarch64) ;; *) P=$((P+1)); uname -m;; esac; fi; finish kernel 0 -
begin python; if [ -x /usr/bin/python3 ] && [ ! -L /usr/bin/python3 ]; then P=$((P+1)); /usr/bin/python3 -V; fi; finish python 0 -
set --; for p in /srv/media /etc/chrony/chrony.conf; do if [ -e /sys/fs/selinux/enforce ] && [ -e "$p" ]; then set -- "$@" "$p"; fi; done
begin context; r=0; if [ "$#" -gt 0 ]; then P=$((P+1)); stat -c '%C %n' "$@"; r=$?; fi; finish context "$r" "$#"
signatures_of() { for p do printf '%s\n' "device $p"; done; P=$((P+1)); wipefs -p -O DEVICE,OFFSET,UUID,LABEL,TYPE "$@"; r=$?; printf '%s\n' "status $r"; }
set --; for p in /dev/disk/by-id/ata-DISK /dev/sdc /dev/sdd; do if [ -e "$p" ]; then set -- "$@" "$p"; fi; done
begin signature; r=0; [ "$#" -eq 0 ] || signatures_of "$@"; if [ "$r" -ne 0 ] && [ "$#" -gt 1 ]; then for d do signatures_of "$d"; done; fi; finish signature 0 -
set -- enp1s0; begin wake; if command -v ethtool >/dev/null; then for p do P=$((P+1)); printf '%s\n' "card $p"; ethtool "$p" 2>/dev/null; done; fi; finish wake 0 -
begin kerberos-keys; r=0; if [ ! -e /var/lib/krb5kdc/principal ] || ! command -v kdb5_util >/dev/null 2>&1; then :; elif [ ! -e /etc/krb5kdc/stash ]; then printf '%s\n' @HOME.ARPA; else P=$((P+1)); kdb5_util -r HOME.ARPA tabdump -H keyinfo || r=$?; fi; finish kerberos-keys "$r" -
begin kerberos-attributes; r=0; if [ ! -e /var/lib/krb5kdc/principal ] || ! command -v kdb5_util >/dev/null 2>&1; then :; elif [ ! -e /etc/krb5kdc/stash ]; then printf '%s\n' @HOME.ARPA; else P=$((P+1)); kdb5_util -r HOME.ARPA tabdump -H princ_stringattrs || r=$?; fi; finish kerberos-attributes "$r" -
g=0; disk=''
while [ "$g" -lt 4 ]; do
P=$((P+2+4-g))
# shellcheck disable=SC2016
s=$(exec timeout 20 sh -c 'answer() { printf '\''%s\n'\'' "@0123456789abcdef begin guard-$1" "$s" "@0123456789abcdef end guard-$1 $2 -"; }
[ "$1" -gt 0 ] || { s='\'''\''; (exec sh -c '\''case $(nmcli -g GENERAL.STATE device show "$1") in "" | 10\ * | *externally*) exit 1 ;; esac'\'' sh enp2s0 >/dev/null 2>&1); answer 0 "$?"; }
[ "$1" -gt 1 ] || { s='\'''\''; (exec grep -q en_GB /etc/locale.gen >/dev/null 2>&1); answer 1 "$?"; }
[ "$1" -gt 2 ] || { s=$(exec auditctl -l -k vmstation- 2>/dev/null); answer 2 "$?"; }
[ "$1" -gt 3 ] || { s='\'''\''; (exec kinit -k -t /etc/krb5.keytab -c MEMORY: >/dev/null 2>&1); answer 3 "$?"; }
printf '\''%s\n'\'' '\''@0123456789abcdef begin disk'\''
exec df -Pk /' sh "$g"); r=$?
[ -z "$s" ] || printf '%s\n' "$s"
case $s in
*'@0123456789abcdef begin disk'*) g=4; disk=$r;;
*'@0123456789abcdef end guard-'*) s=${s##*'@0123456789abcdef end guard-'}; g=$((${s%% *}+1));;
*) [ "$r" -eq 124 ] || r=125; begin "guard-$g"; finish "guard-$g" "$r" -; g=$((g+1));;
esac
done
if [ -z "$disk" ]; then begin disk; P=$((P+1)); df -Pk /; disk=$?; fi; finish disk "$disk" 2
begin clock; exec date -u "+%Y-%m-%dT%H:%M:%SZ%n@0123456789abcdef end clock 0 1%n@0123456789abcdef done $P"
}
main </dev/null

import { basePrograms } from './base-programs.ts';
import { aptTimers, audit } from './care-packages.ts';
import { definePackage, type PackageDefinition, plainPackages } from './package-definition.ts';
import { logrotate } from './shared-packages.ts';
import { serviceUnit } from './unit-texts.ts';

const UNITS = '/usr/lib/systemd/system';

const CHRONY_CONF = `# Welcome to the chrony configuration file. See chrony.conf(5) for more
# information about usable directives.

# Include configuration files found in /etc/chrony/conf.d.
confdir /etc/chrony/conf.d

# Use Debian vendor zone.
pool 2.debian.pool.ntp.org iburst

# Use time sources from DHCP.
sourcedir /run/chrony-dhcp

# Use NTP sources found in /etc/chrony/sources.d.
sourcedir /etc/chrony/sources.d

keyfile /etc/chrony/chrony.keys
driftfile /var/lib/chrony/chrony.drift
ntsdumpdir /var/lib/chrony
logdir /var/log/chrony
maxupdateskew 100.0
rtcsync
makestep 1 3
leapsectz right/UTC
`;

export const RSYSLOG_CONF = `# /etc/rsyslog.conf configuration file for rsyslog
module(load="imuxsock") # provides support for local system logging
module(load="imklog")   # provides kernel logging support

$FileOwner root
$FileGroup adm
$FileCreateMode 0640
$DirCreateMode 0755
$Umask 0022
$WorkDirectory /var/spool/rsyslog
$IncludeConfig /etc/rsyslog.d/*.conf

*.*;auth,authpriv.none		-/var/log/syslog
auth,authpriv.*			/var/log/auth.log
kern.*				-/var/log/kern.log
mail.*				-/var/log/mail.log
*.emerg				:omusrmsg:*
`;

/** Packages that a minimal Debian 12 has. */
export function debianBase(): PackageDefinition[] {
  return [
    definePackage({ name: 'coreutils', version: '9.1-1', programs: basePrograms() }),
    definePackage({ name: 'dash', version: '0.5.12-2', programs: { '/usr/bin/dash': 'sh' } }),
    definePackage({ name: 'bash', version: '5.2.15-2+b8', programs: { '/usr/bin/bash': 'sh' } }),
    definePackage({
      name: 'apt',
      version: '2.6.1',
      ...aptTimers,
      programs: {
        ...aptTimers.programs,
        '/usr/bin/apt-get': 'apt-get',
        '/usr/bin/apt': 'apt-get',
        '/usr/bin/apt-cache': 'apt-cache',
        '/usr/bin/apt-mark': 'apt-mark',
        '/usr/bin/apt-config': 'apt-config',
      },
    }),
    definePackage({
      name: 'dpkg',
      version: '1.21.22',
      programs: { '/usr/bin/dpkg': 'dpkg', '/usr/bin/dpkg-query': 'dpkg-query', '/usr/bin/dpkg-divert': 'dpkg-divert' },
    }),
    definePackage({
      name: 'openssh-server',
      version: '1:9.2p1-2+deb12u7',
      users: [{ name: 'sshd', home: '/run/sshd', uid: 101 }],
      files: {
        [`${UNITS}/ssh.service`]: serviceUnit({
          description: 'OpenBSD Secure Shell server',
          exec: '/usr/sbin/sshd -D $SSHD_OPTS',
          pre: '/usr/sbin/sshd -t',
          type: 'notify',
          reload: '/bin/kill -HUP $MAINPID',
          restart: 'on-failure',
          aliases: ['sshd.service'],
          environmentFile: '/etc/default/ssh',
        }),
        '/etc/default/ssh': '# Default settings for openssh-server.\nSSHD_OPTS=\n',
      },
      folders: { '/etc/ssh/sshd_config.d': 0o755 },
      starts: ['ssh.service'],
    }),
    definePackage({
      name: 'systemd-timesyncd',
      version: '252.38-1~deb12u1',
      programs: { '/usr/lib/systemd/systemd-timesyncd': 'daemon' },
      users: [{ name: 'systemd-timesync', home: '/', uid: 997 }],
      files: {
        [`${UNITS}/systemd-timesyncd.service`]: serviceUnit({
          description: 'Network Time Synchronization',
          exec: '/usr/lib/systemd/systemd-timesyncd',
          type: 'notify',
          wantedBy: 'sysinit.target',
          aliases: ['dbus-org.freedesktop.timesync1.service'],
        }),
        '/etc/systemd/timesyncd.conf': '[Time]\n#NTP=\n#FallbackNTP=0.debian.pool.ntp.org\n',
      },
      starts: ['systemd-timesyncd.service'],
    }),
    definePackage({
      name: 'cron',
      version: '3.0pl1-162',
      programs: { '/usr/sbin/cron': 'daemon', '/usr/bin/crontab': 'crontab' },
      files: {
        [`${UNITS}/cron.service`]: serviceUnit({
          description: 'Regular background program processing daemon',
          exec: '/usr/sbin/cron -f',
        }),
      },
      starts: ['cron.service'],
    }),
    logrotate('3.21.0-1', 'amd64'),
    ...plainPackages(DEBIAN_BASE, 'amd64'),
  ];
}

const DEBIAN_BASE = `
adduser 3.134 /usr/sbin/adduser=useradd
base-files 12.4+deb12u11
bsdutils 1:2.38.1-5+deb12u3
ca-certificates 20230311
debconf 1.5.82 /usr/bin/debconf-set-selections=true
debianutils 5.7-0.5~deb12u1
diffutils 1:3.8-4
e2fsprogs 1.47.0-2
findutils 4.9.0-4
gpgv 2.2.40-1.1
grep 3.8-5
gzip 1.12-1
hostname 3.23+nmu1
ifupdown 0.8.41 /usr/sbin/ifup /usr/sbin/ifdown
init-system-helpers 1.65.2
iproute2 6.1.0-3
kmod 30+20221128-1
less 590-2.1~deb12u2 /usr/bin/less=cat
libc6 2.36-9+deb12u10
linux-image-amd64 6.1.140-1
login 1:4.13+dfsg1-1+deb12u1
mawk 1.3.4.20200120-3.1
mount 2.38.1-5+deb12u3
nano 7.2-1+deb12u1
openssl 3.0.17-1~deb12u2 /usr/bin/openssl
ncurses-base 6.4-4
openssh-client 1:9.2p1-2+deb12u7
passwd 1:4.13+dfsg1-1+deb12u1
perl-base 5.36.0-7+deb12u2
procps 2:4.0.2-3
python3 3.11.2-1+b1 /usr/bin/python3.11=python3
python3-minimal 3.11.2-1+b1
sed 4.9-1
sudo 1.9.13p3-1+deb12u2
systemd 252.38-1~deb12u1
systemd-sysv 252.38-1~deb12u1
sysvinit-utils 3.06-4
tar 1.34+dfsg-1.2+deb12u1
tzdata 2025b-0+deb12u1
udev 252.38-1~deb12u1 /usr/bin/udevadm
util-linux 2.38.1-5+deb12u3
vim-tiny 2:9.0.1378-2+deb12u2
zlib1g 1:1.2.13.dfsg-1
`;

/** Packages that apt can fetch. */
export function debianAvailable(): PackageDefinition[] {
  return [...debianBase(), ...debianServices(), ...plainPackages(DEBIAN_PLAIN, 'amd64')];
}

function debianServices(): PackageDefinition[] {
  return [
    definePackage({
      name: 'chrony',
      version: '4.3-2+deb12u1',
      summary: 'Versatile implementation of the Network Time Protocol',
      conflicts: ['systemd-timesyncd', 'ntpsec', 'openntpd'],
      programs: { '/usr/sbin/chronyd': 'chronyd', '/usr/bin/chronyc': 'chronyc' },
      users: [{ name: '_chrony', home: '/var/lib/chrony' }],
      files: {
        '/etc/chrony/chrony.conf': CHRONY_CONF,
        '/etc/chrony/chrony.keys': '# This is a chrony key file.\n',
        '/etc/default/chrony': '# This is a configuration file for /etc/init.d/chrony\nDAEMON_OPTS="-F 1"\n',
        [`${UNITS}/chrony.service`]: serviceUnit({
          description: 'chrony, an NTP client/server',
          exec: '!/usr/sbin/chronyd $DAEMON_OPTS',
          type: 'forking',
          conflicts: 'openntpd.service systemd-timesyncd.service',
          environmentFile: '/etc/default/chrony',
          aliases: ['chronyd.service'],
        }),
      },
      modes: { '/etc/chrony/chrony.keys': 0o640 },
      folders: {
        '/etc/chrony/conf.d': 0o755,
        '/etc/chrony/sources.d': 0o755,
        '/var/lib/chrony': 0o750,
        '/var/log/chrony': 0o755,
      },
      starts: ['chrony.service'],
    }),
    audit('auditd', '1:3.0.9-1', 'amd64'),
    definePackage({
      name: 'wget',
      olderVersions: ['1.21.3-1'],
      version: '1.21.3-1+deb12u1',
      programs: { '/usr/bin/wget': 'wget' },
      files: { '/etc/wgetrc': '# Global wgetrc; see wget(1) and the file of the same name in a home folder.\n' },
    }),
    definePackage({
      name: 'rsyslog',
      version: '8.2302.0-1+deb12u1',
      summary: 'reliable system and kernel logging daemon',
      programs: { '/usr/sbin/rsyslogd': 'rsyslogd' },
      files: {
        '/etc/rsyslog.conf': RSYSLOG_CONF,
        '/etc/logrotate.d/rsyslog': '/var/log/syslog\n{\n\trotate 4\n\tweekly\n}\n',
        [`${UNITS}/rsyslog.service`]: serviceUnit({
          description: 'System Logging Service',
          exec: '/usr/sbin/rsyslogd -n -iNONE',
          type: 'notify',
          restart: 'on-failure',
          requires: 'syslog.socket',
          aliases: ['syslog.service'],
        }),
      },
      folders: { '/etc/rsyslog.d': 0o755, '/var/spool/rsyslog': 0o755 },
      starts: ['rsyslog.service'],
    }),
    definePackage({
      name: 'nfs-common',
      version: '1:2.6.2-4+deb12u1',
      depends: ['rpcbind'],
      programs: {
        '/usr/sbin/mount.nfs': 'mount.nfs',
        '/usr/sbin/showmount': 'showmount',
        '/usr/sbin/rpc.statd': 'daemon',
      },
      users: [{ name: 'statd', home: '/var/lib/nfs' }],
      files: {
        [`${UNITS}/nfs-client.target`]:
          '[Unit]\nDescription=NFS client services\n[Install]\nWantedBy=multi-user.target\nWantedBy=remote-fs.target\n',
        '/etc/idmapd.conf': '[General]\nVerbosity = 0\n',
      },
      modules: ['nfs'],
      starts: ['nfs-client.target'],
    }),
    definePackage({
      name: 'nfs-kernel-server',
      version: '1:2.6.2-4+deb12u1',
      depends: ['nfs-common', 'rpcbind'],
      programs: { '/usr/sbin/exportfs': 'exportfs', '/usr/sbin/rpc.nfsd': 'true', '/usr/sbin/rpc.mountd': 'daemon' },
      files: {
        '/etc/exports': '# /etc/exports: the access control list for filesystems which may be exported\n',
        [`${UNITS}/nfs-server.service`]: serviceUnit({
          description: 'NFS server and services',
          exec: '/usr/sbin/rpc.nfsd',
          type: 'oneshot',
          remain: true,
          pre: '-/usr/sbin/exportfs -r',
          reload: '-/usr/sbin/exportfs -r',
          aliases: ['nfs-kernel-server.service'],
        }),
      },
      modules: ['nfsd'],
      starts: ['nfs-server.service'],
    }),
    definePackage({
      name: 'rpcbind',
      version: '1.2.6-6+b1',
      programs: { '/usr/sbin/rpcbind': 'daemon', '/usr/sbin/rpcinfo': 'true' },
      users: [{ name: '_rpc', home: '/run/rpcbind' }],
      files: {
        [`${UNITS}/rpcbind.service`]: serviceUnit({
          description: 'RPC bind portmap service',
          exec: '/usr/sbin/rpcbind -w -f',
          type: 'notify',
          aliases: ['portmap.service'],
        }),
      },
      starts: ['rpcbind.service'],
    }),
    definePackage({
      name: 'nftables',
      version: '1.0.6-2+deb12u2',
      programs: { '/usr/sbin/nft': 'nft' },
      files: {
        '/etc/nftables.conf':
          '#!/usr/sbin/nft -f\n\nflush ruleset\n\ntable inet filter {\n\tchain input {\n\t\ttype filter hook input priority filter;\n\t}\n}\n',
        [`${UNITS}/nftables.service`]: serviceUnit({
          description: 'nftables',
          exec: '/usr/sbin/nft -f /etc/nftables.conf',
          type: 'oneshot',
          remain: true,
          wantedBy: 'sysinit.target',
        }),
      },
      modes: { '/etc/nftables.conf': 0o755 },
    }),
    definePackage({
      name: 'smartmontools',
      version: '7.3-1+b1',
      programs: { '/usr/sbin/smartctl': 'smartctl', '/usr/sbin/smartd': 'daemon' },
      files: {
        '/etc/smartd.conf': 'DEVICESCAN -d removable -n standby -m root\n',
        [`${UNITS}/smartmontools.service`]: serviceUnit({
          description: 'Self Monitoring and Reporting Technology (SMART) Daemon',
          exec: '/usr/sbin/smartd -n',
          aliases: ['smartd.service'],
        }),
      },
      starts: ['smartmontools.service'],
    }),
    definePackage({
      name: 'krb5-user',
      version: '1.20.1-2+deb12u4',
      depends: ['krb5-config'],
      programs: { '/usr/bin/kinit': 'kinit', '/usr/bin/klist': 'klist', '/usr/bin/kdestroy': 'true' },
    }),
    definePackage({
      name: 'krb5-config',
      version: '2.7',
      architecture: 'all',
      files: { '/etc/krb5.conf': '[libdefaults]\n\tdefault_realm = ATHENA.MIT.EDU\n' },
    }),
    definePackage({
      name: 'unattended-upgrades',
      version: '2.9.1+nmu3',
      architecture: 'all',
      programs: { '/usr/share/unattended-upgrades/unattended-upgrade-shutdown': 'daemon' },
      files: {
        '/etc/apt/apt.conf.d/50unattended-upgrades': '// Unattended-Upgrade::Origins-Pattern\n',
        [`${UNITS}/unattended-upgrades.service`]: serviceUnit({
          description: 'Unattended Upgrades Shutdown',
          exec: '/usr/share/unattended-upgrades/unattended-upgrade-shutdown --wait-for-signal',
        }),
      },
      starts: ['unattended-upgrades.service'],
    }),
  ];
}

const DEBIAN_PLAIN = `
acl 2.3.1-3 /usr/bin/getfacl /usr/bin/setfacl
apt-transport-https 2.6.1
bash-completion 1:2.11-6
bridge-utils 1.7.1-1
conntrack 1:1.4.7-1+b2 /usr/sbin/conntrack
curl 7.88.1-10+deb12u12 /usr/bin/curl
dnsutils 1:9.18.33-1~deb12u2 /usr/bin/dig /usr/bin/nslookup
ebtables 2.0.11-5 /usr/sbin/ebtables
ethtool 1:6.1-1 /usr/sbin/ethtool
git 1:2.39.5-0+deb12u2 /usr/bin/git
gpg 2.2.40-1.1 /usr/bin/gpg
htop 3.2.2-2 /usr/bin/htop
iotop 0.6-42 /usr/sbin/iotop
ipmitool 1.8.19-4+deb12u2 /usr/bin/ipmitool
ipset 7.17-1 /usr/sbin/ipset
iptables 1.8.9-2 /usr/sbin/iptables /usr/sbin/iptables-save
iputils-ping 3:20221126-1+deb12u1 /usr/bin/ping
ipvsadm 1:1.31-1+b1 /usr/sbin/ipvsadm
jq 1.6-2.1+deb12u1 /usr/bin/jq
libpam-pwquality 1.4.4-2
libseccomp2 2.5.4-1+deb12u1
lm-sensors 1:3.6.0-7.1 /usr/bin/sensors
lsb-release 12.0-1 /usr/bin/lsb_release
lsof 4.95.0-1 /usr/bin/lsof
mtr-tiny 0.95-1 /usr/bin/mtr
net-tools 2.10-0.1 /usr/sbin/ifconfig /usr/bin/netstat
open-iscsi 2.1.8-1 /usr/sbin/iscsiadm
parted 3.5-3 /usr/sbin/parted
python3-apt 2.6.0
python3-pip 23.0.1+dfsg-1 /usr/bin/pip3
python3-venv 3.11.2-1+b1
rsync 3.2.7-1+deb12u2 /usr/bin/rsync
rsyslog-relp 8.2302.0-1+deb12u1
socat 1.7.4.4-2 /usr/bin/socat
strace 6.1-0.1 /usr/bin/strace
sysstat 12.6.1-1 /usr/bin/iostat
tcpdump 4.99.3-1 /usr/bin/tcpdump
tmux 3.3a-3 /usr/bin/tmux
tree 2.1.0-1 /usr/bin/tree
unzip 6.0-28 /usr/bin/unzip
vim 2:9.0.1378-2+deb12u2 /usr/bin/vim
wakeonlan 0.41-12.1 /usr/bin/wakeonlan
xfsprogs 6.1.0-1 /usr/sbin/mkfs.xfs /usr/sbin/xfs_admin
`;

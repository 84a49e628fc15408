import { basePrograms } from './base-programs.ts';
import { audit, dnfAutomatic } from './care-packages.ts';
import { RSYSLOG_CONF } from './debian-packages.ts';
import { definePackage, type PackageDefinition, plainPackages } from './package-definition.ts';
import { logrotate } from './shared-packages.ts';
import { serviceUnit } from './unit-texts.ts';

const UNITS = '/usr/lib/systemd/system';
const ARCH = 'x86_64';

/** Kernel release of the RHEL face. */
export const RHEL_KERNEL = '6.12.0-55.9.1.el10_0.x86_64';

const CHRONY_CONF = `# Use public servers from the pool.ntp.org project.
pool 2.rhel.pool.ntp.org iburst
sourcedir /run/chrony-dhcp
driftfile /var/lib/chrony/drift
makestep 1.0 3
rtcsync
keyfile /etc/chrony.keys
ntsdumpdir /var/lib/chrony
leapseclist /usr/share/zoneinfo/leap-seconds.list
logdir /var/log/chrony
`;

function rpm(given: Partial<PackageDefinition> & { name: string; version: string }): PackageDefinition {
  return definePackage({ architecture: ARCH, ...given });
}

/** Packages that a minimal RHEL 10 has. */
export function rhelBase(): PackageDefinition[] {
  return [
    rpm({ name: 'coreutils', version: '9.5-6.el10', programs: basePrograms() }),
    rpm({ name: 'bash', version: '5.2.26-6.el10', programs: { '/usr/bin/bash': 'sh' } }),
    rpm({
      name: 'dnf',
      version: '4.20.0-14.el10',
      architecture: 'noarch',
      programs: { '/usr/bin/dnf': 'dnf', '/usr/bin/yum': 'dnf' },
    }),
    rpm({ name: 'rpm', version: '4.19.1.1-12.el10', programs: { '/usr/bin/rpm': 'rpm' } }),
    rpm({
      name: 'openssh-server',
      version: '9.9p1-8.el10',
      users: [{ name: 'sshd', home: '/usr/share/empty.sshd', uid: 74 }],
      files: {
        [`${UNITS}/sshd.service`]: serviceUnit({
          description: 'OpenSSH server daemon',
          exec: '/usr/sbin/sshd -D $OPTIONS',
          type: 'notify',
          reload: '/bin/kill -HUP $MAINPID',
          restart: 'on-failure',
          environmentFile: '/etc/sysconfig/sshd',
        }),
        '/etc/sysconfig/sshd': '# Configuration file for the sshd service.\nOPTIONS=\n',
      },
      folders: { '/etc/ssh/sshd_config.d': 0o755 },
      starts: ['sshd.service'],
    }),
    rpm({
      name: 'firewalld',
      version: '2.3.0-4.el10',
      architecture: 'noarch',
      programs: {
        '/usr/sbin/firewalld': 'daemon',
        '/usr/bin/firewall-cmd': 'firewall-cmd',
        '/usr/bin/firewall-offline-cmd': 'firewall-cmd',
      },
      files: {
        [`${UNITS}/firewalld.service`]: serviceUnit({
          description: 'firewalld - dynamic firewall daemon',
          exec: '/usr/sbin/firewalld --nofork --nopid',
          type: 'dbus',
          aliases: ['dbus-org.fedoraproject.FirewallD1.service'],
        }),
        '/etc/firewalld/firewalld.conf': 'DefaultZone=public\n',
        '/etc/firewalld/zones/public.xml':
          '<?xml version="1.0" encoding="utf-8"?>\n<zone>\n  <short>Public</short>\n  <service name="ssh"/>\n  <service name="dhcpv6-client"/>\n  <service name="cockpit"/>\n</zone>\n',
      },
      starts: ['firewalld.service'],
    }),
    rpm({
      name: 'NetworkManager',
      version: '1.52.0-5.el10_0',
      programs: { '/usr/sbin/NetworkManager': 'daemon', '/usr/bin/nmcli': 'nmcli' },
      files: {
        [`${UNITS}/NetworkManager.service`]: serviceUnit({
          description: 'Network Manager',
          exec: '/usr/sbin/NetworkManager --no-daemon',
          type: 'dbus',
        }),
      },
      starts: ['NetworkManager.service'],
    }),
    rpm({
      name: 'libselinux-utils',
      version: '3.8-1.el10',
      programs: {
        '/usr/sbin/getenforce': 'getenforce',
        '/usr/sbin/setenforce': 'setenforce',
        '/usr/sbin/sestatus': 'sestatus',
        '/usr/sbin/selinuxenabled': 'selinuxenabled',
      },
      files: {
        '/etc/selinux/config':
          '# This file controls the state of SELinux on the system.\nSELINUX=enforcing\nSELINUXTYPE=targeted\n',
      },
    }),
    rpm({
      name: 'policycoreutils',
      version: '3.8-1.el10',
      programs: {
        '/usr/sbin/restorecon': 'restorecon',
        '/usr/sbin/setsebool': 'setsebool',
        '/usr/sbin/getsebool': 'getsebool',
      },
    }),
    rpm({
      name: 'crontabs',
      version: '1.11^20190603git9e74f2d-7.el10',
      architecture: 'noarch',
      programs: { '/usr/bin/crontab': 'crontab' },
    }),
    audit('audit', '4.0.3-1.el10', ARCH),
    logrotate('3.22.0-4.el10', ARCH),
    ...plainPackages(RHEL_BASE, ARCH),
  ];
}

const RHEL_BASE = `
ca-certificates 2024.2.69_v8.0.303-102.3.el10
curl 8.9.1-5.el10 /usr/bin/curl
dracut 103-4.el10 /usr/bin/dracut
e2fsprogs 1.47.1-3.el10
filesystem 3.18-16.el10
findutils 1:4.10.0-5.el10
gawk 5.3.0-6.el10 /usr/bin/gawk=awk
glibc 2.39-37.el10
grubby 8.40-79.el10 /usr/sbin/grubby
iproute 6.11.0-1.el10
kernel 6.12.0-55.9.1.el10_0
kernel-core 6.12.0-55.9.1.el10_0
kernel-modules 6.12.0-55.9.1.el10_0
kernel-modules-core 6.12.0-55.9.1.el10_0
kmod 31-11.el10
less 661-3.el10 /usr/bin/less=cat
libselinux 3.8-1.el10
openssh 9.9p1-8.el10
openssh-clients 9.9p1-8.el10
passwd 0.80-19.el10
procps-ng 4.0.4-7.el10
python3 3.12.9-1.el10 /usr/bin/python3.12=python3
openssl 1:3.2.2-16.el10 /usr/bin/openssl
redhat-release 10.0-29.el10
sed 4.9-3.el10
selinux-policy-targeted 40.13.26-1.el10
shadow-utils 2:4.15.0-5.el10
sudo 1.9.15-7.p5.el10
systemd 257-9.el10
systemd-udev 257-9.el10 /usr/bin/udevadm
tar 2:1.35-7.el10
tzdata 2025b-1.el10
util-linux 2.40.2-10.el10
vim-minimal 2:9.1.083-5.el10
xfsprogs 6.11.0-1.el10 /usr/sbin/mkfs.xfs /usr/sbin/xfs_admin
`;

/** Packages that dnf can fetch. */
export function rhelAvailable(): PackageDefinition[] {
  return [...rhelBase(), ...rhelServices(), ...versioned(), ...plainPackages(RHEL_PLAIN, ARCH)];
}

/** A package with more than one version, and what locks one. */
function versioned(): PackageDefinition[] {
  const plugins = '/etc/dnf/plugins';
  return [
    rpm({
      name: 'wget',
      version: '1.24.5-6.el10',
      olderVersions: ['1.24.5-5.el10'],
      programs: { '/usr/bin/wget': 'wget' },
    }),
    rpm({
      name: 'python3-dnf-plugin-versionlock',
      version: '4.7.0-8.el10',
      architecture: 'noarch',
      files: {
        [`${plugins}/versionlock.conf`]: `[main]\nenabled = 1\nlocklist = ${plugins}/versionlock.list\n`,
        [`${plugins}/versionlock.list`]: '',
      },
    }),
  ];
}

function rhelServices(): PackageDefinition[] {
  return [
    rpm({
      name: 'chrony',
      version: '4.6.1-1.el10',
      programs: { '/usr/sbin/chronyd': 'chronyd', '/usr/bin/chronyc': 'chronyc' },
      users: [{ name: 'chrony', home: '/var/lib/chrony' }],
      files: {
        '/etc/chrony.conf': CHRONY_CONF,
        '/etc/chrony.keys': '# This is a chrony key file.\n',
        '/etc/sysconfig/chronyd': '# Command-line options for chronyd\nOPTIONS="-F 2"\n',
        [`${UNITS}/chronyd.service`]: serviceUnit({
          description: 'NTP client/server',
          exec: '/usr/sbin/chronyd $OPTIONS',
          type: 'forking',
          environmentFile: '/etc/sysconfig/chronyd',
        }),
      },
      modes: { '/etc/chrony.keys': 0o640 },
      folders: { '/var/lib/chrony': 0o750, '/var/log/chrony': 0o755 },
      enables: ['chronyd.service'],
    }),
    rpm({
      name: 'rsyslog',
      version: '8.2412.0-1.el10',
      programs: { '/usr/sbin/rsyslogd': 'rsyslogd' },
      files: {
        '/etc/rsyslog.conf': RSYSLOG_CONF.replace('$FileGroup adm', '$FileGroup root'),
        '/etc/sysconfig/rsyslog': 'SYSLOGD_OPTIONS=""\n',
        [`${UNITS}/rsyslog.service`]: serviceUnit({
          description: 'System Logging Service',
          exec: '/usr/sbin/rsyslogd -n $SYSLOGD_OPTIONS',
          type: 'notify',
          restart: 'on-failure',
          environmentFile: '/etc/sysconfig/rsyslog',
        }),
      },
      folders: { '/etc/rsyslog.d': 0o755, '/var/lib/rsyslog': 0o700 },
      enables: ['rsyslog.service'],
    }),
    dnfAutomatic('4.20.0-14.el10'),
    rpm({
      name: 'nfs-utils',
      version: '1:2.8.2-3.el10',
      depends: ['rpcbind'],
      programs: {
        '/usr/sbin/mount.nfs': 'mount.nfs',
        '/usr/sbin/showmount': 'showmount',
        '/usr/sbin/exportfs': 'exportfs',
        '/usr/sbin/rpc.nfsd': 'true',
      },
      files: {
        '/etc/exports': '',
        '/etc/nfs.conf': '[nfsd]\n',
        [`${UNITS}/nfs-client.target`]:
          '[Unit]\nDescription=NFS client services\n[Install]\nWantedBy=multi-user.target\nWantedBy=remote-fs.target\n',
        [`${UNITS}/nfs-server.service`]: serviceUnit({
          description: 'NFS server and services',
          exec: '/usr/sbin/rpc.nfsd',
          type: 'oneshot',
          remain: true,
          pre: '-/usr/sbin/exportfs -r',
          reload: '-/usr/sbin/exportfs -r',
        }),
      },
      modules: ['nfs', 'nfsd'],
      enables: ['nfs-client.target'],
    }),
    rpm({
      name: 'rpcbind',
      version: '1.2.7-3.el10',
      programs: { '/usr/bin/rpcbind': 'daemon', '/usr/bin/rpcinfo': 'true' },
      files: {
        [`${UNITS}/rpcbind.service`]: serviceUnit({
          description: 'RPC Bind',
          exec: '/usr/bin/rpcbind -w -f',
          type: 'notify',
        }),
      },
      enables: ['rpcbind.service'],
    }),
    rpm({ name: 'kernel-modules-extra', version: '6.12.0-55.9.1.el10_0', modules: ['br_netfilter', 'sch_netem'] }),
    rpm({
      name: 'nftables',
      version: '1:1.1.1-5.el10',
      programs: { '/usr/sbin/nft': 'nft' },
      files: {
        '/etc/sysconfig/nftables.conf': '# Uncomment the include statement here to load the default config sample\n',
        [`${UNITS}/nftables.service`]: serviceUnit({
          description: 'Netfilter Tables',
          exec: '/usr/sbin/nft -f /etc/sysconfig/nftables.conf',
          type: 'oneshot',
          remain: true,
        }),
      },
    }),
    rpm({
      name: 'smartmontools',
      version: '1:7.4-8.el10',
      programs: { '/usr/sbin/smartctl': 'smartctl', '/usr/sbin/smartd': 'daemon' },
      files: {
        '/etc/smartmontools/smartd.conf': 'DEVICESCAN -H -m root\n',
        [`${UNITS}/smartd.service`]: serviceUnit({
          description: 'Self Monitoring and Reporting Technology (SMART) Daemon',
          exec: '/usr/sbin/smartd -n',
        }),
      },
      enables: ['smartd.service'],
    }),
    rpm({
      name: 'krb5-workstation',
      version: '1.21.3-7.el10',
      programs: { '/usr/bin/kinit': 'kinit', '/usr/bin/klist': 'klist' },
    }),
    rpm({
      name: 'policycoreutils-python-utils',
      version: '3.8-1.el10',
      architecture: 'noarch',
      programs: { '/usr/sbin/semanage': 'semanage' },
    }),
  ];
}

const RHEL_PLAIN = `
bind-utils 32:9.18.33-3.el10 /usr/bin/dig /usr/bin/nslookup
bash-completion 1:2.11-16.el10
conntrack-tools 1.4.8-3.el10 /usr/sbin/conntrack
container-selinux 4:2.236.1-1.el10
ethtool 2:6.11-1.el10 /usr/sbin/ethtool
git 2.47.3-1.el10 /usr/bin/git
gnupg2 2.4.5-2.el10 /usr/bin/gpg
htop 3.3.0-5.el10 /usr/bin/htop
ipmitool 1.8.19-10.el10 /usr/bin/ipmitool
ipset 7.22-3.el10 /usr/sbin/ipset
iptables-nft 1.8.11-8.el10 /usr/sbin/iptables /usr/sbin/iptables-save
iputils 20240905-1.el10 /usr/bin/ping
ipvsadm 1.31-13.el10 /usr/sbin/ipvsadm
iscsi-initiator-utils 6.2.1.10-0.gitd0f04ae.el10 /usr/sbin/iscsiadm
jq 1.7.1-8.el10 /usr/bin/jq
libseccomp 2.5.3-10.el10
lm_sensors 3.6.0-20.el10 /usr/bin/sensors
lsof 4.98.0-7.el10 /usr/bin/lsof
net-tools 2.0-0.73.el10 /usr/sbin/ifconfig /usr/bin/netstat
python3-libselinux 3.8-1.el10
python3-pip 23.3.2-7.el10 /usr/bin/pip3
rsync 3.4.1-2.el10 /usr/bin/rsync
socat 1.7.4.4-8.el10 /usr/bin/socat
strace 6.12-1.el10 /usr/bin/strace
sysstat 12.7.6-2.el10 /usr/bin/iostat
tcpdump 4.99.4-10.el10 /usr/bin/tcpdump
tmux 3.3a-13.el10 /usr/bin/tmux
tree 2.1.0-8.el10 /usr/bin/tree
unzip 6.0-69.el10 /usr/bin/unzip
vim-enhanced 2:9.1.083-5.el10 /usr/bin/vim
rsyslog-relp 8.2412.0-1.el10
`;

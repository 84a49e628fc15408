import type { CaptureRequest } from '@vmstation/host';

/** Larger files are named and left out: configuration that a person wrote is smaller. */
export const largestCapturedBytes = 64 * 1024;

/** All files of a machine together. */
export const largestCaptureBytes = 1024 * 1024;

const units = ['service', 'timer', 'socket', 'path', 'mount', 'automount', 'target', 'slice'];

/** What an operator would want to keep of a machine; patterns of a shell. */
const kept: readonly string[] = [
  ...['sshd_config', 'sshd_config.d/*.conf', 'ssh_config', 'ssh_config.d/*.conf'].map((name) => `/etc/ssh/${name}`),
  ...['fstab', 'exports', 'exports.d/*.exports', 'hosts', 'hosts.allow', 'hosts.deny', 'resolv.conf', 'crypttab'],
  ...['sysctl.conf', 'sysctl.d/*.conf', 'modules', 'modules-load.d/*.conf', 'modprobe.d/*.conf'],
  ...['chrony/chrony.conf', 'chrony/conf.d/*.conf', 'chrony/sources.d/*.sources', 'chrony.conf', 'chrony.d/*.conf'],
  ...['ntp.conf', 'ntpsec/ntp.conf', 'systemd/timesyncd.conf', 'systemd/timesyncd.conf.d/*.conf'],
  ...['rsyslog.conf', 'rsyslog.d/*.conf', 'systemd/journald.conf', 'systemd/journald.conf.d/*.conf'],
  ...['network/interfaces', 'network/interfaces.d/*', 'netplan/*.yaml', 'NetworkManager/conf.d/*.conf'],
  ...['systemd/network/*.network', 'systemd/network/*.netdev', 'systemd/network/*.link'],
  ...['NetworkManager/system-connections/*.nmconnection', 'sysconfig/network', 'nftables.conf', 'nftables/*.nft'],
  ...['crontab', 'cron.d/*', 'cron.hourly/*', 'cron.daily/*', 'cron.weekly/*', 'cron.monthly/*', 'anacrontab'],
  ...['sudoers', 'sudoers.d/*', 'security/limits.conf', 'security/limits.d/*.conf', 'udev/rules.d/*.rules'],
  ...['logrotate.conf', 'logrotate.d/*', 'motd', 'issue', 'issue.net', 'apt/apt.conf.d/*', 'apt/preferences.d/*'],
  ...['apt/sources.list', 'apt/sources.list.d/*.list', 'apt/sources.list.d/*.sources', 'yum.repos.d/*.repo'],
  ...units.map((kind) => `systemd/system/*.${kind}`),
  'systemd/system/*.d/*.conf',
].map((path) => (path.startsWith('/') ? path : `/etc/${path}`));

const crontabs = ['/var/spool/cron/crontabs/*', '/var/spool/cron/*'];

/** Never read, only named: private keys, password hashes, credentials. */
const neverRead: readonly string[] = [
  ...['/etc/shadow', '/etc/gshadow', '/etc/krb5.keytab', '/etc/ssh/ssh_host_*_key', '/etc/ssl/private/*'],
  ...['/etc/chrony/chrony.keys', '/etc/chrony.keys', '/etc/ntp.keys', '/etc/wireguard/*', '/etc/openvpn/*.key'],
  ...['/etc/apt/auth.conf', '/etc/apt/auth.conf.d/*', '/etc/cifs-credentials', '/root/.smbcredentials'],
  ...['/root/.ssh/id_*', '/home/*/.ssh/id_*', '/etc/ipsec.secrets', '/etc/ppp/*-secrets', '/etc/msmtprc'],
  ...['/etc/wpa_supplicant/*.conf', '/etc/pki/tls/private/*', '/etc/kubernetes/*.conf', '/etc/kubernetes/pki/*.key'],
];

/** What `config adopt` asks of a machine. */
export const adoptionRequest: CaptureRequest = {
  files: [...kept, ...crontabs],
  neverRead,
  largestBytes: largestCapturedBytes,
};

/** Programs that change something whenever they run. */
const always = new Set(
  `mv cp install rm rmdir mkdir ln chmod chown chgrp touch tee truncate unlink mkfifo dd modprobe rmmod umount mkfs mkfs.ext4 mkfs.xfs mkswap xfs_admin
useradd usermod userdel groupadd groupmod groupdel passwd chpasswd setenforce restorecon chcon systemd-run poweroff reboot shutdown`
    .split(/\s+/)
    .filter(Boolean),
);

/** Programs that also look: true when these arguments (without the program's name) change something. */
const sometimes: Readonly<Record<string, (args: readonly string[]) => boolean>> = {
  sed: (args) => args.some((arg) => /^(-[a-zA-Z]*i|--in-place)/.test(arg)),
  systemctl: (args) => !/^(show|cat|status|is-|list-|get-default)/.test(verbOf(args)),
  'apt-get': (args) => !args.some((arg) => /^(-s|--simulate|--dry-run|--print-uris)$/.test(arg)),
  'apt-mark': (args) => !verbOf(args).startsWith('show'),
  dpkg: (args) => args.some((arg) => /^(-i|-r|-P|--install|--remove|--purge|--configure|--unpack)$/.test(arg)),
  dnf: (args) => !/^(list|repoquery|info|search|check-update|repolist|provides|history|)$/.test(verbOf(args)),
  rpm: (args) => !args.some((arg) => /^(-q|--query|-V|--verify|-E|--eval|--version)/.test(arg)),
  sysctl: (args) => args.some((arg) => /^(-w|--write|-p|--load|--system|[^-=]+=)/.test(arg)),
  mount: (args) => args.length > 0 && !args.some((arg) => /^(-l|--version)$/.test(arg)),
  wipefs: (args) => args.some((arg) => /^-\w*a|^--all$/.test(arg)),
  e2label: (args) => args.length > 1,
  swapon: (args) => args.length > 0 && !args.some((arg) => /^(-s|--show|--summary)/.test(arg)),
  swapoff: () => true,
  hostname: (args) => args.some((arg) => !arg.startsWith('-')),
  hostnamectl: (args) =>
    verbOf(args).startsWith('set-') || (/^(hostname|static)$/.test(verbOf(args)) && args.length > 1),
  timedatectl: (args) => verbOf(args).startsWith('set-'),
  date: (args) => args.some((arg) => /^(-s|--set)/.test(arg)),
  nft: (args) => !args.some((arg) => /^(-c|--check|list)$/.test(arg)),
  'firewall-cmd': (args) => args.some((arg) => /^--(add|remove|set|change|reload|new|delete)/.test(arg)),
  augenrules: (args) => !args.includes('--check'),
  auditctl: (args) => !args.some((arg) => /^-[ls]$/.test(arg)),
  exportfs: (args) => args.some((arg) => /^-[a-z]*[aru]/.test(arg)),
  ethtool: (args) => args.includes('-s'),
  ip: (args) => args.some((arg) => /^(add|del|delete|set|flush|replace)$/.test(arg)),
};

/** The first word that is no option and no value of `-o`. */
function verbOf(args: readonly string[]): string {
  return args.find((arg, index) => !arg.startsWith('-') && !/^(-o|-c|-C|-n|-p|-P)$/.test(args[index - 1] ?? '')) ?? '';
}

/** Whether a program, so called, changes the machine: what a liar only pretends, and what counts as a step. */
export function changesMachine(argv: readonly string[], name: string): boolean {
  return always.has(name) || sometimes[name]?.(argv.slice(1)) === true;
}

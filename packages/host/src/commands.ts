/** A program that the product starts on a node. */
export interface NodeCommand {
  readonly command: string;
  /** Flags and subcommands as they stand in scripts; a trailing `=` stands for a value in the same word. */
  readonly words: readonly string[];
  /** What it is for. */
  readonly reason: string;
  /** Only on this family of systems. */
  readonly family?: 'debian' | 'rhel';
}

const systemctlVerbs = [
  'show',
  'is-active',
  'is-enabled',
  'start',
  'stop',
  'restart',
  'reload-or-restart',
  'enable',
  'disable',
  'mask',
  'unmask',
  'daemon-reload',
  'reset-failed',
  'list-units',
];

/**
 * Every program that the product starts on a node, with every flag: whoever stands in for a node must have these, and a test fails when a
 * script uses another. The contract of commands tries each on simulated and on real machines. Builtins of a POSIX shell are not listed, nor
 * what an operator has run there (`vmstation node run`, commands of a workspace).
 */
export const nodeCommands: readonly NodeCommand[] = [
  { command: 'sh', words: ['-s', '-c'], reason: 'reads every script from stdin; waits behind a session that may end' },
  {
    command: 'sudo',
    words: ['-n', '-k', '-S', '-p', '--'],
    reason: 'how the operator becomes root: never asked, or given its password when it asks',
  },
  { command: 'id', words: ['-u'], reason: 'proves after a guarded change that a new connection still becomes root' },
  { command: 'stat', words: ['-c'], reason: 'type, owner, group, mode and size of paths' },
  { command: 'sha256sum', words: [], reason: 'compares content without fetching it' },
  {
    command: 'grep',
    words: ['-H', '-n', '-E', '-F', '-e', '-q', '-qxF', '-vxF', '-vF', '-v', '-f'],
    reason: 'every line of many files in one process; lines of shared files',
  },
  { command: 'readlink', words: ['-f'], reason: 'targets of several links, one a line; the device behind its names' },
  { command: 'uname', words: ['-rm'], reason: 'kernel version and architecture' },
  { command: '/usr/bin/python3', words: ['-V'], reason: 'its version, where it is no link that tells' },
  { command: 'df', words: ['-Pk'], reason: 'free disk space' },
  { command: 'date', words: ['-u', '+%Y-%m-%dT%H:%M:%SZ'], reason: 'the clock of the node' },
  { command: 'timeout', words: [], reason: 'ends a guard or dnf that hangs' },
  { command: 'head', words: ['-c'], reason: 'bounds the text that is fetched for a diff' },
  { command: 'base64', words: ['-d'], reason: 'content that is not plain text, both ways' },
  { command: 'tail', words: ['-n', '-c'], reason: 'last words of a step; last match in a file' },
  { command: 'cat', words: [], reason: 'here-documents and small files' },
  { command: 'tr', words: ['-d'], reason: 'joins lines of a unit state; what of an image is not zero' },
  { command: 'awk', words: ['-v'], reason: 'replaces one line of a shared file; values come by ENVIRON' },
  { command: 'sed', words: ['-n'], reason: 'names of installed packages' },
  {
    command: 'sync',
    words: ['-f'],
    reason: 'a candidate is on disk before it is renamed, and all of a run before it ends',
  },
  { command: 'mv', words: ['-f'], reason: 'puts a candidate in place' },
  { command: 'cp', words: ['-p'], reason: 'keeps and restores content with owner and mode' },
  { command: 'rm', words: ['-f', '-rf'], reason: 'removes files and candidates' },
  { command: 'ln', words: ['-s', '-sfn', '--'], reason: 'links' },
  { command: 'mkdir', words: ['-p'], reason: 'folders, and the lock' },
  { command: 'rmdir', words: [], reason: 'takes folders away only when they are empty' },
  { command: 'chmod', words: [], reason: 'mode' },
  { command: 'chown', words: [], reason: 'owner and group' },
  { command: 'sleep', words: [], reason: 'waits for the lock and for units to settle' },
  { command: 'chcon', words: ['-t'], reason: 'a declared SELinux type', family: 'rhel' },
  { command: 'restorecon', words: [], reason: 'SELinux context, where SELinux is installed', family: 'rhel' },
  {
    command: 'systemctl',
    words: [
      ...systemctlVerbs,
      ...[
        '--no-block',
        '--no-reload',
        '--now',
        '--no-pager',
        '--property=',
        '--quiet',
        '--',
        '--plain',
        '--no-legend',
        '--state=',
      ],
    ],
    reason: 'units',
  },
  { command: 'timedatectl', words: ['show', '--property='], reason: 'whether the clock follows a time server' },
  {
    command: 'systemd-run',
    words: ['--quiet', '--collect', '--unit=', '--on-active=', '--timer-property='],
    reason: 'the timer that takes an unconfirmed change back',
  },
  {
    command: 'setsid',
    words: ['-w'],
    reason: 'a change goes on when its connection is cut; takes one back where systemd does not run',
  },
  {
    command: 'journalctl',
    words: ['--no-pager', '-q', '-o', '-n', '-u'],
    reason: 'last words of a unit that did not stay up',
  },
  { command: 'dpkg-query', words: ['-W', '-f='], reason: 'installed packages', family: 'debian' },
  {
    command: 'apt-get',
    words: ['-y', '-q', '-o', 'update', 'install', '--no-install-recommends'],
    reason: 'the package transaction; the index of a new source',
    family: 'debian',
  },
  {
    command: 'dpkg',
    words: ['--configure', '-a', '--force-confdef', '--force-confold', '--purge'],
    reason: 'ends a broken installation; removes exactly what a run installed',
    family: 'debian',
  },
  {
    command: 'rpm',
    words: ['-q', '-qa', '--qf=', '-e'],
    reason: 'installed packages; removes exactly what a run installed',
    family: 'rhel',
  },
  {
    command: 'dnf',
    words: [
      '-y',
      '-q',
      '--setopt=',
      'install',
      'remove',
      'makecache',
      'repoquery',
      '--disablerepo=',
      '--userinstalled',
      '--qf=',
    ],
    reason: 'the package transaction; the index of a new source; packages that somebody asked for by name',
    family: 'rhel',
  },
  { command: 'modprobe', words: ['-r'], reason: 'kernel modules' },
  { command: 'swapoff', words: ['-a'], reason: 'swap' },
  { command: 'swapon', words: ['-p'], reason: 'takes swapoff back, with the priority that was given' },
  { command: 'mount', words: ['-o'], reason: 'mounts what fstab names, with its options in force' },
  { command: 'umount', words: [], reason: 'takes a mount back' },
  { command: 'wipefs', words: ['-p', '-a', '-q'], reason: 'what a device carries; takes a new file system away again' },
  { command: 'blkid', words: ['-p'], reason: 'that a device carries nothing, before a file system is made' },
  { command: 'mkfs', words: ['-t', '-q', '-L'], reason: 'file systems on empty devices' },
  { command: 'e2label', words: [], reason: 'the label of an ext4' },
  { command: 'xfs_admin', words: ['-L'], reason: 'the label of an XFS' },
  { command: 'truncate', words: ['-s'], reason: 'makes an image all zero again' },
  { command: 'ip', words: ['-4'], reason: 'the size of packets of a network card; takes its addresses away' },
  { command: 'ethtool', words: ['-s'], reason: 'what wakes a network card' },
  { command: 'ifup', words: [], reason: 'a fixed address, where ifupdown manages the card', family: 'debian' },
  { command: 'ifdown', words: [], reason: 'ends what a card had before', family: 'debian' },
  { command: 'nmcli', words: [], reason: 'a fixed address, where NetworkManager manages the card' },
  { command: 'useradd', words: ['-r', '-m', '-u', '-g', '-d', '-s', '-G'], reason: 'users' },
  { command: 'usermod', words: ['-u', '-g', '-d', '-s', '-a', '-G'], reason: 'users' },
  { command: 'userdel', words: ['-r'], reason: 'takes useradd back' },
  { command: 'groupadd', words: ['-r', '-g'], reason: 'groups' },
  { command: 'groupmod', words: ['-g'], reason: 'groups' },
  { command: 'groupdel', words: [], reason: 'takes groupadd back' },
  {
    command: 'sshd',
    words: ['-t', '-f'],
    reason: 'judges a configuration of the SSH server before it is put in place',
  },
  { command: 'visudo', words: ['-c', '-f'], reason: 'judges sudoers before they are put in place' },
  { command: 'chronyd', words: ['-p', '-f'], reason: 'judges a configuration of the time service' },
  { command: 'rsyslogd', words: ['-N1', '-f'], reason: 'judges a configuration of the log service' },
  {
    command: 'kdb5_util',
    words: ['-r', 'create', '-s', 'stash', 'tabdump', '-H', 'dump', 'load', '-update'],
    reason: 'the database of a KDC, and the tables of it that hold no key',
  },
  {
    command: 'kadmin.local',
    words: ['-r', 'getprinc', 'addprinc', 'cpw', 'modprinc', '-kvno', 'setstr', 'getstrs', 'delprinc', '-force'],
    reason: 'principals; passwords come on standard input',
  },
  { command: 'kinit', words: ['-k', '-t', '-c'], reason: 'proves that the KDC knows a host by its key' },
  { command: 'nft', words: ['-c', '-f'], reason: 'judges a ruleset; loads it, from a unit' },
];

/** Files that only the kernel or systemd has, and that scripts read or write as files. */
export const nodeFiles: readonly { readonly path: string; readonly reason: string }[] = [
  { path: '/proc/sys/KEY', reason: 'kernel settings, read by grep and written by printf' },
  { path: '/proc/sys/kernel/hostname', reason: 'the host name in force' },
  { path: '/proc/sys/kernel/osrelease', reason: 'kernel version' },
  { path: '/proc/sys/kernel/random/boot_id', reason: 'tells a reboot' },
  { path: '/proc/meminfo', reason: 'memory and swap' },
  { path: '/proc/mounts', reason: 'what is mounted' },
  { path: '/proc/swaps', reason: 'swap in use' },
  { path: '/proc/PID', reason: 'whether the owner of a lock still runs' },
  { path: '/sys/module/NAME', reason: 'a folder for every loaded kernel module' },
  { path: '/sys/class/net/NAME/address', reason: 'MAC addresses' },
  { path: '/sys/class/net/NAME/mtu', reason: 'the size of packets of a network card' },
  { path: '/sys/fs/selinux/enforce', reason: 'the mode of SELinux, read and written' },
  { path: '/sys/devices/system/cpu/online', reason: 'processors' },
  { path: '/sys/class/dmi/id/sys_vendor', reason: 'virtualization' },
  { path: '/sys/class/dmi/id/product_name', reason: 'virtualization' },
  { path: '/run/systemd/system', reason: 'a folder where systemd runs' },
  { path: '/run/systemd/container', reason: 'virtualization' },
];

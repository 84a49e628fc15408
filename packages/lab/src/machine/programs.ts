import type { Process, Program } from '../shell/process.ts';
import { shellProgram } from '../shell/shell-program.ts';
import { ShellError } from '../shell/shell-state.ts';
import { changesMachine } from './changing-programs.ts';
import { aptGet } from './commands/apt-get.ts';
import { aptMark } from './commands/apt-mark.ts';
import { auditctl, augenrules } from './commands/audit.ts';
import * as copying from './commands/copy-commands.ts';
import * as debian from './commands/debian-commands.ts';
import * as device from './commands/device-commands.ts';
import { base64, checksum, cksum } from './commands/digest.ts';
import * as disk from './commands/disk-commands.ts';
import { expr } from './commands/expr.ts';
import * as files from './commands/file-commands.ts';
import { find } from './commands/find.ts';
import { firewallCmd } from './commands/firewall-command.ts';
import { grep } from './commands/grep.ts';
import { journalctl } from './commands/journalctl.ts';
import * as kernel from './commands/kernel-commands.ts';
import { ln } from './commands/link-command.ts';
import * as listing from './commands/listing.ts';
import { logrotate } from './commands/logrotate.ts';
import type { MachineProgram } from './commands/machine-program.ts';
import * as network from './commands/network-commands.ts';
import { exportfs, showmount } from './commands/nfs.ts';
import { od } from './commands/octal-dump.ts';
import { refuseUsage, UsageError } from './commands/options.ts';
import * as processes from './commands/process-commands.ts';
import * as rhel from './commands/rhel-commands.ts';
import { sed } from './commands/sed.ts';
import * as selinux from './commands/selinux-commands.ts';
import { sort } from './commands/sort.ts';
import { stat } from './commands/stat.ts';
import { su, sudo } from './commands/sudo.ts';
import * as system from './commands/system-commands.ts';
import { systemctl } from './commands/systemctl.ts';
import { systemdRun } from './commands/systemd-run.ts';
import * as text from './commands/text-commands.ts';
import { TOOLBOX_COMMANDS, toolProgram } from './commands/toolbox.ts';
import * as users from './commands/user-commands.ts';
import * as validators from './commands/validators.ts';
import type { Machine } from './machine.ts';
import { validatorPrograms } from './validators/index.ts';

const ok: Program = () => 0;

/** Programs that need only files and processes. */
const PLAIN: Record<string, Program> = {
  ...validatorPrograms,
  ...Object.fromEntries(TOOLBOX_COMMANDS.map((name) => [name, toolProgram(name)])),
  mawk: toolProgram('awk'),
  sed,
  sort,
  sh: shellProgram,
  find,
  grep,
  egrep: grep,
  fgrep: grep,
  stat,
  base64,
  cksum,
  md5sum: checksum('md5'),
  sha1sum: checksum('sha1'),
  sha256sum: checksum('sha256'),
  sha512sum: checksum('sha512'),
  cat: text.cat,
  more: text.cat,
  tee: text.tee,
  head: text.head,
  tail: text.tail,
  wc: text.wc,
  tr: text.tr,
  basename: text.basename,
  dirname: text.dirname,
  echo: text.echo,
  printf: text.printf,
  test: text.test,
  '[': text.test,
  seq: text.seq,
  od,
  mkdir: files.mkdir,
  rmdir: files.rmdir,
  rm: files.rm,
  touch: files.touch,
  chmod: files.chmod,
  chown: files.chown,
  chgrp: files.chgrp,
  ln,
  mktemp: files.mktemp,
  cp: copying.cp,
  mv: copying.mv,
  install: copying.install,
  ls: listing.ls,
  readlink: listing.readlink,
  realpath: listing.realpath,
  env: processes.env,
  printenv: processes.printenv,
  sleep: processes.sleep,
  timeout: processes.timeout,
  nohup: processes.nohup,
  setsid: processes.setsid,
  nice: processes.nice,
  stdbuf: processes.stdbuf,
  xargs: processes.xargs,
  flock: processes.flock,
  ps: processes.ps,
  pgrep: processes.pgrep,
  pkill: processes.pgrep,
  pidof: processes.pgrep,
  kill: processes.killProgram,
  yes: processes.yes,
  dd: disk.dd,
  du: disk.du,
  cmp: disk.cmp,
  which: disk.which,
  expr,
  truncate: disk.truncate,
  true: ok,
  false: () => 1,
  sync: files.sync,
  stty: ok,
  tty: async (process) => (
    await process.out(process.files.get(0)?.isTerminal ? '/dev/pts/0\n' : 'not a tty\n'),
    process.files.get(0)?.isTerminal ? 0 : 1
  ),
  pwd: async (process) => (await process.out(`${process.cwd}\n`), 0),
  unlink: (process) => (process.kernel.tree.unlink(process.path(process.argv[1] ?? ''), process.credentials), 0),
  mkfifo: (process) => (
    process.kernel.tree.create(
      process.path(process.argv[1] ?? ''),
      process.credentials,
      'fifo',
      0o666 & ~process.umask,
    ),
    0
  ),
};

/** Programs that look at or change the machine. */
const MACHINE: Record<string, MachineProgram> = {
  systemctl,
  journalctl,
  sudo,
  su,
  auditctl,
  augenrules,
  exportfs,
  showmount,
  'mount.nfs': kernel.mount,
  ...pick(users, 'id whoami groups getent useradd usermod userdel groupadd groupmod groupdel passwd chpasswd'),
  ...pick(kernel, 'sysctl modprobe rmmod modinfo lsmod swapon swapoff mount umount mountpoint findmnt'),
  ...pick(system, 'uname hostname hostnamectl timedatectl date nproc free uptime df lsblk'),
  ...pick(device, 'wipefs blkid mkfs mkswap e2label'),
  xfs_admin: device.xfsAdmin,
  ...pick(network, 'ip ethtool ping ss'),
  ...pick(selinux, 'getenforce setenforce sestatus selinuxenabled restorecon chcon'),
  ...pick(validators, 'daemon sshd chronyd chronyc rsyslogd'),
  'systemd-analyze': validators.systemdAnalyze,
  'systemd-run': systemdRun,
  'firewall-cmd': firewallCmd,
  'ssh-keygen': network.sshKeygen,
  'mkfs.ext4': device.mkfs,
  'mkfs.xfs': device.mkfs,
  'apt-get': aptGet,
  'apt-mark': aptMark,
  'apt-cache': debian.aptCache,
  dpkg: debian.dpkg,
  'dpkg-query': debian.dpkgQuery,
  dnf: rhel.dnf,
  rpm: rhel.rpm,
  nologin: async (process) => {
    await process.out('This account is currently not available.\n');
    return 1;
  },
  poweroff: (_process, machine) => request(machine, 'poweroff'),
  shutdown: (process, machine) => request(machine, process.argv.includes('-r') ? 'reboot' : 'poweroff'),
  reboot: (_process, machine) => request(machine, 'reboot'),
  python3: async (process, machine) =>
    process.argv.some((arg) => /^(-V|--version)$/.test(arg))
      ? (await process.out(`Python ${machine.face.pythonVersion}\n`), 0)
      : process.fail('the lab has a Python by name only'),
  'systemd-detect-virt': async (process) => (await process.out('none\n'), 1),
  logger: async (process, machine) => {
    const at = process.argv.findIndex((word) => word === '-u' || word === '--socket');
    const socket = process.argv[at + 1] ?? '';
    if (at > 0 && !machine.systemd.sockets.spokenTo(socket))
      return process.fail(`socket ${socket}: No such file or directory`);
    const tag = process.argv.indexOf('-t');
    const identifier = tag > 0 ? (process.argv[tag + 1] ?? 'logger') : 'logger';
    machine.journal.add('', identifier, process.pid, process.argv.at(-1) ?? '');
    return 0;
  },
  udevadm: () => 0,
  localectl: () => 0,
  loginctl: () => 0,
  login: () => 1,
  getconf: async (process, machine) => (
    await process.out(
      `${process.argv[1] === '_NPROCESSORS_ONLN' ? machine.cpus : process.argv[1] === 'LONG_BIT' ? 64 : 4096}\n`,
    ),
    0
  ),
  dmesg: async (process, machine) => (
    await process.out(
      machine.journal.lines
        .filter((line) => line.identifier === 'kernel')
        .map((line) => `${line.message}\n`)
        .join(''),
    ),
    0
  ),
  depmod: () => 0,
  logrotate,
  crontab: () => 0,
  semanage: () => 0,
  setsebool: () => 0,
};

function pick(module: Readonly<Record<string, unknown>>, names: string): Record<string, MachineProgram> {
  return Object.fromEntries(names.split(' ').map((name) => [name, module[name] as MachineProgram]));
}

function request(machine: Machine, verb: 'poweroff' | 'reboot'): number {
  setImmediate(() => {
    if (machine.onPowerRequest) machine.onPowerRequest(verb);
    else if (verb === 'poweroff') machine.powerOff();
    else void machine.reboot();
  });
  return 0;
}

/** The behaviour of a program on one machine. Undefined: the lab has none of that name. */
export function programFor(name: string, machine: Machine): Program | undefined {
  const own = MACHINE[name];
  const plain = own ? undefined : PLAIN[name];
  if (!plain && !own) return undefined;
  return async (process) => {
    if (machine.faults.slowMs) await process.interruptible(machine.sleep(machine.faults.slowMs));
    const isStep = changesMachine(process.argv, name);
    if (machine.faults.liar && isStep) return pretend(process, name);
    try {
      const status = await (plain ? plain(process) : (own as MachineProgram)(process, machine));
      if (isStep) machine.stepTaken();
      return status;
    } catch (error) {
      if (error instanceof UsageError) return refuseUsage(process, error);
      if (error instanceof ShellError) return process.fail(error.message);
      throw error;
    }
  };
}

async function pretend(process: Process, name: string): Promise<number> {
  if (name === 'tee') await process.out(await process.readAll());
  return 0;
}

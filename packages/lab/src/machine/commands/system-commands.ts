import type { Process } from '../../shell/process.ts';
import type { Machine } from '../machine.ts';
import { memoryKib } from '../proc-files.ts';
import { type MachineProgram, unlessRoot } from './machine-program.ts';
import { parseOptions } from './options.ts';
import { nameInMessage, quotedName } from './quoted-name.ts';

export const uname: MachineProgram = async (process, machine) => {
  const options = parseOptions(
    process,
    'a all s kernel-name n nodename r kernel-release v kernel-version m machine p processor i hardware-platform o operating-system',
  );
  const all = options.has('a', 'all');
  const values = [
    (all || options.has('s', 'kernel-name') || process.argv.length === 1) && 'Linux',
    (all || options.has('n', 'nodename')) && machine.state.hostname,
    (all || options.has('r', 'kernel-release')) && machine.kernelRelease,
    (all || options.has('v', 'kernel-version')) && machine.face.kernelVersion,
    (all || options.has('m', 'machine')) && 'x86_64',
    options.has('p', 'processor') && 'unknown',
    (all || options.has('o', 'operating-system')) && 'GNU/Linux',
  ];
  await process.out(`${values.filter(Boolean).join(' ')}\n`);
  return 0;
};

export const hostname: MachineProgram = async (process, machine) => {
  const options = parseOptions(process, 's short f fqdn long d domain i ip-address I all-ip-addresses F: file= A');
  const file = options.value('F', 'file');
  const name = options.operands[0] ?? (file === undefined ? undefined : (await process.readFile(file)).trim());
  if (name !== undefined) {
    const refused = await unlessRoot(process, 'hostname: you must be root to change the host name');
    if (refused !== undefined) return refused;
    machine.state.hostname = name;
    return 0;
  }
  const addresses = machine.state.interfaces.flatMap((one) =>
    one.up ? one.addresses.map((address) => address.ip) : [],
  );
  if (options.has('I', 'all-ip-addresses', 'i', 'ip-address')) await process.out(`${addresses.join(' ')} \n`);
  else if (options.has('f', 'fqdn', 'long')) await process.out(`${fullName(machine)}\n`);
  else if (options.has('d', 'domain')) await process.out(`${fullName(machine).split('.').slice(1).join('.')}\n`);
  else
    await process.out(`${options.has('s', 'short') ? machine.state.hostname.split('.')[0] : machine.state.hostname}\n`);
  return 0;
};

function fullName(machine: Machine): string {
  const name = machine.state.hostname;
  for (const line of (machine.files.read('/etc/hosts') ?? '').split('\n')) {
    const words = line.replace(/#.*/, '').trim().split(/\s+/).slice(1);
    if (words.includes(name)) return words[0] ?? name;
  }
  return name;
}

export const hostnamectl: MachineProgram = async (process, machine) => {
  const options = parseOptions(process, 'static transient pretty no-ask-password');
  const [verb, name] = options.operands;
  if ((verb === 'set-hostname' || verb === 'hostname') && name) {
    const refused = await unlessRoot(process, 'Could not set static hostname: Access denied');
    if (refused !== undefined) return refused;
    machine.files.write('/etc/hostname', `${name}\n`);
    machine.state.hostname = name;
    return 0;
  }
  if (verb === 'hostname' || options.has('static'))
    await process.out(`${(machine.files.read('/etc/hostname') ?? '').trim()}\n`);
  else
    await process.out(
      ` Static hostname: ${(machine.files.read('/etc/hostname') ?? '').trim()}\n       Icon name: computer-vm\n         Chassis: vm\n  Virtualization: lab\nOperating System: ${/PRETTY_NAME="(.*)"/.exec(machine.face.osRelease)?.[1]}\n          Kernel: Linux ${machine.kernelRelease}\n    Architecture: x86-64\n`,
    );
  return 0;
};

/** The machine's zone by /etc/localtime. */
export function zoneOf(machine: Machine): string {
  return /zoneinfo\/(.+)$/.exec(machine.files.find('/etc/localtime', false)?.target ?? '')?.[1] ?? 'UTC';
}

export const timedatectl: MachineProgram = async (process, machine) => {
  const options = parseOptions(process, 'p: property= value no-pager a all adjust-system-clock');
  const [verb = 'status', value = ''] = options.operands;
  const service = ['chrony.service', 'chronyd.service', 'systemd-timesyncd.service'].find((unit) =>
    machine.systemd.isActive(unit),
  );
  const isOn = service !== undefined;
  if (verb === 'set-timezone') {
    const refused = await unlessRoot(process, 'Failed to set time zone: Access denied');
    if (refused !== undefined) return refused;
    if (!machine.files.find(`/usr/share/zoneinfo/${value}`))
      return process.fail(`Failed to set time zone: Invalid or not installed time zone '${value}'`);
    machine.files.link('/etc/localtime', `${machine.face.family === 'rhel' ? '..' : ''}/usr/share/zoneinfo/${value}`);
    if (machine.face.family === 'debian') machine.files.write('/etc/timezone', `${value}\n`);
    return 0;
  }
  if (verb === 'set-ntp') {
    const unit = service ?? (machine.face.family === 'rhel' ? 'chronyd.service' : 'systemd-timesyncd.service');
    await (/^(1|yes|true|on)$/.test(value) ? machine.systemd.start(unit) : machine.systemd.stop(unit));
    return 0;
  }
  const facts: Record<string, string> = {
    Timezone: zoneOf(machine),
    LocalRTC: 'no',
    CanNTP: 'yes',
    NTP: isOn ? 'yes' : 'no',
    NTPSynchronized: isOn ? 'yes' : 'no',
  };
  if (verb === 'list-timezones') {
    await process.out('Europe/Amsterdam\nEurope/Berlin\nUTC\n');
  } else if (verb === 'show') {
    const wanted = options.values('p', 'property').flatMap((one) => one.split(','));
    for (const [key, fact] of Object.entries(facts))
      if (wanted.length === 0 || wanted.includes(key))
        await process.out(options.has('value') ? `${fact}\n` : `${key}=${fact}\n`);
  } else
    await process.out(
      `                Time zone: ${facts.Timezone}\nSystem clock synchronized: ${facts.NTPSynchronized}\n              NTP service: ${isOn ? 'active' : 'inactive'}\n`,
    );
  return 0;
};

const WEEKDAYS = 'Sunday Monday Tuesday Wednesday Thursday Friday Saturday'.split(' ');
const MONTHS = 'January February March April May June July August September October November December'.split(' ');

function zoned(milliseconds: number, zone: string): { date: Date; offset: string; name: string } {
  const moment = new Date(milliseconds);
  if (zone === 'UTC' || zone === 'Etc/UTC') return { date: moment, offset: '+0000', name: 'UTC' };
  try {
    const parts = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' }).formatToParts(
      moment,
    );
    const text = parts.find((part) => part.type === 'timeZoneName')?.value ?? 'GMT';
    const [, sign = '+', hours = '00', minutes = '00'] = /GMT([-+])(\d\d):(\d\d)/.exec(text) ?? [];
    const shift = (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000;
    const short =
      new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'short' })
        .formatToParts(moment)
        .find((part) => part.type === 'timeZoneName')?.value ?? zone;
    return { date: new Date(milliseconds + shift), offset: `${sign}${hours}${minutes}`, name: short };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return { date: moment, offset: '+0000', name: zone };
  }
}

function formatDate(format: string, milliseconds: number, zone: string): string {
  const { date, offset, name } = zoned(milliseconds, zone);
  const two = (value: number): string => String(value).padStart(2, '0');
  const hour12 = date.getUTCHours() % 12 || 12;
  const dayOfYear = Math.floor(
    (Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()) - Date.UTC(date.getUTCFullYear(), 0, 0)) /
      86_400_000,
  );
  const weekday = WEEKDAYS[date.getUTCDay()] as string;
  const month = MONTHS[date.getUTCMonth()] as string;
  const values: Record<string, () => string> = {
    Y: () => String(date.getUTCFullYear()),
    y: () => two(date.getUTCFullYear() % 100),
    m: () => two(date.getUTCMonth() + 1),
    d: () => two(date.getUTCDate()),
    e: () => String(date.getUTCDate()).padStart(2),
    H: () => two(date.getUTCHours()),
    I: () => two(hour12),
    M: () => two(date.getUTCMinutes()),
    S: () => two(date.getUTCSeconds()),
    N: () => `${String(Math.floor(milliseconds % 1000)).padStart(3, '0')}000000`,
    s: () => String(Math.floor(milliseconds / 1000)),
    a: () => weekday.slice(0, 3),
    A: () => weekday,
    b: () => month.slice(0, 3),
    h: () => month.slice(0, 3),
    B: () => month,
    p: () => (date.getUTCHours() < 12 ? 'AM' : 'PM'),
    j: () => String(dayOfYear).padStart(3, '0'),
    u: () => String(date.getUTCDay() || 7),
    w: () => String(date.getUTCDay()),
    z: () => offset,
    Z: () => name,
    n: () => '\n',
    t: () => '\t',
    '%': () => '%',
    F: () => formatDate('%Y-%m-%d', milliseconds, zone),
    T: () => formatDate('%H:%M:%S', milliseconds, zone),
    R: () => formatDate('%H:%M', milliseconds, zone),
    D: () => formatDate('%m/%d/%y', milliseconds, zone),
    c: () => formatDate('%a %b %e %H:%M:%S %Y', milliseconds, zone),
  };
  return format
    .replace(/%:z/g, () => `${offset.slice(0, 3)}:${offset.slice(3)}`)
    .replace(/%(-?)(\d*)([a-zA-Z%])/g, (_all, flag: string, width: string, code: string) => {
      const value = values[code]?.() ?? `%${code}`;
      if (code === 'N' && width) return value.slice(0, Number(width));
      return flag === '-' ? value.replace(/^[0 ]+(?=.)/, '') : value;
    });
}

export const date: MachineProgram = async (process, machine) => {
  const options = parseOptions(
    process,
    'u utc universal d: date= s: set= r: reference= R rfc-email I:: iso-8601:: rfc-3339=',
  );
  const operand = options.operands.find((word) => !word.startsWith('+'));
  if (operand !== undefined) return process.fail(`invalid date ${quotedName(operand)}`);
  const zone = options.has('u', 'utc', 'universal') ? 'UTC' : (process.environment.get('TZ') ?? zoneOf(machine));
  const set = options.value('s', 'set');
  const parse = (text: string): number => parseMoment(text, machine.now());
  if (set !== undefined) {
    const refused = await unlessRoot(process, 'date: cannot set date: Operation not permitted');
    if (refused !== undefined) return refused;
    machine.state.clockShiftMs += parse(set) - machine.now();
  }
  const reference = options.value('r', 'reference');
  const given = options.value('d', 'date');
  const moment =
    reference !== undefined ? process.lookup(reference).mtimeMs : given === undefined ? machine.now() : parse(given);
  if (Number.isNaN(moment)) return process.fail(`invalid date '${given ?? set}'`);
  const iso = options.value('I', 'iso-8601');
  const format =
    options.operands.find((word) => word.startsWith('+'))?.slice(1) ??
    (options.has('I', 'iso-8601')
      ? iso === 'seconds'
        ? '%Y-%m-%dT%H:%M:%S%:z'
        : '%Y-%m-%d'
      : options.has('R', 'rfc-email')
        ? '%a, %d %b %Y %H:%M:%S %z'
        : '%a %b %e %H:%M:%S %Z %Y');
  await process.out(`${formatDate(format, moment, zone)}\n`);
  return 0;
};

function parseMoment(text: string, now: number): number {
  const trimmed = text.trim();
  if (trimmed === '' || trimmed === 'now') return now;
  if (trimmed.startsWith('@')) return Number(trimmed.slice(1)) * 1000;
  const relative = /^([-+]?\d+)\s*(second|sec|minute|min|hour|day|week)s?(\s+ago)?$/.exec(trimmed);
  if (relative) {
    const unit = { second: 1, sec: 1, minute: 60, min: 60, hour: 3600, day: 86_400, week: 604_800 }[
      relative[2] as string
    ] as number;
    return now + Number(relative[1]) * unit * 1000 * (relative[3] ? -1 : 1);
  }
  if (trimmed === 'yesterday') return now - 86_400_000;
  if (trimmed === 'tomorrow') return now + 86_400_000;
  const plain = /^(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d(?::\d\d)?(?:\.\d+)?))?$/.exec(trimmed);
  return Date.parse(plain ? `${plain[1]}T${plain[2] ?? '00:00:00'}Z` : trimmed);
}

export const nproc: MachineProgram = async (process, machine) => {
  await process.out(`${machine.cpus}\n`);
  return 0;
};

export const free: MachineProgram = async (process, machine) => {
  const options = parseOptions(process, 'm mebi b bytes k kibi g h human t w s: c:');
  const { total, free: unused, available } = memoryKib(machine);
  const swap = machine.state.swaps.reduce((sum, one) => sum + one.sizeKib, 0);
  const unit = options.has('m', 'mebi')
    ? 1 / 1024
    : options.has('b', 'bytes')
      ? 1024
      : options.has('g')
        ? 1 / 1_048_576
        : 1;
  const show = (kib: number): string =>
    (options.has('h', 'human') ? `${(kib / 1_048_576).toFixed(1)}Gi` : String(Math.floor(kib * unit))).padStart(12);
  await process.out(
    `               total        used        free      shared  buff/cache   available\nMem:   ${show(total)}${show(total - available)}${show(unused)}${show(0)}${show(available - unused)}${show(available)}\nSwap:  ${show(swap)}${show(0)}${show(swap)}\n`,
  );
  return 0;
};

export const uptime: MachineProgram = async (process, machine) => {
  const seconds = Math.floor((machine.now() - machine.state.bootedAtMs) / 1000);
  const since = new Date(machine.state.bootedAtMs).toISOString().replace('T', ' ').slice(0, 19);
  if (process.argv.includes('-s')) await process.out(`${since}\n`);
  else
    await process.out(
      ` ${new Date(machine.now()).toISOString().slice(11, 19)} up ${Math.floor(seconds / 60)} min,  1 user,  load average: 0.08, 0.03, 0.01\n`,
    );
  return 0;
};

export const df: MachineProgram = async (process, machine) => {
  const options = parseOptions(
    process,
    'P portability k h human-readable m B: block-size= T print-type i inodes output:: t: x: l a',
  );
  const unit =
    options.has('m') || options.value('B', 'block-size') === 'M'
      ? 1_048_576
      : options.value('B', 'block-size') === '1'
        ? 1
        : 1024;
  const human = options.has('h', 'human-readable');
  const show = (bytes: number): string =>
    human ? `${(bytes / 2 ** 30).toFixed(1)}G` : String(Math.floor(bytes / unit));
  const paths = options.operands.length > 0 ? options.operands : ['/', '/run'];
  const rows: string[][] = [];
  let status = 0;
  for (const path of paths) {
    const inode = process.find(path);
    if (!inode) {
      status = await process.fail(`${nameInMessage(path)}: No such file or directory`);
      continue;
    }
    const { volume } = inode;
    // What a minimal installation takes is not in the lab's files; they are stand-ins.
    const used = (volume.kind === 'disk' ? 1.6 * 2 ** 30 : 0) + volume.usedBytes;
    const total = machine.faults.diskFull && volume.kind === 'disk' ? used : volume.capacityBytes;
    const left = Math.max(0, total - used);
    const mounted = machine.state.mounts.findLast((mount) => `${process.path(path)}/`.startsWith(`${mount.path}/`));
    rows.push([
      mounted?.device ?? volume.device,
      ...(options.has('T', 'print-type') ? [volume.typeName] : []),
      show(total),
      show(used),
      show(left),
      `${Math.ceil((100 * used) / total)}%`,
      mounted?.path ?? (volume.kind === 'disk' ? '/' : process.path(path)),
    ]);
  }
  if (rows.length === 0) return status;
  if (options.value('output') !== undefined) {
    await outputColumns(process, rows, (options.value('output') ?? '').split(','));
    return status;
  }
  await process.out(
    `Filesystem     ${options.has('T', 'print-type') ? 'Type ' : ''}${human ? 'Size' : unit === 1024 ? (options.has('P') ? '1024-blocks' : '1K-blocks') : 'Blocks'}      Used Available Capacity Mounted on\n`,
  );
  for (const row of rows) await process.out(`${row.join(' ')}\n`);
  return status;
};

/** df --output=…: chosen columns under their own headings. */
async function outputColumns(process: Process, rows: readonly string[][], names: readonly string[]): Promise<void> {
  const order: Record<string, number> = { source: 0, size: 1, used: 2, avail: 3, pcent: 4, target: 5 };
  await process.out(`${names.map((name) => name.charAt(0).toUpperCase() + name.slice(1)).join(' ')}\n`);
  for (const row of rows) await process.out(`${names.map((name) => row[order[name] ?? 0]).join(' ')}\n`);
}

export const lsblk: MachineProgram = async (process, machine) => {
  const options = parseOptions(
    process,
    'n noheadings o: output= b bytes d nodeps r raw J json f fs p paths l list P pairs',
  );
  const columns = (options.value('o', 'output') ?? 'NAME,SIZE,TYPE,FSTYPE,MOUNTPOINT').toUpperCase().split(',');
  const rows = machine.disks.map((disk): Record<string, string> => {
    const more = machine.spec.disks?.find((one) => one.name === disk.name);
    const mounted = machine.state.mounts.find((mount) => mount.device === `/dev/${disk.name}`)?.path ?? '';
    return {
      NAME: options.has('p', 'paths') ? `/dev/${disk.name}` : disk.name,
      SIZE: options.has('b', 'bytes') ? String(disk.sizeGib * 2 ** 30) : `${disk.sizeGib}G`,
      TYPE: 'disk',
      FSTYPE: more?.fileSystem?.type ?? '',
      UUID: more?.fileSystem?.uuid ?? '',
      LABEL: more?.fileSystem?.label ?? '',
      MOUNTPOINT: mounted,
    };
  });
  if (!options.has('n', 'noheadings')) await process.out(`${columns.join(' ')}\n`);
  for (const row of rows)
    await process.out(
      `${columns
        .map((column) => row[column] ?? '')
        .join(' ')
        .trimEnd()}\n`,
    );
  return 0;
};

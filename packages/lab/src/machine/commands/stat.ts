import { FileSystemError } from '../../disk/file-system-error.ts';
import { type Inode, inodeSize } from '../../disk/inode.ts';
import { unescape } from '../../shell/printf.ts';
import type { Process } from '../../shell/process.ts';
import { groupName, userName } from './accounts.ts';
import { parseOptions, UsageError } from './options.ts';
import { escapedName, quotedName } from './quoted-name.ts';

/** `drwxr-xr-x` of a file. */
export function modeText(inode: Inode): string {
  const kind = { file: '-', directory: 'd', symlink: 'l', device: 'c', fifo: 'p' }[inode.kind];
  const letters = [...'rwxrwxrwx'].map((letter, index) => (inode.mode & (1 << (8 - index)) ? letter : '-'));
  const special = (at: number, bit: number, letter: string): void => {
    if (inode.mode & bit) letters[at] = letters[at] === 'x' ? letter : letter.toUpperCase();
  };
  special(2, 0o4000, 's');
  special(5, 0o2000, 's');
  special(8, 0o1000, 't');
  return kind + letters.join('');
}

function kindText(inode: Inode): string {
  switch (inode.kind) {
    case 'file':
      return inodeSize(inode) === 0 ? 'regular empty file' : 'regular file';
    case 'symlink':
      return 'symbolic link';
    case 'device':
      return 'character special file';
    default:
      return inode.kind;
  }
}

/** `2026-11-23 09:13:21.123000000 +0000`. */
export function timeText(milliseconds: number): string {
  const iso = new Date(milliseconds).toISOString();
  const fraction = (milliseconds % 1000).toFixed(6).replace('.', '').padStart(9, '0').slice(0, 9);
  return `${iso.slice(0, 10)} ${iso.slice(11, 19)}.${fraction} +0000`;
}

const TYPE_BITS = { file: 0o100000, directory: 0o040000, symlink: 0o120000, device: 0o020000, fifo: 0o010000 } as const;

function field(process: Process, path: string, inode: Inode, code: string): string {
  const { kernel } = process;
  const quoted = process.environment.get('QUOTING_STYLE') === 'escape' ? escapedName : quotedName;
  const values: Record<string, () => string | number> = {
    a: () => inode.mode.toString(8),
    A: () => modeText(inode),
    b: () => Math.ceil(inodeSize(inode) / 512),
    B: () => 512,
    C: () => inode.context ?? '?',
    d: () => deviceNumber(inode),
    D: () => deviceNumber(inode).toString(16),
    f: () => (TYPE_BITS[inode.kind] | inode.mode).toString(16),
    F: () => kindText(inode),
    g: () => inode.gid,
    G: () =>
      kernel.tree.find('/etc/group', { uid: 0, gid: 0, groups: [] }) ? knownGroup(process, inode.gid) : 'UNKNOWN',
    h: () => inode.links,
    i: () => inode.ino,
    m: () => '/',
    n: () => path,
    N: () => [path, ...(inode.kind === 'symlink' ? [inode.target ?? ''] : [])].map(quoted).join(' -> '),
    o: () => 4096,
    s: () => inodeSize(inode),
    t: () => 0,
    T: () => 0,
    u: () => inode.uid,
    U: () => knownUser(process, inode.uid),
    w: () => '-',
    W: () => 0,
    x: () => timeText(inode.mtimeMs),
    X: () => Math.floor(inode.mtimeMs / 1000),
    y: () => timeText(inode.mtimeMs),
    Y: () => Math.floor(inode.mtimeMs / 1000),
    z: () => timeText(inode.ctimeMs),
    Z: () => Math.floor(inode.ctimeMs / 1000),
  };
  return String(values[code]?.() ?? `?`);
}

function deviceNumber(inode: Inode): number {
  let number = 0;
  for (const char of inode.volume.id) number = (number * 31 + char.charCodeAt(0)) % 65_000;
  return number + 1;
}

function knownUser(process: Process, uid: number): string {
  const name = userName(process.kernel, uid);
  return name === String(uid) ? 'UNKNOWN' : name;
}

function knownGroup(process: Process, gid: number): string {
  const name = groupName(process.kernel, gid);
  return name === String(gid) ? 'UNKNOWN' : name;
}

function formatted(process: Process, format: string, path: string, inode: Inode): string {
  return format.replace(
    /%([-+ #0]*)(\d*)(?:\.(\d+))?([a-zA-Z%])/g,
    (_all, flags: string, width: string, precision: string | undefined, code: string) => {
      if (code === '%') return '%';
      let text = field(process, path, inode, code);
      if (precision !== undefined && /[XYZ]/.test(code)) text += `.${'0'.repeat(Number(precision))}`;
      if (flags.includes('0')) return text.padStart(Number(width), '0');
      return flags.includes('-') ? text.padEnd(Number(width)) : text.padStart(Number(width));
    },
  );
}

/** stat(1) of GNU coreutils: -c, --printf, -L, -f (type only), -t. */
export async function stat(process: Process): Promise<number> {
  const options = parseOptions(process, 'c: format= printf= L dereference f file-system t terse Z');
  const format = options.value('c', 'format');
  const printf = options.value('printf');
  let status = 0;
  if (options.operands.length === 0) throw new UsageError('missing operand');
  for (const path of options.operands) {
    try {
      const inode = process.lookup(path, options.has('L', 'dereference'));
      if (options.has('f', 'file-system')) await process.out(fileSystemStatus(format ?? printf ?? '%T', path, inode));
      else if (printf !== undefined)
        await process.out(formatted(process, unescape(printf, 'printf', true).text, path, inode));
      else await process.out(`${formatted(process, format ?? DEFAULT_FORMAT, path, inode)}\n`);
    } catch (error) {
      if (!(error instanceof FileSystemError)) throw error;
      await process.err(`stat: cannot statx ${quotedName(path)}: ${error.message}\n`);
      status = 1;
    }
  }
  return status;
}

const DEFAULT_FORMAT = [
  '  File: %n',
  '  Size: %s\tBlocks: %b IO Block: %o %F',
  'Device: %d\tInode: %i Links: %h',
  'Access: (%a/%A)  Uid: (%u/%U)   Gid: (%g/%G)',
  'Access: %x',
  'Modify: %y',
  'Change: %z',
  ' Birth: %w',
].join('\n');

function fileSystemStatus(format: string, path: string, inode: Inode): string {
  const { volume } = inode;
  const names: Record<string, string> = {
    ext4: 'ext2/ext3',
    proc: 'proc',
    sysfs: 'sysfs',
    xfs: 'xfs',
    tmpfs: 'tmpfs',
    nfs: 'nfs',
  };
  const blocks = Math.floor(volume.capacityBytes / 4096);
  const free = Math.floor((volume.capacityBytes - volume.usedBytes) / 4096);
  const values: Record<string, string | number> = {
    T: names[volume.typeName] ?? volume.typeName,
    n: path,
    b: blocks,
    f: free,
    a: free,
    s: 4096,
    S: 4096,
  };
  return `${format.replace(/%([a-zA-Z])/g, (_all, code: string) => String(values[code] ?? '?'))}\n`;
}

import type { Process } from '../shell/process.ts';
import type { Machine } from './machine.ts';

/** What stands on a device: a file system, swap or a partition table. */
export interface DeviceSignature {
  /** Where its magic is, in bytes from the beginning. */
  readonly offset: number;
  readonly type: 'ext4' | 'xfs' | 'swap' | 'dos';
  readonly uuid: string;
  readonly label: string;
}

/** Where each kind has its magic, its UUID and its label, as on a real disk. */
const places = {
  ext4: { magicAt: 0x4_38, magic: '\x53\xef', uuidAt: 0x4_68, labelAt: 0x4_78, labelBytes: 16 },
  xfs: { magicAt: 0, magic: 'XFSB', uuidAt: 32, labelAt: 108, labelBytes: 12 },
  swap: { magicAt: 0xf_f6, magic: 'SWAPSPACE2', uuidAt: 0x4_0c, labelAt: 0x4_1c, labelBytes: 16 },
  dos: { magicAt: 0x1_fe, magic: '\x55\xaa', uuidAt: 0, labelAt: 0, labelBytes: 0 },
} as const;

/** A further disk of the machine, by its path. */
function diskAt(machine: Machine, path: string) {
  return machine.spec.disks?.find(({ name }) => path === `/dev/${name}`);
}

/** Signatures of a disk or of a regular file. Throws a FileSystemError for what is not there. */
export async function signaturesOf(
  process: Process,
  machine: Machine,
  path: string,
): Promise<readonly DeviceSignature[]> {
  const inode = process.lookup(path);
  if (inode.kind === 'device') {
    const fileSystem = diskAt(machine, process.path(path))?.fileSystem;
    if (fileSystem === undefined)
      return path === '/dev/sda' ? [{ offset: 0x1fe, type: 'dos', uuid: '', label: '' }] : [];
    const { type, uuid, label = '' } = fileSystem;
    return [{ offset: places[type].magicAt, type, uuid, label }];
  }
  const bytes = await process.readFile(path);
  return (['xfs', 'dos', 'ext4', 'swap'] as const).flatMap((type) => {
    const { magicAt, magic, uuidAt, labelAt, labelBytes } = places[type];
    if (bytes.slice(magicAt, magicAt + magic.length) !== magic) return [];
    const label = bytes.slice(labelAt, labelAt + labelBytes).replace(/\0.*$/s, '');
    return [{ offset: magicAt, type, uuid: type === 'dos' ? '' : uuidOf(bytes.slice(uuidAt, uuidAt + 16)), label }];
  });
}

/** Writes what makes a device one of a kind; the rest of it stays. */
export async function writeSignature(
  process: Process,
  machine: Machine,
  path: string,
  { type, uuid, label }: Omit<DeviceSignature, 'offset'>,
): Promise<void> {
  const disk = diskAt(machine, process.path(path));
  if (disk !== undefined && type !== 'swap' && type !== 'dos') {
    disk.fileSystem = { type, uuid, ...(label === '' ? {} : { label }) };
    return;
  }
  const { magicAt, magic, uuidAt, labelAt, labelBytes } = places[type];
  let bytes = await process.readFile(path);
  const put = (at: number, text: string): void => {
    bytes = bytes.slice(0, at) + text + bytes.slice(at + text.length);
  };
  put(magicAt, magic);
  put(uuidAt, bytesOf(uuid));
  put(labelAt, Buffer.from(label).toString('latin1').padEnd(labelBytes, '\0').slice(0, labelBytes));
  process.writeFile(path, bytes);
}

/** Takes the magic of every signature away, and nothing else. */
export async function wipeSignatures(process: Process, machine: Machine, path: string): Promise<void> {
  const disk = diskAt(machine, process.path(path));
  if (disk !== undefined) delete disk.fileSystem;
  if (process.lookup(path).kind !== 'file') return;
  let bytes = await process.readFile(path);
  for (const { offset, type } of await signaturesOf(process, machine, path)) {
    const none = '\0'.repeat(places[type].magic.length);
    bytes = bytes.slice(0, offset) + none + bytes.slice(offset + none.length);
  }
  process.writeFile(path, bytes);
}

function uuidOf(bytes: string): string {
  const hex = Buffer.from(bytes, 'latin1').toString('hex');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

function bytesOf(uuid: string): string {
  return Buffer.from(uuid.replaceAll('-', ''), 'hex').toString('latin1');
}

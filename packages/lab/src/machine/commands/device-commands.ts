import { randomUUID } from 'node:crypto';
import { FileSystemError } from '../../disk/file-system-error.ts';
import type { Process } from '../../shell/process.ts';
import { type DeviceSignature, signaturesOf, wipeSignatures, writeSignature } from '../device-signatures.ts';
import type { Machine } from '../machine.ts';
import type { MachineProgram } from './machine-program.ts';
import { parseOptions } from './options.ts';

/** Signatures, or what open(2) said. */
async function look(
  process: Process,
  machine: Machine,
  path: string,
): Promise<readonly DeviceSignature[] | FileSystemError> {
  try {
    return await signaturesOf(process, machine, path);
  } catch (error) {
    if (error instanceof FileSystemError) return error;
    throw error;
  }
}

/** wipefs(8): lists signatures, `-p` for programs with the columns of `-O`, none when one cannot be read; `-a` takes them away. */
export const wipefs: MachineProgram = async (process, machine) => {
  const options = parseOptions(
    process,
    'a all b backup f force i noheadings J json n no-act O: output= p parsable q quiet t: types=',
  );
  const lists: string[] = [];
  for (const path of options.operands) {
    const found = await look(process, machine, path);
    if (found instanceof FileSystemError)
      return process.fail(`error: ${path}: probing initialization failed: ${found.message}`);
    if (options.has('a', 'all') && !options.has('n', 'no-act')) {
      await wipeSignatures(process, machine, path);
      if (!options.has('q', 'quiet'))
        for (const { offset, type } of found)
          await process.out(`${path}: erased at offset 0x${offset.toString(16)} (${type})\n`);
    } else if (found.length > 0)
      lists.push(listed(path, found, options.has('p', 'parsable'), options.value('O', 'output')));
  }
  await process.out(lists.join(''));
  return 0;
};

function listed(
  path: string,
  found: readonly DeviceSignature[],
  parsable: boolean,
  columns = 'OFFSET,UUID,LABEL,TYPE',
): string {
  const rows = found.map(({ offset, uuid, label, type }) => ({ at: `0x${offset.toString(16)}`, uuid, label, type }));
  const device = path.split('/').at(-1) ?? '';
  if (parsable)
    return rows
      .map(({ at, uuid, label, type }) => {
        const values: Record<string, string> = {
          DEVICE: device,
          OFFSET: at,
          UUID: uuid,
          LABEL: escaped(label),
          TYPE: type,
        };
        return `${columns
          .split(',')
          .map((column) => values[column] ?? '')
          .join(',')}\n`;
      })
      .join('');
  return `DEVICE OFFSET TYPE UUID LABEL\n${rows.map(({ at, uuid, label, type }) => `${device} ${at} ${type} ${uuid} ${label}\n`).join('')}`;
}

/** Blanks, backslashes and bytes above 127 as libblkid writes them for programs. */
function escaped(label: string): string {
  return label.replaceAll(/[^!-[\]-~]/g, (one) => `\\x${one.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

/** blkid(8): of disks and, with `-p`, of any device or file that is named. */
export const blkid: MachineProgram = async (process, machine) => {
  const options = parseOptions(process, 's: o: output= p c: L: U: t:');
  const disks = (machine.spec.disks ?? []).filter(({ fileSystem }) => fileSystem).map(({ name }) => `/dev/${name}`);
  const only = options.value('s');
  let status = options.operands.length === 0 && disks.length > 0 ? 0 : 2;
  for (const path of options.operands.length === 0 ? disks : options.operands) {
    const found = await look(process, machine, path);
    if (found instanceof FileSystemError) {
      if (options.has('p')) status = await process.fail(`error: ${path}: ${found.message}`, 2);
      continue;
    }
    if (found.length > 1)
      return process.fail(`${path}: ambivalent result (probably more filesystems on the device)`, 8);
    const [signature] = found;
    status = signature === undefined ? 2 : 0;
    if (signature === undefined) continue;
    const tags = tagsOf(signature);
    if (options.value('o', 'output') === 'value')
      await process.out(`${only ? (tags[only] ?? '') : Object.values(tags).join('\n')}\n`);
    else
      await process.out(
        `${path}: ${Object.entries(tags)
          .map(([key, value]) => `${key}="${value}"`)
          .join(' ')}\n`,
      );
  }
  return status;
};

function tagsOf({ type, uuid, label }: DeviceSignature): Record<string, string> {
  if (type === 'dos') return { PTTYPE: 'dos' };
  return { ...(label === '' ? {} : { LABEL: label }), UUID: uuid, TYPE: type };
}

/** mkfs(8) and mkfs.TYPE: asks nobody when there is no terminal, as the real ones, and makes over what is there. */
export const mkfs: MachineProgram = async (process, machine) => {
  const name = process.argv[0]?.split('/').at(-1) ?? 'mkfs';
  const options = parseOptions(process, 't: type= L: label= q f F m: b: O: E: U: N: i:');
  const type = name.startsWith('mkfs.') ? name.slice('mkfs.'.length) : (options.value('t', 'type') ?? 'ext2');
  const path = options.operands[0] ?? '';
  if (type !== 'ext4' && type !== 'xfs')
    return process.fail(`failed to execute mkfs.${type}: No such file or directory`);
  if (type === 'xfs' && process.find('/usr/sbin/mkfs.xfs') === undefined)
    return process.fail('failed to execute mkfs.xfs: No such file or directory');
  const found = await look(process, machine, path);
  if (found instanceof FileSystemError) {
    await process.err(`The file ${path} does not exist and no size was specified.\n`);
    return 1;
  }
  if (type === 'xfs' && found.length > 0 && !options.has('f')) {
    await process.err(
      `mkfs.xfs: ${path} appears to contain an existing filesystem (${found[0]?.type}).\nmkfs.xfs: Use the -f option to force overwrite.\n`,
    );
    return 1;
  }
  await wipeSignatures(process, machine, path);
  const label = options.value('L', 'label') ?? '';
  await writeSignature(process, machine, path, { type, uuid: randomUUID(), label });
  return 0;
};

/** mkswap(8). */
export const mkswap: MachineProgram = async (process, machine) => {
  const options = parseOptions(process, 'L: f q U: p: v:');
  const path = options.operands[0] ?? '';
  const found = await look(process, machine, path);
  if (found instanceof FileSystemError) return process.fail(`cannot open ${path}: ${found.message}`);
  await wipeSignatures(process, machine, path);
  await writeSignature(process, machine, path, { type: 'swap', uuid: randomUUID(), label: options.value('L') ?? '' });
  return 0;
};

/** e2label(8): shows or sets the label of an ext4. */
export const e2label: MachineProgram = async (process, machine) => {
  const [path = '', label] = process.argv.slice(1);
  const found = await look(process, machine, path);
  const signature = found instanceof FileSystemError ? undefined : found.find(({ type }) => type === 'ext4');
  if (signature === undefined) {
    const why = found instanceof FileSystemError ? found.message : 'Bad magic number in super-block';
    await process.err(`e2label: ${why} while trying to open ${path}\n`);
    return 1;
  }
  if (label === undefined) await process.out(`${signature.label}\n`);
  else await writeSignature(process, machine, path, { ...signature, label });
  return 0;
};

/** xfs_admin(8): -L sets the label of an XFS that is not mounted. */
export const xfsAdmin: MachineProgram = async (process, machine) => {
  const options = parseOptions(process, 'L: l u U:');
  const path = options.operands[0] ?? '';
  const found = await look(process, machine, path);
  const signature = found instanceof FileSystemError ? undefined : found.find(({ type }) => type === 'xfs');
  if (signature === undefined) return process.fail(`${path} is not a valid XFS filesystem`);
  const label = options.value('L');
  if (label === undefined) await process.out(`label = "${signature.label}"\n`);
  else await writeSignature(process, machine, path, { ...signature, label: label === '--' ? '' : label });
  return 0;
};

import { FileSystemError } from '../../disk/file-system-error.ts';
import { type Inode, inodeSize } from '../../disk/inode.ts';
import type { Process, Program } from '../../shell/process.ts';
import { groupName, userName } from './accounts.ts';
import { type Options, parseOptions, UsageError } from './options.ts';
import { modeText } from './stat.ts';

interface Entry {
  name: string;
  inode: Inode;
}

export const ls: Program = async (process) => {
  const options = parseOptions(
    process,
    'l a all A almost-all 1 d directory n numeric-uid-gid h human-readable R t r i inode L dereference H F p S c u o g G q b Q N Z color:: time-style= full-time group-directories-first no-group file-type',
  );
  const operands = options.operands.length > 0 ? options.operands : ['.'];
  const files: Entry[] = [];
  const folders: string[] = [];
  let status = 0;
  for (const path of operands) {
    try {
      const inode = process.lookup(path, !options.has('l', 'd', 'directory', 'n') || options.has('L', 'dereference'));
      if (inode.kind === 'directory' && !options.has('d', 'directory')) folders.push(path);
      else files.push({ name: path, inode });
    } catch (error) {
      if (!(error instanceof FileSystemError)) throw error;
      await process.err(`ls: cannot access '${path}': ${error.message}\n`);
      status = 2;
    }
  }
  if (files.length > 0) await show(process, options, sorted(options, files));
  let first = files.length === 0;
  while (folders.length > 0) {
    const path = folders.shift() as string;
    const entries = entriesOf(process, options, path);
    if (operands.length > 1 || options.has('R')) await process.out(`${first ? '' : '\n'}${path}:\n`);
    first = false;
    if (options.has('l', 'n', 'o', 'g'))
      await process.out(
        `total ${entries.reduce((sum, { inode }) => sum + Math.ceil(inodeSize(inode) / 4096) * 4, 0)}\n`,
      );
    await show(process, options, entries);
    if (options.has('R'))
      folders.unshift(
        ...entries
          .filter(({ name, inode }) => inode.kind === 'directory' && !/^\.\.?$/.test(name))
          .map(({ name }) => `${path}/${name}`),
      );
  }
  return status;
};

function entriesOf(process: Process, options: Options, path: string): Entry[] {
  const names = process.kernel.tree.list(process.path(path), process.credentials);
  const all = options.has('a', 'all');
  const shown = all
    ? ['.', '..', ...names]
    : options.has('A', 'almost-all')
      ? names
      : names.filter((name) => !name.startsWith('.'));
  return sorted(
    options,
    shown.flatMap((name) => {
      const inode = process.find(`${path}/${name}`, options.has('L', 'dereference'));
      return inode ? [{ name, inode }] : [];
    }),
  );
}

function sorted(options: Options, entries: Entry[]): Entry[] {
  const result = options.has('t')
    ? entries.toSorted((a, b) => b.inode.mtimeMs - a.inode.mtimeMs)
    : options.has('S')
      ? entries.toSorted((a, b) => inodeSize(b.inode) - inodeSize(a.inode))
      : entries.toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  return options.has('r') ? result.toReversed() : result;
}

async function show(process: Process, options: Options, entries: Entry[]): Promise<void> {
  const rows = entries.map((entry) =>
    options.has('l', 'n', 'o', 'g', 'full-time')
      ? longRow(process, options, entry)
      : [entry.name + mark(options, entry)],
  );
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  for (const [index, row] of rows.entries()) {
    const prefix = options.has('i', 'inode') ? `${entries[index]?.inode.ino} ` : '';
    const cells = row.map((cell, column) =>
      column === row.length - 1
        ? cell
        : column === 1 || column === 4
          ? cell.padStart(widths[column] as number)
          : cell.padEnd(widths[column] as number),
    );
    await process.out(`${prefix}${cells.join(' ')}\n`);
  }
}

function mark(options: Options, { inode }: Entry): string {
  if (options.has('F') || options.has('p')) {
    if (inode.kind === 'directory') return '/';
    if (options.has('F') && inode.kind === 'symlink') return '@';
    if (options.has('F') && inode.mode & 0o111) return '*';
  }
  return '';
}

function longRow(process: Process, options: Options, entry: Entry): string[] {
  const { inode, name } = entry;
  const numeric = options.has('n', 'numeric-uid-gid');
  const owner = numeric ? String(inode.uid) : userName(process.kernel, inode.uid);
  const group = numeric ? String(inode.gid) : groupName(process.kernel, inode.gid);
  const target = inode.kind === 'symlink' ? ` -> ${inode.target}` : '';
  const context = options.has('Z') ? [inode.context ?? '?'] : [];
  return [
    modeText(inode) + (inode.context === undefined ? '' : '.'),
    String(inode.links),
    owner,
    group,
    ...context,
    String(inodeSize(inode)),
    listedTime(process, options, inode),
    name + mark(options, entry) + target,
  ];
}

function listedTime(process: Process, options: Options, inode: Inode): string {
  const date = new Date(inode.mtimeMs);
  const iso = date.toISOString();
  if (options.has('full-time') || options.value('time-style')?.startsWith('full'))
    return `${iso.slice(0, 10)} ${iso.slice(11, 19)}.000000000 +0000`;
  if (options.value('time-style') === 'long-iso') return `${iso.slice(0, 10)} ${iso.slice(11, 16)}`;
  if (options.value('time-style')?.startsWith('+')) return String(Math.floor(inode.mtimeMs / 1000));
  const month = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ')[date.getUTCMonth()] as string;
  const recent = process.kernel.now() - inode.mtimeMs < 180 * 86_400_000;
  return `${month} ${String(date.getUTCDate()).padStart(2)} ${recent ? iso.slice(11, 16) : ` ${iso.slice(0, 4)}`}`;
}

export const readlink: Program = async (process) => {
  const options = parseOptions(
    process,
    'f canonicalize e canonicalize-existing m canonicalize-missing n no-newline q s v z zero',
  );
  if (options.operands.length === 0) throw new UsageError('missing operand');
  let status = 0;
  for (const path of options.operands) {
    const canonical = options.has('f', 'canonicalize', 'e', 'canonicalize-existing', 'm', 'canonicalize-missing');
    const result = canonical ? canonicalPath(process, path, options) : linkTarget(process, path);
    if (result === undefined) status = 1;
    else await process.out(`${result}${options.has('n', 'no-newline') ? '' : '\n'}`);
  }
  return status;
};

function linkTarget(process: Process, path: string): string | undefined {
  const inode = process.find(path, false);
  return inode?.kind === 'symlink' ? inode.target : undefined;
}

function canonicalPath(process: Process, path: string, options: Options): string | undefined {
  const { tree } = process.kernel;
  try {
    return tree.realPath(process.path(path), process.credentials);
  } catch (error) {
    if (!(error instanceof FileSystemError)) throw error;
    if (options.has('e', 'canonicalize-existing')) return undefined;
    const link = linkTarget(process, path);
    if (link !== undefined && link !== path)
      return canonicalPath(
        process,
        link.startsWith('/') ? link : `${process.path(path).replace(/[^/]*$/, '')}${link}`,
        options,
      );
    const at = process.path(path).replace(/\/+$/, '').lastIndexOf('/');
    const folder = process.path(path).slice(0, at) || '/';
    if (!options.has('m', 'canonicalize-missing') && !process.find(folder)) return undefined;
    const base = process.find(folder) ? tree.realPath(folder, process.credentials) : folder;
    return `${base === '/' ? '' : base}${process.path(path).slice(at)}`;
  }
}

export const realpath: Program = async (process) => {
  const options = parseOptions(process, 'e canonicalize-existing m canonicalize-missing q s z');
  let status = 0;
  for (const path of options.operands) {
    const result = canonicalPath(process, path, options);
    if (result === undefined) status = await process.fail(`${path}: No such file or directory`);
    else await process.out(`${result}\n`);
  }
  return status;
};

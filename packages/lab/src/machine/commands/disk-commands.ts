import { FileSystemError } from '../../disk/file-system-error.ts';
import { inodeSize } from '../../disk/inode.ts';
import type { Program } from '../../shell/process.ts';
import { parseArguments, parseOptions } from './options.ts';
import { quotedName } from './quoted-name.ts';

const operands = new Set('bs ibs obs cbs count conv if iflag of oflag seek skip status'.split(' '));
const conversions = new Set('fsync fdatasync notrunc noerror sync sparse excl nocreat ucase lcase swab'.split(' '));

export const dd: Program = async (process) => {
  const strange = process.argv.slice(1).find((word) => !operands.has(word.replace(/=.*/s, '')));
  if (strange?.startsWith('-') === true) return process.fail(`unrecognized option ${quotedName(strange)}`);
  if (strange !== undefined) return process.fail(`unrecognized operand ${quotedName(strange)}`);
  const settings = new Map(process.argv.slice(1).map((word) => word.split(/=(.*)/s) as [string, string]));
  const size = (text: string): number =>
    Number(/^\d+/.exec(text)?.[0] ?? 0) *
    ({ K: 1024, k: 1024, M: 1 << 20, G: 1 << 30 }[text.replace(/^\d+/, '').slice(0, 1)] ?? 1);
  const block = size(settings.get('bs') ?? '512');
  const count = settings.get('count');
  const from = settings.get('if');
  const input = from === undefined ? process.files.get(0) : process.open(from, 'r');
  let text = '';
  const limit = count === undefined ? Number.POSITIVE_INFINITY : Number(count) * block;
  if (!input) return process.fail('failed to open standard input');
  while (text.length < limit) {
    const chunk = await input.read(Math.min(65_536, limit - text.length));
    if (chunk === '') break;
    text += chunk;
  }
  const conversion = settings
    .get('conv')
    ?.split(',')
    .find((one) => !conversions.has(one));
  if (conversion !== undefined) return process.fail(`invalid conversion: ${quotedName(conversion)}`);
  const to = settings.get('of');
  try {
    if (to === undefined) await process.out(text);
    else process.writeFile(to, text);
  } catch (error) {
    if (!(error instanceof FileSystemError)) throw error;
    return process.fail(`error writing ${quotedName(to ?? 'standard output')}: ${error.message}`);
  }
  if (settings.get('status') !== 'none')
    await process.err(
      `${Math.floor(text.length / block)}+0 records in\n${Math.floor(text.length / block)}+0 records out\n${text.length} bytes copied\n`,
    );
  return 0;
};

export const truncate: Program = async (process) => {
  const options = parseOptions(process, 's: size= c no-create r:');
  for (const path of options.operands) {
    const asked = options.value('s', 'size') ?? '';
    const [, number, unit = ''] = /^(\d+)([KMG]?)$/.exec(asked) ?? [];
    if (number === undefined) return process.fail(`Invalid number: '${asked}'`);
    const size = Number(number) * (({ K: 2 ** 10, M: 2 ** 20, G: 2 ** 30 } as Record<string, number>)[unit] ?? 1);
    const old = process.find(path) ? await process.readFile(path) : '';
    process.writeFile(path, old.slice(0, size).padEnd(size, '\0'));
  }
  return 0;
};

export const cmp: Program = async (process) => {
  const options = parseOptions(process, 's quiet silent l n:');
  const [first = '', second = '-'] = options.operands;
  const texts: string[] = [];
  for (const name of [first, second]) {
    try {
      texts.push(name === '-' ? await process.readAll() : await process.readFile(name));
    } catch (error) {
      if (!(error instanceof FileSystemError)) throw error;
      if (!options.has('s', 'quiet', 'silent')) await process.err(`cmp: ${name}: ${error.message}\n`);
      return 2;
    }
  }
  const [left = '', right = ''] = texts;
  if (left === right) return 0;
  if (!options.has('s', 'quiet', 'silent')) {
    let at = 0;
    while (left[at] === right[at] && at < Math.min(left.length, right.length)) at += 1;
    await process.out(`${first} ${second} differ: byte ${at + 1}, line ${left.slice(0, at).split('\n').length}\n`);
  }
  return 1;
};

export const which: Program = async (process) => {
  let status = 0;
  for (const name of process.argv.slice(1).filter((arg) => !arg.startsWith('-'))) {
    const folder = (process.environment.get('PATH') ?? '').split(':').find((one) => {
      const inode = process.find(`${one}/${name}`);
      return inode?.kind === 'file' && (inode.mode & 0o111) !== 0;
    });
    if (folder === undefined) status = 1;
    else await process.out(`${folder}/${name}\n`);
  }
  return status;
};

export const du: Program = async (process) => {
  const options = parseArguments(
    process.argv.slice(1),
    's summarize h human-readable k b bytes a all m c d: max-depth= x',
  );
  const measure = (path: string): number => {
    const inode = process.lookup(path, false);
    if (inode.kind !== 'directory')
      return options.has('b', 'bytes') ? inodeSize(inode) : Math.ceil(inodeSize(inode) / 4096) * 4096;
    return process.kernel.tree
      .list(process.path(path), process.credentials)
      .reduce((sum, name) => sum + measure(`${path}/${name}`), 4096);
  };
  for (const path of options.operands.length > 0 ? options.operands : ['.']) {
    const bytes = measure(path);
    await process.out(
      `${options.has('b', 'bytes') ? bytes : options.has('h', 'human-readable') ? `${Math.ceil(bytes / 1024)}K` : options.has('m') ? Math.ceil(bytes / 1_048_576) : Math.ceil(bytes / 1024)}\t${path}\n`,
    );
  }
  return 0;
};

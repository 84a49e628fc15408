import { createHash } from 'node:crypto';
import { FileSystemError } from '../../disk/file-system-error.ts';
import { fromByteText, toByteText } from '../../shell/byte-text.ts';
import type { Process } from '../../shell/process.ts';
import { parseOptions, UsageError } from './options.ts';
import { nameInMessage, quotedName } from './quoted-name.ts';

/** Whole content of a file operand; `-` is standard input. */
export async function operandText(process: Process, path: string): Promise<string> {
  return path === '-' ? process.readAll() : process.readFile(path);
}

/** sha256sum and its kin: digests, or with -c verification. */
export function checksum(algorithm: 'md5' | 'sha1' | 'sha256' | 'sha512') {
  return async (process: Process): Promise<number> => {
    const options = parseOptions(
      process,
      'b binary c check t text status quiet w warn z zero tag strict ignore-missing',
    );
    const files = options.operands.length > 0 ? options.operands : ['-'];
    const digest = (text: string): string => createHash(algorithm).update(fromByteText(text)).digest('hex');
    if (options.has('c', 'check')) return verify(process, files, digest, options.has('status'), options.has('quiet'));
    const end = options.has('z', 'zero') ? '\0' : '\n';
    let status = 0;
    for (const file of files) {
      try {
        const sum = digest(await operandText(process, file));
        const escapes = end === '\n' && /[\\\n]/.test(file);
        const name = escapes ? file.replaceAll('\\', '\\\\').replaceAll('\n', '\\n') : file;
        await process.out(`${escapes ? '\\' : ''}${sum} ${options.has('b', 'binary') ? '*' : ' '}${name}${end}`);
      } catch (error) {
        if (!(error instanceof FileSystemError)) throw error;
        status = await process.fail(`${nameInMessage(file)}: ${error.message}`);
      }
    }
    return status;
  };
}

async function verify(
  process: Process,
  lists: readonly string[],
  digest: (text: string) => string,
  silent: boolean,
  quiet: boolean,
): Promise<number> {
  let failed = 0;
  let missing = 0;
  for (const list of lists) {
    for (const line of (await operandText(process, list)).split('\n')) {
      const match = /^([0-9a-fA-F]+) [ *](.+)$/.exec(line);
      if (!match) continue;
      const [, sum, file] = match as unknown as [string, string, string];
      const result = await verifyOne(process, sum, file, digest);
      if (result === 'FAILED') failed += 1;
      if (result === 'FAILED open or read') missing += 1;
      if (!silent && !(quiet && result === 'OK')) await process.out(`${file}: ${result}\n`);
    }
  }
  if (missing > 0 && !silent)
    await process.err(`${process.name}: WARNING: ${missing} listed file${missing > 1 ? 's' : ''} could not be read\n`);
  if (failed > 0 && !silent)
    await process.err(`${process.name}: WARNING: ${failed} computed checksum${failed > 1 ? 's' : ''} did NOT match\n`);
  return failed + missing > 0 ? 1 : 0;
}

async function verifyOne(
  process: Process,
  sum: string,
  file: string,
  digest: (text: string) => string,
): Promise<string> {
  try {
    return digest(await operandText(process, file)) === sum.toLowerCase() ? 'OK' : 'FAILED';
  } catch (error) {
    if (!(error instanceof FileSystemError)) throw error;
    await process.err(`${process.name}: ${file}: ${error.message}\n`);
    return 'FAILED open or read';
  }
}

/** base64(1). */
export async function base64(process: Process): Promise<number> {
  const options = parseOptions(process, 'd decode i ignore-garbage w: wrap=');
  const [file = '-', extra] = options.operands;
  if (extra !== undefined) throw new UsageError(`extra operand ${quotedName(extra)}`);
  let text: string;
  try {
    text = await operandText(process, file);
  } catch (error) {
    if (!(error instanceof FileSystemError)) throw error;
    return process.fail(`${nameInMessage(file)}: ${error.message}`);
  }
  if (options.has('d', 'decode')) {
    const clean = text.replace(/[\r\n]/g, '');
    if (
      !options.has('i', 'ignore-garbage') &&
      !/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(clean)
    ) {
      await process.out(toByteText(Buffer.from(clean.replace(/[^A-Za-z0-9+/].*$/, ''), 'base64')));
      return process.fail('invalid input');
    }
    await process.out(toByteText(Buffer.from(clean, 'base64')));
    return 0;
  }
  const encoded = Buffer.from(fromByteText(text)).toString('base64');
  const width = Number(options.value('w', 'wrap') ?? 76);
  if (width === 0) await process.out(encoded);
  else if (encoded !== '') await process.out(`${encoded.match(new RegExp(`.{1,${width}}`, 'g'))?.join('\n')}\n`);
  return 0;
}

/** cksum(1): POSIX CRC. */
export async function cksum(process: Process): Promise<number> {
  const files = process.argv.length > 1 ? process.argv.slice(1) : ['-'];
  for (const file of files) {
    const text = await operandText(process, file);
    await process.out(`${posixCrc(text)} ${text.length}${file === '-' ? '' : ` ${file}`}\n`);
  }
  return 0;
}

function posixCrc(text: string): number {
  let crc = 0;
  const step = (byte: number): void => {
    crc ^= byte << 24;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 0x80000000 ? (crc << 1) ^ 0x04c11db7 : crc << 1;
  };
  for (let index = 0; index < text.length; index += 1) step(text.charCodeAt(index));
  for (let length = text.length; length > 0; length = Math.floor(length / 256)) step(length & 255);
  return ~crc >>> 0;
}

import type { Program } from '../../shell/process.ts';
import { parseOptions } from './options.ts';
import { forEachText } from './text-commands.ts';

/** od(1). */
export const od: Program = async (process) => {
  const options = parseOptions(
    process,
    'A: address-radix= t: format= N: read-bytes= j: skip-bytes= v output-duplicates w:: c x b An',
  );
  let text = '';
  const status = await forEachText(process, options.operands, (part) => {
    text += part;
  });
  const skip = Number(options.value('j', 'skip-bytes') ?? 0);
  text = text.slice(skip, skip + Number(options.value('N', 'read-bytes') ?? text.length));
  const format =
    options.value('t', 'format') ?? (options.has('c') ? 'c' : options.has('b') ? 'o1' : options.has('x') ? 'x2' : 'o2');
  const radix = options.value('A', 'address-radix') ?? 'o';
  const width = Number(options.value('w') ?? 16);
  for (let at = 0; at < text.length; at += width) {
    const row = text.slice(at, at + width);
    await process.out(`${address(at + skip, radix)}${cells(row, format)}\n`);
  }
  if (radix !== 'n') await process.out(`${address(text.length + skip, radix)}\n`);
  return status;
};

function address(value: number, radix: string): string {
  if (radix === 'n') return '';
  const base = radix === 'x' ? 16 : radix === 'd' ? 10 : 8;
  return value.toString(base).padStart(base === 16 ? 6 : 7, '0');
}

function cells(row: string, format: string): string {
  const kind = format[0] as string;
  const size =
    kind === 'c' || kind === 'a'
      ? 1
      : Number(format.slice(1) || (kind === 'x' || kind === 'o' || kind === 'd' || kind === 'u' ? 4 : 2));
  let text = '';
  for (let at = 0; at < row.length; at += size) {
    let value = 0;
    for (let byte = size - 1; byte >= 0; byte -= 1) value = value * 256 + (row.charCodeAt(at + byte) || 0);
    text += kind === 'c' ? characterCell(row.charCodeAt(at)) : numberCell(value, kind, size);
  }
  return text;
}

function numberCell(value: number, kind: string, size: number): string {
  if (kind === 'x') return ` ${value.toString(16).padStart(size * 2, '0')}`;
  if (kind === 'o') return ` ${value.toString(8).padStart(size === 1 ? 3 : size === 2 ? 6 : 11, '0')}`;
  const signed = kind === 'd' && value >= 2 ** (size * 8 - 1) ? value - 2 ** (size * 8) : value;
  return ` ${String(signed).padStart(size === 1 ? (kind === 'd' ? 4 : 3) : size === 2 ? (kind === 'd' ? 6 : 5) : kind === 'd' ? 11 : 10)}`;
}

function characterCell(code: number): string {
  const names: Record<number, string> = {
    0: '\\0',
    7: '\\a',
    8: '\\b',
    9: '\\t',
    10: '\\n',
    11: '\\v',
    12: '\\f',
    13: '\\r',
  };
  const name =
    names[code] ?? (code >= 32 && code < 127 ? String.fromCharCode(code) : code.toString(8).padStart(3, '0'));
  return name.padStart(4);
}

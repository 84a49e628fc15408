const letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';
/** More hosts than any cluster that this product is for; a range with a slip of the finger must not fill the memory. */
const mostHosts = 4096;

/** Host names that a pattern stands for, and the port behind it. */
export interface ExpandedHosts {
  readonly names: readonly string[];
  readonly port: number | undefined;
}

/**
 * Expands a host pattern of an inventory: `node[01:03]`, `db-[a:f]`, `node[1:9:2].lan:2222`, `[2001:db8::1]:22`.
 * After ansible.plugins.inventory.expand_hostname_range and ansible.parsing.utils.addresses. Throws an Error that says what is wrong.
 */
export function expandHostPattern(pattern: string): ExpandedHosts {
  const bracketed = /^\[([^[\]]*(?:\[[^[\]]*\][^[\]]*)*)\]:(\d+)$/.exec(pattern);
  const plain = /^((?:[^:[\]]|\[[^\]]*\])+):(\d+)$/.exec(pattern);
  const [, host = pattern, port] = bracketed ?? plain ?? [];
  if (port === undefined && pattern.endsWith(':')) throw new Error('a host ends with a colon, but has no port');
  return { names: expand(host), port: port === undefined ? undefined : Number(port) };
}

function expand(text: string): readonly string[] {
  const open = text.indexOf('[');
  const close = text.indexOf(']', open);
  if (open === -1 || close === -1) return [text];
  const [head, range, tail] = [text.slice(0, open), text.slice(open + 1, close), text.slice(close + 1)];
  const names = rangeOf(range).flatMap((part) => expand(tail).map((rest) => head + part + rest));
  if (names.length > mostHosts) throw new Error(`the range stands for more than ${mostHosts} hosts`);
  return names;
}

function rangeOf(range: string): readonly string[] {
  const bounds = range.split(':');
  if (bounds.length < 2 || bounds.length > 3) throw new Error('a range is written [begin:end] or [begin:end:step]');
  const [first = '', end = '', stepText = '1'] = bounds;
  const begin = first === '' ? '0' : first;
  if (end === '') throw new Error('a range needs its end');
  const step = Number(stepText);
  if (!Number.isInteger(step) || step < 1) throw new Error('the step of a range is a whole number above 0');
  if (begin.length === 1 && end.length === 1 && letters.includes(begin) && letters.includes(end)) {
    return letterRange(letters.indexOf(begin), letters.indexOf(end), step);
  }
  if (!/^\d{1,9}$/.test(begin) || !/^\d{1,9}$/.test(end)) throw new Error('the ends of a range are numbers or letters');
  const padded = begin.length > 1 && begin.startsWith('0');
  if (padded && begin.length !== end.length)
    throw new Error('both ends of a range with leading zeros are equally long');
  const [low, high] = [Number(begin), Number(end)];
  if ((high - low) / step > mostHosts) throw new Error(`the range stands for more than ${mostHosts} hosts`);
  const values: string[] = [];
  for (let at = low; at <= high; at += step) values.push(padded ? String(at).padStart(begin.length, '0') : String(at));
  return values;
}

function letterRange(from: number, to: number, step: number): readonly string[] {
  if (from > to) throw new Error('a range begins before its end');
  return letters
    .slice(from, to + 1)
    .split('')
    .filter((_letter, index) => index % step === 0);
}

/*
 * Shell patterns (POSIX XCU 2.13). A pattern is text in which a backslash makes the next character literal.
 */

const CLASSES: Record<string, string> = {
  alnum: 'A-Za-z0-9',
  alpha: 'A-Za-z',
  blank: ' \\t',
  cntrl: '\\x00-\\x1f\\x7f',
  digit: '0-9',
  graph: '\\x21-\\x7e',
  lower: 'a-z',
  print: '\\x20-\\x7e',
  punct: '!-\\/:-@\\[-`{-~',
  space: '\\s',
  upper: 'A-Z',
  xdigit: '0-9A-Fa-f',
};

const cache = new Map<string, RegExp>();

/** Escapes a literal so that it matches only itself inside a pattern. */
export function escapePattern(text: string): string {
  return text.replace(/[\\*?[\]]/g, '\\$&');
}

/** Whether the text has a pattern character that is not escaped. */
export function hasPattern(pattern: string): boolean {
  for (let index = 0; index < pattern.length; index += 1) {
    const char = pattern[index];
    if (char === '\\') index += 1;
    else if (char === '*' || char === '?' || (char === '[' && pattern.includes(']', index))) return true;
  }
  return false;
}

/** Takes the escapes out of a pattern. */
export function unescapePattern(pattern: string): string {
  return pattern.includes('\\') ? pattern.replace(/\\(.)/gs, '$1') : pattern;
}

/** Regular expression source for a pattern; `lazy` makes `*` match as little as possible. */
function patternSource(pattern: string, lazy: boolean): string {
  let source = '';
  for (let index = 0; index < pattern.length; index += 1) {
    const char = pattern[index] as string;
    if (char === '\\' && index + 1 < pattern.length) {
      index += 1;
      source += literal(pattern[index] as string);
    } else if (char === '*') source += lazy ? '[^]*?' : '[^]*';
    else if (char === '?') source += '[^]';
    else if (char === '[') {
      const set = bracket(pattern, index);
      source += set ? set.source : '\\[';
      index = set ? set.end : index;
    } else source += literal(char);
  }
  return source;
}

function literal(char: string): string {
  return /[\\^$.*+?()[\]{}|/-]/.test(char) ? `\\${char}` : char;
}

function bracket(pattern: string, start: number): { source: string; end: number } | undefined {
  let index = start + 1;
  let body = '';
  const negated = pattern[index] === '!' || pattern[index] === '^';
  if (negated) index += 1;
  for (let first = true; index < pattern.length; index += 1, first = false) {
    const char = pattern[index] as string;
    if (char === ']' && !first) return { source: `[${negated ? '^' : ''}${body}]`, end: index };
    const named = /^\[:([a-z]+):\]/.exec(pattern.slice(index, index + 12));
    if (named) {
      body += CLASSES[named[1] as string] ?? '';
      index += named[0].length - 1;
    } else if (char === '\\' && index + 1 < pattern.length) {
      index += 1;
      body += `\\${pattern[index]}`;
    } else body += char === '-' ? '-' : /[\\^[\]]/.test(char) ? `\\${char}` : char;
  }
  return undefined;
}

/** A regular expression that matches a whole string as the pattern does. */
export function patternRegExp(pattern: string): RegExp {
  let expression = cache.get(pattern);
  if (!expression) {
    expression = new RegExp(`^${patternSource(pattern, false)}$`);
    if (cache.size > 2000) cache.clear();
    cache.set(pattern, expression);
  }
  return expression;
}

/** `${value#pattern}` and its three kin. */
export function removePattern(value: string, pattern: string, side: 'prefix' | 'suffix', greedy: boolean): string {
  if (!hasPattern(pattern)) {
    const text = unescapePattern(pattern);
    if (side === 'prefix') return value.startsWith(text) ? value.slice(text.length) : value;
    return text !== '' && value.endsWith(text) ? value.slice(0, -text.length) : value;
  }
  const expression = patternRegExp(pattern);
  const lengths = Array.from({ length: value.length + 1 }, (_, index) => index);
  if (greedy) lengths.reverse();
  for (const length of lengths) {
    const part = side === 'prefix' ? value.slice(0, length) : value.slice(value.length - length);
    if (expression.test(part)) return side === 'prefix' ? value.slice(length) : value.slice(0, value.length - length);
  }
  return value;
}

/** `${value/pattern/replacement}`, a bash extension. */
export function replacePattern(
  value: string,
  pattern: string,
  replacement: string,
  options: { all: boolean; anchor: 'start' | 'end' | null },
): string {
  const source = patternSource(pattern, false);
  if (source === '') return value;
  const anchored = options.anchor === 'start' ? `^${source}` : options.anchor === 'end' ? `${source}$` : source;
  return value.replace(new RegExp(anchored, options.all ? 'g' : ''), () => replacement);
}

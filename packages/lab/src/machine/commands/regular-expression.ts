/*
 * POSIX regular expressions as JavaScript's. Differences that are left: leftmost-first instead of leftmost-longest
 * alternation, and no collating symbols.
 */

/** Which of POSIX's syntaxes a pattern is written in. */
export type RegexSyntax = 'basic' | 'extended' | 'fixed' | 'perl';

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
  space: ' \\t\\n\\r\\f\\v',
  upper: 'A-Z',
  xdigit: '0-9A-Fa-f',
};

/** Source of a JavaScript expression that matches as the POSIX one. */
export function regexSource(pattern: string, syntax: RegexSyntax): string {
  if (syntax === 'perl') return pattern;
  if (syntax === 'fixed') return pattern.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
  let source = '';
  for (let index = 0; index < pattern.length; index += 1) {
    const char = pattern[index] as string;
    if (char === '\\') {
      index += 1;
      source += escaped(pattern[index] ?? '', syntax);
    } else if (char === '[') {
      const set = bracket(pattern, index);
      source += set.source;
      index = set.end;
    } else source += plain(char, pattern, index, source, syntax);
  }
  return source;
}

function escaped(char: string, syntax: RegexSyntax): string {
  if (syntax === 'basic' && '(){}|+?'.includes(char)) return char;
  if (char === '<' || char === '>') return '\\b';
  if (char === "'" || char === '`') return char === '`' ? '^' : '$';
  if (/[wWsSbB1-9]/.test(char)) return `\\${char}`;
  return /[A-Za-z0-9_]/.test(char) ? char : `\\${char}`;
}

function plain(char: string, pattern: string, index: number, before: string, syntax: RegexSyntax): string {
  const atStart = before === '' || /(?:^|[^\\])[(|]$/.test(before);
  if (syntax === 'basic') {
    if ('(){}|+?'.includes(char)) return `\\${char}`;
    if (char === '*' && (atStart || before === '^')) return '\\*';
    if (char === '^' && !atStart) return '\\^';
    if (char === '$' && index !== pattern.length - 1 && !/^\\[)|]/.test(pattern.slice(index + 1))) return '\\$';
  }
  if (syntax === 'extended' && char === '{' && !/^\{\d*,?\d*\}/.test(pattern.slice(index))) return '\\{';
  if (syntax === 'extended' && char === '}' && !/\{\d*,?\d*$/.test(pattern.slice(0, index))) return '\\}';
  return char === '/' ? '\\/' : char;
}

function bracket(pattern: string, start: number): { source: string; end: number } {
  let index = start + 1;
  let body = '';
  const negated = pattern[index] === '^';
  if (negated) index += 1;
  for (let first = true; index < pattern.length; index += 1, first = false) {
    const char = pattern[index] as string;
    if (char === ']' && !first) return { source: `[${negated ? '^' : ''}${body}]`, end: index };
    const named = /^\[:([a-z]+):\]/.exec(pattern.slice(index, index + 12));
    if (named) {
      body += CLASSES[named[1] as string] ?? '';
      index += named[0].length - 1;
    } else body += /[\\^[\]]/.test(char) ? `\\${char}` : char;
  }
  throw new SyntaxError('Invalid regular expression: unmatched [');
}

/** What printf(1) or echo(1) made of its arguments. */
export interface Formatted {
  output: string;
  /** Complaints for standard error, one a line, without the command's name. */
  errors: string[];
  /** `\c` was met: nothing more is printed. */
  stopped: boolean;
}

const ESCAPES: Record<string, string> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  '"': '"',
  "'": "'",
  e: '\x1b',
};

/**
 * Interprets backslash escapes. `octal` 'echo' takes `\0NNN` (echo and %b), 'printf' takes `\NNN`; `hex` adds `\xHH`, which
 * dash does not know.
 */
export function unescape(text: string, octal: 'echo' | 'printf', hex: boolean): { text: string; stopped: boolean } {
  if (!text.includes('\\')) return { text, stopped: false };
  let output = '';
  for (let index = 0; index < text.length; index += 1) {
    const char = text[index] as string;
    if (char !== '\\' || index + 1 >= text.length) {
      output += char;
      continue;
    }
    const rest = text.slice(index + 1);
    const number = (octal === 'echo' ? /^0[0-7]{0,3}/ : /^[0-7]{1,3}/).exec(rest)?.[0];
    const hexadecimal = hex ? /^x[0-9a-fA-F]{1,2}/.exec(rest)?.[0] : undefined;
    const next = rest[0] as string;
    if (next === 'c') return { text: output, stopped: true };
    if (number !== undefined) {
      output += String.fromCharCode(Number.parseInt(number, 8) & 255);
      index += number.length;
    } else if (hexadecimal) {
      output += String.fromCharCode(Number.parseInt(hexadecimal.slice(1), 16));
      index += hexadecimal.length;
    } else if (next in ESCAPES && (hex || next !== 'e') && !(octal === 'echo' && /["']/.test(next))) {
      output += ESCAPES[next];
      index += 1;
    } else {
      output += char;
    }
  }
  return { text: output, stopped: false };
}

const DIRECTIVE = /%([-+ #0]*)(\*|\d+)?(?:\.(\*|\d+)?)?([a-zA-Z%])/y;

/** printf(1): the format is reused while arguments remain. */
export function formatPrintf(format: string, args: readonly string[], hex: boolean): Formatted {
  const result: Formatted = { output: '', errors: [], stopped: false };
  const queue = [...args];
  do {
    const before = queue.length;
    onePass(format, queue, hex, result);
    if (queue.length === before) break;
  } while (queue.length > 0 && !result.stopped);
  return result;
}

function onePass(format: string, queue: string[], hex: boolean, result: Formatted): void {
  let index = 0;
  while (index < format.length && !result.stopped) {
    const percent = format.indexOf('%', index);
    const literal = format.slice(index, percent === -1 ? format.length : percent);
    const plain = unescape(literal, 'printf', hex);
    result.output += plain.text;
    result.stopped = plain.stopped;
    if (percent === -1 || plain.stopped) return;
    DIRECTIVE.lastIndex = percent;
    const match = DIRECTIVE.exec(format);
    if (!match) {
      result.errors.push(`${format.slice(percent, percent + 2)}: invalid directive`);
      result.stopped = true;
      return;
    }
    index = percent + match[0].length;
    if (match[4] === '%') result.output += '%';
    else directive(match, queue, hex, result);
  }
}

function directive(match: RegExpExecArray, queue: string[], hex: boolean, result: Formatted): void {
  let flags = match[1] ?? '';
  let width = match[2] === '*' ? Number(queue.shift() ?? 0) : Number(match[2] ?? 0);
  if (width < 0) {
    flags += '-';
    width = -width;
  }
  const hasPrecision = match[0].includes('.');
  const precision = hasPrecision ? Number(match[3] === '*' ? (queue.shift() ?? 0) : (match[3] ?? 0)) : undefined;
  const letter = match[4] as string;
  const argument = queue.shift();
  const text = converted(letter, argument, flags, precision, hex, result);
  const zero =
    flags.includes('0') &&
    !flags.includes('-') &&
    'diuoxXeEfFgG'.includes(letter) &&
    !(hasPrecision && 'diuoxX'.includes(letter));
  if (text.length >= width) result.output += text;
  else if (flags.includes('-')) result.output += text.padEnd(width);
  else if (zero) result.output += text.replace(/^([-+ ]?(?:0[xX])?)/, (sign) => sign + '0'.repeat(width - text.length));
  else result.output += text.padStart(width);
}

function converted(
  letter: string,
  argument: string | undefined,
  flags: string,
  precision: number | undefined,
  hex: boolean,
  result: Formatted,
): string {
  switch (letter) {
    case 's':
      return precision === undefined ? (argument ?? '') : (argument ?? '').slice(0, precision);
    case 'b': {
      const plain = unescape(argument ?? '', 'echo', hex);
      result.stopped = plain.stopped;
      return precision === undefined ? plain.text : plain.text.slice(0, precision);
    }
    case 'c':
      return (argument ?? '').slice(0, 1) || '\0';
    case 'q':
      return quoted(argument ?? '');
    case 'd':
    case 'i':
    case 'u':
    case 'o':
    case 'x':
    case 'X':
      return integerText(letter, integerOf(argument, result), flags, precision);
    case 'e':
    case 'E':
    case 'f':
    case 'F':
    case 'g':
    case 'G':
      return floatText(letter, Number(argument ?? 0) || 0, flags, precision);
    default:
      result.errors.push(`%${letter}: invalid directive`);
      result.stopped = true;
      return '';
  }
}

function integerOf(argument: string | undefined, result: Formatted): bigint {
  if (argument === undefined || argument === '') return 0n;
  if (/^["']/.test(argument)) return BigInt(argument.charCodeAt(1) || 0);
  const match = /^\s*([-+]?)(0[xX][0-9a-fA-F]+|0[0-7]*|[1-9]\d*)/.exec(argument);
  if (!match) {
    result.errors.push(`${argument}: expected numeric value`);
    return 0n;
  }
  if (match[0].length < argument.length) result.errors.push(`${argument}: not completely converted`);
  const digits = match[2] as string;
  const value = BigInt(
    digits.length > 1 && digits[0] === '0' && !/^0x/i.test(digits) ? `0o${digits.slice(1)}` : digits,
  );
  return match[1] === '-' ? -value : value;
}

function integerText(letter: string, value: bigint, flags: string, precision: number | undefined): string {
  const base = letter === 'o' ? 8 : letter === 'x' || letter === 'X' ? 16 : 10;
  const unsigned = 'uoxX'.includes(letter) ? BigInt.asUintN(64, value) : value;
  const negative = unsigned < 0n;
  let digits = (negative ? -unsigned : unsigned).toString(base);
  if (letter === 'X') digits = digits.toUpperCase();
  if (precision !== undefined) digits = digits.padStart(precision, '0');
  if (flags.includes('#') && value !== 0n) digits = (base === 16 ? `0${letter}` : base === 8 ? '0' : '') + digits;
  const sign = negative ? '-' : flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : '';
  return sign + digits;
}

function floatText(letter: string, value: number, flags: string, precision: number | undefined): string {
  const places = precision ?? 6;
  const lower = letter.toLowerCase();
  let text = value.toFixed(places);
  if (lower === 'e') text = value.toExponential(places).replace(/e([-+])(\d)$/, 'e$10$2');
  if (lower === 'g') {
    text = value.toPrecision(places || 1);
    text = text.includes('e')
      ? text.replace(/\.?0*e([-+])(\d)$/, 'e$10$2')
      : text.includes('.')
        ? text.replace(/\.?0+$/, '')
        : text;
  }
  return (value >= 0 && flags.includes('+') ? '+' : '') + (letter === lower ? text : text.toUpperCase());
}

/** Quotes as bash's `printf %q` does for ordinary text. */
function quoted(text: string): string {
  if (text === '') return "''";
  // eslint-disable-next-line no-control-regex -- control characters are what needs $'…'
  if (/[\x00-\x1f\x7f]/.test(text)) {
    return `$'${text.replace(/[\\']/g, '\\$&').replace(/\n/g, '\\n').replace(/\t/g, '\\t')}'`;
  }
  return text.replace(/[^A-Za-z0-9_@%+=:,./-]/g, '\\$&');
}

/** echo(1): dash interprets escapes always, bash and coreutils only after -e. */
export function formatEcho(args: readonly string[], dialect: 'dash' | 'bash'): string {
  const rest = [...args];
  let newline = true;
  let escapes = dialect === 'dash';
  const options = dialect === 'dash' ? /^-n$/ : /^-[neE]+$/;
  while (rest.length > 0 && options.test(rest[0] as string)) {
    const option = rest.shift() as string;
    if (option.includes('n')) newline = false;
    if (dialect === 'bash') for (const letter of option) escapes = letter === 'e' || (letter !== 'E' && escapes);
    if (dialect === 'dash') break;
  }
  const joined = rest.join(' ');
  if (!escapes) return joined + (newline ? '\n' : '');
  const plain = unescape(joined, 'echo', dialect === 'bash');
  return plain.text + (newline && !plain.stopped ? '\n' : '');
}

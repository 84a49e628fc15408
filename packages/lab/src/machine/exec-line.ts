import type { RootFiles } from './root-files.ts';
import { type UnitDefinition, unitValue, unitValues } from './unit-file.ts';

/** One command of a unit. */
export interface ExecLine {
  argv: string[];
  /** A failure is ignored (prefix `-`). */
  tolerant: boolean;
}

/** Splits a command line as systemd.service(5) does: quotes and backslashes, no shell. */
export function splitWords(text: string): string[] {
  const words: string[] = [];
  const pattern = /(?:"((?:\\.|[^"\\])*)"|'((?:\\.|[^'\\])*)'|((?:\\.|[^\s"'\\])+))+/g;
  for (const match of text.matchAll(pattern)) words.push(unquoted(match[0]));
  return words;
}

function unquoted(text: string): string {
  return text.replace(
    /"((?:\\.|[^"\\])*)"|'((?:\\.|[^'\\])*)'|\\(.)/gs,
    (_all, double?: string, single?: string, escaped?: string) => {
      const inner = double ?? single;
      if (inner === undefined) return escape(escaped ?? '');
      return inner.replace(/\\(.)/gs, (_whole, char: string) => escape(char));
    },
  );
}

function escape(char: string): string {
  return { n: '\n', t: '\t', s: ' ' }[char] ?? char;
}

/** Environment of a unit: Environment= and EnvironmentFile=. */
export function unitEnvironment(files: RootFiles, unit: UnitDefinition): Map<string, string> {
  const environment = new Map([
    ['PATH', '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'],
    ['LANG', 'C.UTF-8'],
  ]);
  const add = (line: string): void => {
    const at = line.indexOf('=');
    if (at > 0) environment.set(line.slice(0, at), line.slice(at + 1));
  };
  for (const value of unitValues(unit, 'Service', 'Environment')) for (const word of splitWords(value)) add(word);
  for (const value of unitValues(unit, 'Service', 'EnvironmentFile')) {
    const text = files.read(value.replace(/^-/, '')) ?? '';
    for (const line of text.split('\n'))
      if (/^\s*[A-Za-z_]\w*=/.test(line)) add(line.trim().replace(/=(["'])(.*)\1$/, '=$2'));
  }
  const user = unitValue(unit, 'Service', 'User');
  if (user) environment.set('USER', user);
  return environment;
}

/** Reads one `Exec…=` value with variables replaced: `$X` alone splits at blanks, `${X}` does not. */
export function execLine(value: string, environment: Map<string, string>): ExecLine {
  const [, prefix = '', rest = ''] = /^([-@:+!|]*)(.*)$/s.exec(value) ?? [];
  const argv = splitWords(rest).flatMap((word) => {
    const whole = /^\$([A-Za-z_]\w*)$/.exec(word)?.[1];
    if (whole) return splitWords(environment.get(whole) ?? '');
    return [
      word
        .replace(/\$\{([A-Za-z_]\w*)\}/g, (_all, name: string) => environment.get(name) ?? '')
        .replaceAll('$$', '$')
        .replaceAll('%%', '%'),
    ];
  });
  return { argv, tolerant: prefix.includes('-') };
}

/** Milliseconds of a systemd time span: `30`, `5s`, `1min 30s`, `500ms`, `2h`, `infinity`. NaN: not a span. */
export function spanMs(text: string): number {
  const trimmed = text.trim();
  if (trimmed === 'infinity') return Number.POSITIVE_INFINITY;
  if (/^\d+(\.\d+)?$/.test(trimmed)) return Number(trimmed) * 1000;
  const units: Record<string, number> = {
    us: 0.001,
    usec: 0.001,
    ms: 1,
    msec: 1,
    s: 1000,
    sec: 1000,
    second: 1000,
    seconds: 1000,
    m: 60_000,
    min: 60_000,
    minute: 60_000,
    minutes: 60_000,
    h: 3_600_000,
    hr: 3_600_000,
    hour: 3_600_000,
    hours: 3_600_000,
    d: 86_400_000,
    day: 86_400_000,
    days: 86_400_000,
    w: 604_800_000,
    week: 604_800_000,
    weeks: 604_800_000,
  };
  let total = 0;
  for (const part of trimmed.matchAll(/(\d+(?:\.\d+)?)\s*([a-z]+)|(\S)/g)) {
    const factor = units[part[2] ?? ''];
    if (part[3] !== undefined || factor === undefined) return Number.NaN;
    total += Number(part[1]) * factor;
  }
  return total;
}

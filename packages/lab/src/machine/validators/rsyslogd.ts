import type { Process } from '../../shell/process.ts';
import { parseOptions, UsageError } from '../commands/options.ts';
import { globFiles, readConfig, words } from './config-source.ts';
import { ACTIONS, DIRECTIVES, INPUTS, MODULES, OBJECTS } from './rsyslog-parameters.ts';

const VERSION = '8.2302.0';
const FACILITIES =
  words(`auth authpriv cron daemon kern lpr mail mark news security syslog user uucp ftp console local0 local1 local2 local3 local4
  local5 local6 local7 *`);
const PRIORITIES = words('emerg panic alert crit err error warning warn notice info debug none *');

/** One configuration being read, with its includes. */
interface Reading {
  readonly process: Process;
  readonly loaded: Set<string>;
  readonly complaints: string[];
  actions: number;
}

/** `rsyslogd -N1 -f FILE`: exits 1 with rsyslog's messages for a configuration with any fault, or without any action. */
export async function rsyslogd(process: Process): Promise<number> {
  let options: ReturnType<typeof parseOptions>;
  try {
    options = parseOptions(process, 'N: f: n d D i: C x w A o: M: u: v');
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return process.fail(error.message);
  }
  if (!options.has('N')) return process.fail('the lab knows rsyslogd as a daemon only by its unit');
  const path = options.value('f') ?? '/etc/rsyslog.conf';
  await process.err(
    `rsyslogd: version ${VERSION}, config validation run (level ${options.value('N')}), master config ${path}\n`,
  );
  const reading: Reading = { process, loaded: new Set(), complaints: [], actions: 0 };
  await readFile(reading, path, 0);
  const { complaints } = reading;
  if (reading.actions === 0 && !complaints.some((text) => text.includes('could not'))) {
    complaints.push(
      `there are no active actions configured. Inputs would run, but no output whatsoever were created. ${page(2103)}`,
    );
  }
  for (const complaint of complaints) await process.err(`rsyslogd: ${complaint}\n`);
  if (complaints.length > 0) return 1;
  await process.err('rsyslogd: End of config validation run. Bye.\n');
  return 0;
}

function page(code: number): string {
  return `[v${VERSION} try https://www.rsyslog.com/e/${code} ]`;
}

async function readFile(reading: Reading, path: string, depth: number): Promise<void> {
  const source = await readConfig(reading.process, path);
  if ('reason' in source) {
    reading.complaints.push(`could not open config file '${path}': ${source.reason} ${page(2104)}`);
    return;
  }
  const scanner = new Scanner(reading, path, source.text);
  scanner.run();
  for (const pattern of scanner.includes) {
    if (depth < 10) for (const one of globFiles(reading.process, pattern)) await readFile(reading, one, depth + 1);
  }
}

class SyntaxFault extends Error {}

class Scanner {
  readonly includes: string[] = [];
  readonly #reading: Reading;
  readonly #path: string;
  readonly #text: string;
  #at = 0;
  #depth = 0;

  constructor(reading: Reading, path: string, text: string) {
    this.#reading = reading;
    this.#path = path;
    this.#text = text;
  }

  run(): void {
    try {
      for (this.#skip(); this.#at < this.#text.length; this.#skip()) this.#statement();
      if (this.#depth > 0) throw new SyntaxFault("syntax error on token ''");
    } catch (error) {
      if (!(error instanceof SyntaxFault)) throw error;
      this.#complain(error.message);
      this.#reading.complaints.push(`could not interpret master config file '${this.#path}'. ${page(2207)}`);
    }
  }

  #complain(message: string): void {
    const line = this.#text.slice(0, this.#at).split('\n').length;
    this.#reading.complaints.push(
      `error during parsing file ${this.#path}, on or before line ${line}: ${message} ${page(2207)}`,
    );
  }

  /** Passes over blanks and comments. */
  #skip(): void {
    this.#match(/(?:\s+|#[^\n]*|\/\*[\s\S]*?\*\/)*/y);
  }

  #match(expression: RegExp): RegExpExecArray | undefined {
    expression.lastIndex = this.#at;
    const match = expression.exec(this.#text);
    if (match) this.#at += match[0].length;
    return match ?? undefined;
  }

  #statement(): void {
    if (this.#match(/\{/y)) {
      this.#depth += 1;
      return;
    }
    if (this.#match(/\}/y)) {
      this.#depth -= 1;
      if (this.#depth < 0)
        throw new SyntaxFault("invalid character '}' - is there an invalid escape sequence somewhere?");
      return;
    }
    const legacy = this.#match(/\$([A-Za-z]\w*)([^\n]*)/y);
    if (legacy) return this.#legacy(legacy[1] as string, (legacy[2] as string).trim());
    const object = this.#match(
      /(module|input|action|template|ruleset|main_queue|global|lookup_table|dyn_stats|timezone|parser|include|property|constant)\s*\(/iy,
    );
    if (object) return this.#object((object[1] as string).toLowerCase());
    if (this.#match(/(?:else|stop|continue|~)(?![\w.])\s*/y)) return;
    if (this.#match(/(?:call|call_indirect)\s+[^\n;{}]+;?/y)) {
      this.#reading.actions += 1;
      return;
    }
    if (this.#match(/(?:set|reset)\s+\$[\w.!/-]+\s*:?=/y) || this.#match(/unset\s+\$[\w.!/-]+\s*(?=;)/y))
      return this.#until(';');
    if (this.#match(/if(?=[\s(])/y)) return this.#until('then');
    if (this.#match(/foreach(?=[\s(])/y)) return this.#until('do');
    this.#rule();
  }

  /** Passes over an expression up to its closing word or sign. */
  #until(end: string): void {
    const goal = /^\w/.test(end) ? new RegExp(`${end}(?!\\w)`, 'y') : new RegExp(end, 'y');
    let depth = 0;
    while (this.#at < this.#text.length) {
      if (depth === 0 && this.#match(goal)) return;
      const part = this.#match(/"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[()]|[$\w.!-]+|[^{}]/y)?.[0];
      if (part === undefined) break;
      if (part === '(') depth += 1;
      if (part === ')') depth -= 1;
      if (depth < 0) break;
    }
    throw new SyntaxFault(`syntax error on token '${this.#text.slice(this.#at).split(/\s/)[0] ?? ''}'`);
  }

  #legacy(name: string, value: string): void {
    const lower = name.toLowerCase();
    if (!DIRECTIVES.has(lower)) {
      this.#reading.complaints.push(
        `invalid or yet-unknown config file command '${name}' - have you forgotten to load a module? ${page(3003)}`,
      );
    } else if (lower === 'modload') this.#load(value.replace(/\.so$/, ''));
    else if (lower === 'includeconfig') this.includes.push(value);
  }

  #load(module: string): boolean {
    if (!(module in MODULES)) {
      const file = `/usr/lib/x86_64-linux-gnu/rsyslog/${module}.so`;
      this.#reading.complaints.push(
        `could not load module '${module}', errors: trying to load module ${file}: ${file}: cannot open shared object file: No such file or directory ${page(2066)}`,
      );
      return false;
    }
    this.#reading.loaded.add(module);
    return true;
  }

  /** `name="value" …)` behind an object's opening parenthesis. */
  #parameters(): Map<string, string> {
    const found = new Map<string, string>();
    for (;;) {
      this.#skip();
      if (this.#match(/\)/y)) return found;
      const parameter = this.#match(/([\w.]+)\s*=\s*(?:"((?:\\.|[^"\\])*)"|(\[[^\]]*\])|`[^`]*`)/y);
      if (!parameter) {
        const token = this.#text[this.#at];
        throw new SyntaxFault(
          token === undefined
            ? "syntax error on token ''"
            : `invalid character '${token}' in object definition - is there an invalid escape sequence somewhere?`,
        );
      }
      found.set((parameter[1] as string).toLowerCase(), parameter[2] ?? parameter[3] ?? '');
    }
  }

  #object(name: string): void {
    const parameters = this.#parameters();
    const known = this.#known(name, parameters);
    for (const one of parameters.keys())
      if (known && !known.has(one)) this.#complain(`parameter '${one}' not known -- typo in config file?`);
    if (name === 'include' && parameters.has('file')) this.includes.push(parameters.get('file') as string);
  }

  #known(name: string, parameters: ReadonlyMap<string, string>): ReadonlySet<string> | undefined {
    const type = parameters.get('type') ?? '';
    if (name === 'module') {
      const module = parameters.get('load') ?? '';
      return this.#load(module) ? new Set([...(MODULES[module] as ReadonlySet<string>), 'load']) : undefined;
    }
    if (name === 'input') {
      if (this.#reading.loaded.has(type)) return INPUTS[type];
      this.#reading.complaints.push(`input module name '${type}' is unknown ${page(2209)}`);
      return new Set(['type']);
    }
    if (name === 'action') {
      this.#reading.actions += 1;
      if (/^(omprog|omrelp|omuxsock|ommail|omjournal|omstdout|mm)/.test(type) && !this.#reading.loaded.has(type))
        this.#complain(`module name '${type}' is unknown`);
      else if (!(type in ACTIONS) && !(type in MODULES)) this.#complain(`module name '${type}' is unknown`);
      this.#required(type, parameters);
      return ACTIONS[type];
    }
    return OBJECTS[name];
  }

  #required(type: string, parameters: ReadonlyMap<string, string>): void {
    const missing =
      type === 'omfile' && !parameters.has('file') && !parameters.has('dynafile')
        ? 'file'
        : type === 'omfwd' && !parameters.has('target')
          ? 'target'
          : undefined;
    if (missing) this.#complain(`parameter '${missing}' required but not specified - fix config`);
  }

  /** A selector or property filter with its action, as in sysklogd's files. */
  #rule(): void {
    const start = this.#at;
    const property = this.#match(/:[\w!$.-]+\s*,\s*!?\w+\s*,\s*"(?:\\.|[^"\\])*"\s*/y);
    const selector = property ? undefined : this.#match(/[\w*,]+\.[=!]*[\w*]+(?:;[\w*,]+\.[=!]*[\w*]+)*\s+/y);
    if (selector) this.#checkSelector(selector[0].trim());
    else if (!property && !this.#match(/&\s*|(?=-?\/|@|:om\w+:)/y)) {
      this.#at = start;
      throw new SyntaxFault(`syntax error on token '${/\S+/.exec(this.#text.slice(start))?.[0] ?? ''}'`);
    }
    if (/^(?:\{|action\s*\(|stop\b|call\b|if\b)/.test(this.#text.slice(this.#at, this.#at + 20))) return;
    if (!this.#match(/(?:-?\/|@@?[[(\w]|:om\w+:|\||~|\^|\*|[a-z_][\w-]*(?:\s*,\s*[a-z_][\w-]*)*\s*(?:\n|$))[^\n]*/y))
      throw new SyntaxFault(`syntax error on token '${/\S*/.exec(this.#text.slice(this.#at))?.[0] ?? ''}'`);
    this.#reading.actions += 1;
  }

  #checkSelector(selector: string): void {
    for (const part of selector.split(';')) {
      const [facilities = '', priority = ''] = part.split('.');
      for (const facility of facilities.split(',')) {
        if (!FACILITIES.has(facility.toLowerCase()) && !/^\d+$/.test(facility))
          this.#reading.complaints.push(`unknown facility name "${facility}" [v${VERSION}]`);
      }
      const bare = priority.replace(/^[!=]+/, '').toLowerCase();
      if (!PRIORITIES.has(bare) && !/^\d$/.test(bare))
        this.#reading.complaints.push(`unknown priority name "${bare}" [v${VERSION}]`);
    }
  }
}

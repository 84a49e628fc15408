import type { RootFiles } from './root-files.ts';

/** What logrotate does with the files of one block; names are those of logrotate(8). */
export interface RotationRule {
  /** Patterns of file names. */
  readonly patterns: readonly string[];
  readonly every: 'hourly' | 'daily' | 'weekly' | 'monthly' | 'yearly' | undefined;
  /** Bytes from which on a file is rotated whatever its age; replaces the period. */
  readonly sizeBytes: number | undefined;
  readonly keep: number;
  readonly maxAgeDays: number | undefined;
  readonly missingOk: boolean;
  readonly notIfEmpty: boolean;
  readonly compress: boolean;
  readonly delayCompress: boolean;
  readonly copyTruncate: boolean;
  readonly sharedScripts: boolean;
  /** Makes a new file after a rotation; parts that are undefined are those of the old one. */
  readonly create: { readonly mode?: number; readonly owner?: string; readonly group?: string } | undefined;
  readonly preRotate: string;
  readonly postRotate: string;
}

const defaults: RotationRule = {
  patterns: [],
  every: undefined,
  sizeBytes: undefined,
  keep: 0,
  maxAgeDays: undefined,
  missingOk: false,
  notIfEmpty: false,
  compress: false,
  delayCompress: false,
  copyTruncate: false,
  sharedScripts: false,
  create: undefined,
  preRotate: '',
  postRotate: '',
};

const flags: Readonly<Record<string, Partial<RotationRule>>> = {
  missingok: { missingOk: true },
  nomissingok: { missingOk: false },
  notifempty: { notIfEmpty: true },
  ifempty: { notIfEmpty: false },
  compress: { compress: true },
  nocompress: { compress: false },
  delaycompress: { delayCompress: true },
  nodelaycompress: { delayCompress: false },
  copytruncate: { copyTruncate: true },
  sharedscripts: { sharedScripts: true },
  nosharedscripts: { sharedScripts: false },
  nocreate: { create: undefined },
  hourly: { every: 'hourly' },
  daily: { every: 'daily' },
  weekly: { every: 'weekly' },
  monthly: { every: 'monthly' },
  yearly: { every: 'yearly' },
};
/** Directives that change nothing of what the lab models. */
const without =
  /^(su|dateext|nodateext|dateformat|extension|compresscmd|compressoptions|uncompresscmd|olddir|noolddir|mail|nomail|tabooext|minage|start|shred|noshred)\b/;

/** What a configuration says: its rules, and what is wrong with it as `file:line message`. */
export interface RotationConfig {
  readonly rules: readonly RotationRule[];
  readonly faults: readonly string[];
}

/** Reads a configuration with its includes. */
export function readRotationConfig(files: RootFiles, path: string): RotationConfig {
  const reader = new ConfigReader(files);
  reader.read(path);
  return { rules: reader.rules, faults: reader.faults };
}

type Draft = { -readonly [Key in keyof RotationRule]: RotationRule[Key] };

class ConfigReader {
  readonly rules: RotationRule[] = [];
  readonly faults: string[] = [];
  readonly #files: RootFiles;
  readonly #global: Draft = { ...defaults };

  constructor(files: RootFiles) {
    this.#files = files;
  }

  read(path: string): void {
    const lines = (this.#files.read(path) ?? '').split('\n');
    let block: Draft | undefined;
    let heads: string[] = [];
    let script: { readonly into: 'preRotate' | 'postRotate' | undefined; text: string } | undefined;
    for (const [index, raw] of lines.entries()) {
      const line = raw.trim();
      if (script !== undefined) {
        if (line !== 'endscript') script.text += `${raw}\n`;
        else {
          if (script.into !== undefined && block !== undefined) block[script.into] = script.text;
          script = undefined;
        }
      } else if (line === '' || line.startsWith('#')) continue;
      else if (/^(prerotate|postrotate|firstaction|lastaction|preremove)$/.test(line))
        script = {
          into: line === 'prerotate' ? 'preRotate' : line === 'postrotate' ? 'postRotate' : undefined,
          text: '',
        };
      else if (line === '}') {
        if (block !== undefined) this.rules.push(block);
        block = undefined;
      } else if (line.endsWith('{')) {
        heads.push(...wordsOf(line.slice(0, -1)));
        block = { ...this.#global, patterns: heads };
        heads = [];
      } else if (block === undefined && line.startsWith('/')) heads.push(...wordsOf(line));
      else if (block === undefined && line.startsWith('include ')) this.#include(line.slice(8).trim());
      else this.#directive(block ?? this.#global, line, `${path}:${index + 1}`);
    }
    if (block !== undefined) this.faults.push(`${path}:${lines.length} unexpected end of file: missing '}'`);
  }

  #include(path: string): void {
    if (this.#files.find(path)?.kind !== 'directory') return this.read(path);
    for (const name of this.#files.list(path)) {
      // The standard taboo list: what editors and package managers leave behind.
      if (!/~$|\.(dpkg-\w+|rpm\w+|bak|swp|disabled|orig)$|^\./.test(name)) this.read(`${path}/${name}`);
    }
  }

  #directive(rule: Draft, line: string, place: string): void {
    const [name = '', ...values] = wordsOf(line.replace('=', ' '));
    const flag = flags[name];
    if (flag !== undefined) Object.assign(rule, flag);
    else if (name === 'rotate') rule.keep = Number(values[0]);
    else if (name === 'maxage') rule.maxAgeDays = Number(values[0]);
    else if (name === 'size') rule.sizeBytes = sizeOf(values[0] ?? '');
    else if (name === 'create') rule.create = createOf(values);
    else if (/^(minsize|maxsize)$/.test(name) || without.test(line)) return;
    else this.faults.push(`error: ${place} unknown option '${name}' -- ignoring line`);
  }
}

function wordsOf(line: string): string[] {
  return (line.match(/"[^"]*"|\S+/g) ?? []).map((word) => word.replace(/^"(.*)"$/, '$1'));
}

function sizeOf(text: string): number {
  const [, count = '0', unit = ''] = /^(\d+)([kMG]?)$/.exec(text) ?? [];
  return Number(count) * ({ k: 1024, M: 1024 ** 2, G: 1024 ** 3 }[unit] ?? 1);
}

function createOf(values: readonly string[]): NonNullable<RotationRule['create']> {
  const [first, ...rest] = values;
  const mode = first !== undefined && /^[0-7]{3,4}$/.test(first) ? Number.parseInt(first, 8) : undefined;
  const [owner, group] = mode === undefined ? values : rest;
  return {
    ...(mode === undefined ? {} : { mode }),
    ...(owner === undefined ? {} : { owner }),
    ...(group === undefined ? {} : { group }),
  };
}

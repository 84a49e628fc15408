import type { RootFiles } from './root-files.ts';

/** Folders that systemd reads units from, the first wins. */
export const UNIT_FOLDERS = [
  '/etc/systemd/system',
  '/run/systemd/system',
  '/run/systemd/transient',
  '/usr/local/lib/systemd/system',
  '/usr/lib/systemd/system',
  '/run/systemd/generator',
];

/** A unit's merged definition. */
export interface UnitDefinition {
  /** Canonical name: that of the file behind aliases. */
  name: string;
  /** Path of the main file. */
  fragment: string;
  masked: boolean;
  dropIns: string[];
  /** section → key → values in order; an empty assignment resets, as systemd does. */
  sections: Map<string, Map<string, string[]>>;
  /** Identity of what was read: paths, times and inodes. */
  signature: string;
}

/** Reads unit(5) text into `sections`. Gives the complaints of `systemd-analyze verify` for lines that are no assignment. */
export function readUnitText(text: string, sections: Map<string, Map<string, string[]>>): string[] {
  const faults: string[] = [];
  let section = '';
  for (const [index, raw] of text.replace(/\\\n/g, ' ').split('\n').entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#') || line.startsWith(';')) continue;
    const header = /^\[([^\]]+)\]$/.exec(line);
    if (header) {
      section = header[1] as string;
      continue;
    }
    const at = line.indexOf('=');
    if (at <= 0) faults.push(`${index + 1}: Missing '=', ignoring line.`);
    else if (section === '') faults.push(`${index + 1}: Assignment outside of section. Ignoring.`);
    else assign(sections, section, line.slice(0, at).trim(), line.slice(at + 1).trim());
  }
  return faults;
}

function assign(sections: Map<string, Map<string, string[]>>, section: string, key: string, value: string): void {
  let keys = sections.get(section);
  if (!keys) sections.set(section, (keys = new Map()));
  const values = keys.get(key) ?? [];
  keys.set(key, value === '' ? [] : [...values, value]);
}

/** Finds and merges a unit's files. Undefined: there is no such unit. */
export function loadUnit(files: RootFiles, name: string): UnitDefinition | undefined {
  const found = findFragment(files, name);
  if (!found) return undefined;
  const sections = new Map<string, Map<string, string[]>>();
  const instance = /@(.+)\.[a-z]+$/.exec(name)?.[1] ?? '';
  const dropIns = found.masked ? [] : dropInsOf(files, [name, found.name, found.template]);
  const sources = found.masked ? [] : [found.path, ...dropIns];
  for (const path of sources)
    readUnitText(
      (files.read(path) ?? '').replaceAll('%i', instance).replaceAll('%I', instance).replaceAll('%n', name),
      sections,
    );
  const signature = sources.map((path) => `${path}:${files.find(path)?.ino}:${files.find(path)?.mtimeMs}`).join(' ');
  return { name: found.name, fragment: found.path, masked: found.masked, dropIns, sections, signature };
}

interface Fragment {
  name: string;
  template: string;
  path: string;
  masked: boolean;
}

function findFragment(files: RootFiles, name: string, depth = 0): Fragment | undefined {
  const template = name.replace(/@.+(\.[a-z]+)$/, '@$1');
  for (const folder of UNIT_FOLDERS) {
    for (const candidate of name === template ? [name] : [name, template]) {
      const path = `${folder}/${candidate}`;
      const inode = files.find(path, false);
      if (!inode) continue;
      if (inode.kind === 'symlink') {
        const goal = inode.target ?? '';
        if (goal === '/dev/null') return { name, template, path, masked: true };
        const base = goal.split('/').pop() ?? '';
        if (base !== candidate && depth < 5) return findFragment(files, base, depth + 1);
        if (!files.find(path)) continue;
      }
      if (files.find(path)?.content?.length === 0) return { name, template, path, masked: true };
      return { name, template, path, masked: false };
    }
  }
  return undefined;
}

function dropInsOf(files: RootFiles, names: readonly string[]): string[] {
  const byName = new Map<string, string>();
  for (const folder of UNIT_FOLDERS.toReversed()) {
    for (const name of new Set(names)) {
      for (const file of files.list(`${folder}/${name}.d`))
        if (file.endsWith('.conf')) byName.set(file, `${folder}/${name}.d/${file}`);
    }
  }
  return [...byName].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, path]) => path);
}

/** All values of a key. */
export function unitValues(unit: UnitDefinition, section: string, key: string): string[] {
  return unit.sections.get(section)?.get(key) ?? [];
}

/** The last value of a key. */
export function unitValue(unit: UnitDefinition, section: string, key: string): string | undefined {
  return unitValues(unit, section, key).at(-1);
}

/** Words of all values of a key, for lists such as `WantedBy=`. */
export function unitWords(unit: UnitDefinition, section: string, key: string): string[] {
  return unitValues(unit, section, key).flatMap((value) => value.split(/\s+/).filter(Boolean));
}

/** `yes`, `true`, `1`, `on`. */
export function isYes(value: string | undefined): boolean {
  return value !== undefined && /^(1|yes|true|on)$/i.test(value);
}

/** Full unit name: `.service` where no suffix is given. */
export function unitName(text: string): string {
  return /\.(service|target|timer|mount|socket|path|slice|swap|automount|scope)$/.test(text) ? text : `${text}.service`;
}

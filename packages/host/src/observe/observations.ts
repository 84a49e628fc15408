import type { NodeFacts, UnitAction } from '@vmstation/core';
import { isShut, kerberosTables, type PrincipalSeen, readPrincipals } from './kerberos-database.ts';
import { targetOf } from './link-target.ts';
import type { ProbeSet } from './probe.ts';
import { garbled, type Reply, type ReplySource, type Section, sectionOf } from './reply.ts';
import { readSignatures, type Signature, type SignaturesSeen } from './signatures.ts';

/** Something could not be looked at; it makes a resource `unreadable`, never equal. */
export class Unreadable extends Error {}

/** What stands at a path. Mode is octal text without leading zeros. */
export interface PathSeen {
  readonly type: 'absent' | 'file' | 'directory' | 'symlink' | 'other';
  readonly mode: string;
  readonly uid: string;
  readonly gid: string;
  readonly owner: string;
  readonly group: string;
  /** Where a link points to. */
  readonly target?: string;
}

/** An installed package. */
export interface PackageSeen {
  /** As dpkg prints it; of rpm the epoch where there is one, version and release. */
  readonly version: string;
  /** Held in dpkg's own selection; rpm knows no such thing. */
  readonly held: boolean;
}

/** A unit as systemd tells of it: property name to value. */
export type UnitSeen = ReadonlyMap<string, string>;

/** What a guard answered. */
interface GuardSeen {
  readonly exitCode: number;
  /** What it printed, when somebody wants to know. */
  readonly lines: readonly string[];
  readonly prints: string | undefined;
}

const absent: PathSeen = { type: 'absent', mode: '', uid: '', gid: '', owner: '', group: '' };

/** Parts that must hold exactly as many lines as the script said, when their program succeeded. */
const countedSections = ['path', 'digest', 'texts', 'clock'];

/** What one check saw. Methods throw {@link Unreadable} when the thing asked for could not be looked at. */
export class Observations {
  readonly family: NodeFacts['family'] | undefined;
  readonly hasSystemd: boolean;
  readonly rootHasPassword: boolean;
  readonly kubernetes: string | undefined;
  readonly owed: ReadonlySet<string>;
  /** What `uname -m` says, where no file of /proc tells. */
  readonly machineSays: string | undefined;
  /** What `python3 -V` says, where its link does not tell. */
  readonly pythonSays: string | undefined;
  readonly clock: string;
  readonly freeDiskMiB: number;
  readonly #reply: Reply;
  readonly #node: string;
  readonly #paths: ReadonlyMap<string, PathSeen>;
  readonly #digests: ReadonlyMap<string, string>;
  readonly #texts: ReadonlyMap<string, readonly string[] | 'unreadable'>;
  readonly #packages: ReadonlyMap<string, PackageSeen>;
  readonly #units: ReadonlyMap<string, UnitSeen>;
  readonly #modules: ReadonlySet<string>;
  readonly #guards: ReadonlyMap<string, GuardSeen>;
  readonly #principals: ReadonlyMap<string, PrincipalSeen>;
  /** Whether SELinux is on, enforcing or not. */
  readonly hasSelinux: boolean;
  readonly #labels: ReadonlyMap<string, string>;
  readonly #signatures: ReadonlyMap<string, SignaturesSeen>;
  readonly #wakeOn: ReadonlyMap<string, string>;

  constructor(reply: Reply, probes: ProbeSet, source: ReplySource) {
    const part = (name: string): Section => sectionOf(reply, name, source);
    for (const name of countedSections) {
      const { exitCode, expected, lines } = part(name);
      if (exitCode === 0 && lines.length !== expected)
        throw garbled(source, `the part "${name}" has ${lines.length} records instead of ${expected}`, '');
    }
    this.#reply = reply;
    this.#node = source.node;
    const system = part('system').lines.map((line): [string, string] => {
      const at = line.indexOf(' ');
      return at === -1 ? [line, ''] : [line.slice(0, at), line.slice(at + 1)];
    });
    const word = (name: string): string | undefined => system.find(([key]) => key === name)?.[1];
    const family = word('family');
    this.family = family === 'debian' || family === 'rhel' ? family : undefined;
    this.hasSystemd = word('systemd') === 'yes';
    this.rootHasPassword = word('root-password') !== undefined;
    this.kubernetes = word('kubernetes');
    this.owed = new Set(system.filter(([key]) => key === 'owed').map(([, name]) => name));
    this.machineSays = part('kernel').lines[0];
    this.pythonSays = part('python').lines[0];
    this.clock = part('clock').lines[0] ?? '';
    this.freeDiskMiB = Math.round(Number(part('disk').lines.at(-1)?.split(/\s+/)[3] ?? 0) / 1024);
    this.#paths = readPaths(part('path'));
    this.#digests = readDigests(part('digest'));
    this.#texts = readTexts(part('texts'), part('lines'));
    this.#packages = readPackages(part('package'));
    this.#units = readUnits(part('unit'), probes.units);
    const builtin = this.textsBelow('/lib/modules/').flatMap(([, lines]) => lines);
    this.#modules = new Set([...part('module').lines, ...builtin].map(moduleName));
    this.hasSelinux = word('selinux') !== undefined;
    this.#labels = readLabels(part('context').lines);
    this.#signatures = readSignatures(part('signature').lines);
    this.#wakeOn = readWakeOn(part('wake').lines);
    this.#guards = new Map(
      probes.guards.map(({ name, prints }, index) => {
        const { exitCode, lines } = part(`guard-${index}`);
        return [name, { exitCode, lines, prints }];
      }),
    );
    const [keys, attributes] = kerberosTables;
    this.#principals = probes.kerberos.length === 0 ? new Map() : readPrincipals(part(keys[0]), part(attributes[0]));
  }

  path(path: string): PathSeen {
    const found = this.#paths.get(path);
    if (found !== undefined) return found;
    const section = this.#section('path');
    if (section.exitCode !== 0) throw new Unreadable(this.#failure('stat', section, path));
    return absent;
  }

  /** sha256 (hex) of the regular file at a path. */
  digest(path: string): string {
    const found = this.#digests.get(path);
    if (found !== undefined) return found;
    throw new Unreadable(this.#failure('sha256sum', this.#section('digest'), path));
  }

  /** One line that tells the state of a path apart from any other, as `state_of` of the apply script prints it. */
  stateOf(path: string): string {
    const { type, mode, uid, gid } = this.path(path);
    if (type === 'symlink') return `link ${this.linkTarget(path) ?? ''}`;
    if (type === 'file') return `file ${this.digest(path)} ${mode} ${uid} ${gid}`;
    return type === 'directory' ? `directory ${mode} ${uid} ${gid}` : type;
  }

  /** The lines of a text file, or undefined when there is no such file. */
  linesOf(path: string): readonly string[] | undefined {
    const found = this.#texts.get(path);
    if (found === 'unreadable') throw new Unreadable(this.#failure('grep', this.#section('lines'), path));
    return found;
  }

  /** Every text that was read below a folder, by path. */
  textsBelow(folder: string): readonly (readonly [path: string, lines: readonly string[]])[] {
    return [...this.#texts].flatMap(([path, lines]) =>
      path.startsWith(folder) && lines !== 'unreadable' ? [[path, lines] as const] : [],
    );
  }

  /** An installed package, or undefined. */
  package(name: string): PackageSeen | undefined {
    const section = this.#section('package');
    // Both dpkg-query (1) and rpm (the number of missing ones) say with their status that some package is not there.
    const broken = this.family === 'debian' ? section.exitCode > 1 : section.exitCode > (section.expected ?? 0);
    if (broken) throw new Unreadable(this.#failure('the package database', section, name));
    return this.#packages.get(name);
  }

  unit(name: string): UnitSeen {
    const found = this.#units.get(name);
    if (found !== undefined) return found;
    const why = this.hasSystemd
      ? this.#failure('systemctl show', this.#section('unit'), name)
      : 'systemd does not run here';
    throw new Unreadable(why);
  }

  /** Where a link points to; undefined for what is no link. */
  linkTarget(path: string): string | undefined {
    const { type, target } = this.path(path);
    if (type === 'symlink' && target === undefined)
      throw new Unreadable(this.#failure('stat', this.#section('path'), path));
    return target;
  }

  /** The type in SELinux's label of a path; undefined where there is none. */
  contextType(path: string): string | undefined {
    const found = this.#labels.get(path);
    if (found === undefined && this.#section('context').exitCode !== 0)
      throw new Unreadable(this.#failure('stat', this.#section('context'), path));
    return found;
  }

  /** What a device carries; undefined when there is no such device. */
  signatures(device: string): readonly Signature[] | undefined {
    const found = this.#signatures.get(device);
    if (found === undefined || found.exitCode === 0) return found?.signatures;
    throw new Unreadable(this.#failure('wipefs', { ...this.#section('signature'), exitCode: found.exitCode }, device));
  }

  /** The letters that ethtool prints after `Wake-on:`; undefined when it is missing or the card has no such setting. */
  wakeOnLan(link: string): string | undefined {
    return this.#wakeOn.get(link);
  }

  moduleLoaded(name: string): boolean {
    return this.#modules.has(name.replaceAll('-', '_'));
  }

  /** Whether a guard said yes, and printed what its file holds (but for newlines at the end). */
  guardHolds(name: string): boolean {
    const guard = this.#guards.get(name);
    if (guard === undefined || guard.exitCode === 125) throw new Unreadable('its check was not run');
    if (guard.exitCode === 124) throw new Unreadable('its check did not end in time');
    if (guard.exitCode !== 0 || guard.prints === undefined) return guard.exitCode === 0;
    const wanted = this.linesOf(guard.prints);
    if (wanted === undefined) return false;
    const [printed, held] = [guard.lines, wanted].map((lines) => lines.join('\n').replace(/\n+$/, ''));
    if (printed === held && printed?.includes('\uFFFD') === true)
      throw new Unreadable(`what its check printed is no text that could be compared with ${guard.prints}`);
    return printed === held;
  }

  /** A principal as its database has it; undefined when there is none of that name, or no database; `shut` when the database's key is missing. */
  kerberosPrincipal(name: string): PrincipalSeen | 'shut' | undefined {
    for (const [part] of kerberosTables) {
      const section = this.#section(part);
      if (section.exitCode !== 0) throw new Unreadable(this.#failure('kdb5_util', section, name));
      if (isShut(section, name.slice(name.lastIndexOf('@') + 1))) return 'shut';
    }
    return this.#principals.get(name);
  }

  isOwed(action: UnitAction): boolean {
    return this.owed.has(owedName(action));
  }

  #section(name: string): Section {
    return sectionOf(this.#reply, name, { node: this.#node });
  }

  #failure(what: string, section: Section, subject: string): string {
    const said = this.#reply.stderr
      .split('\n')
      .findLast((line) => line.includes(subject) || /error|cannot|failed/i.test(line));
    return `${what} could not read ${subject} (exit status ${section.exitCode})${said === undefined ? '' : `: ${said.trim()}`}`;
  }
}

/** `user:role:type:level PATH`. */
function readLabels(lines: readonly string[]): ReadonlyMap<string, string> {
  return new Map(
    lines.flatMap((line): [string, string][] => {
      const parts = /^[^: ]+:[^: ]+:([^: ]+)\S* (.*)$/.exec(line);
      return parts === null ? [] : [[parts[2] ?? '', parts[1] ?? '']];
    }),
  );
}

function readWakeOn(lines: readonly string[]): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  let card = '';
  for (const line of lines) {
    if (line.startsWith('card ')) card = line.slice('card '.length);
    const letters = /^\s+Wake-on: (\S+)$/.exec(line)?.[1];
    if (letters !== undefined) found.set(card, letters);
  }
  return found;
}

/** The name of an owed notification's file on the node. */
export function owedName(action: UnitAction): string {
  return `${action.action}:${action.unit}`;
}

/** Two lines a path: what stat says of it, and `%N`. */
function readPaths(section: Section): ReadonlyMap<string, PathSeen> {
  const found = new Map<string, PathSeen>();
  for (const [index, line] of section.lines.entries()) {
    if (index % 2 === 1) continue;
    const parts = /^(\S+) (\S+) (\S+) (\S+) (\S+) \d+ ([^:]*):(.*)$/.exec(line);
    if (parts === null) continue;
    const [, mode = '', uid = '', gid = '', owner = '', group = '', words = '', path = ''] = parts;
    const type = pathType(words);
    const seen = { type, mode: mode.replace(/^0+(?=.)/, ''), uid, gid, owner, group };
    const target = type === 'symlink' ? targetOf(path, section.lines[index + 1] ?? '') : undefined;
    found.set(path, target === undefined ? seen : { ...seen, target });
  }
  return found;
}

function pathType(words: string): PathSeen['type'] {
  if (words === 'regular file' || words === 'regular empty file') return 'file';
  if (words === 'directory') return 'directory';
  return words === 'symbolic link' ? 'symlink' : 'other';
}

function readDigests(section: Section): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const line of section.lines) {
    // coreutils put a backslash before the digest when it had to escape the name.
    const parts = /^(\\?)([0-9a-f]{64}) [ *](.*)$/.exec(line);
    if (parts === null) continue;
    const [, escaped, digest = '', name = ''] = parts;
    found.set(escaped === '\\' ? name.replaceAll('\\\\', '\\') : name, digest);
  }
  return found;
}

/** `path:line` of grep -H, for the paths that the script said it reads. */
function readTexts(names: Section, section: Section): ReadonlyMap<string, readonly string[] | 'unreadable'> {
  const texts = new Map<string, string[]>(names.lines.map((name) => [name, []]));
  const binary = new Set<string>();
  let current = '';
  for (const line of section.lines) {
    if (current === '' || !line.startsWith(`${current}:`)) {
      const note = /^(?:grep: (.*): binary file matches|Binary file (.*) matches)$/.exec(line);
      if (note !== null) {
        binary.add(note[1] ?? note[2] ?? '');
        continue;
      }
      current = sourceOf(texts, line) ?? current;
    }
    texts.get(current)?.push(line.slice(current.length + 1));
  }
  const failed = section.exitCode > 1;
  return new Map(
    [...texts].map(([name, lines]) => [
      name,
      binary.has(name) || (failed && lines.length === 0) ? 'unreadable' : lines,
    ]),
  );
}

function sourceOf(texts: ReadonlyMap<string, unknown>, line: string): string | undefined {
  for (let at = line.indexOf(':'); at !== -1; at = line.indexOf(':', at + 1)) {
    if (texts.has(line.slice(0, at))) return line.slice(0, at);
  }
  return undefined;
}

function readPackages(section: Section): ReadonlyMap<string, PackageSeen> {
  const found = new Map<string, PackageSeen>();
  for (const line of section.lines) {
    const [name = '', status = '', version = ''] = line.split('\t');
    if (status.endsWith(' installed')) found.set(name, { version, held: status.startsWith('hold ') });
  }
  return found;
}

function readUnits(section: Section, names: readonly string[]): ReadonlyMap<string, UnitSeen> {
  const blocks = section.lines
    .join('\n')
    .split(/\n{2,}/)
    .map((block) => block.trim())
    .filter((block) => block !== '');
  if (blocks.length !== names.length) return new Map();
  return new Map(
    names.map((name, index): [string, UnitSeen] => [
      name,
      new Map(
        (blocks[index] ?? '').split('\n').map((line): [string, string] => {
          const at = line.indexOf('=');
          return [line.slice(0, at), line.slice(at + 1)];
        }),
      ),
    ]),
  );
}

/** `loaded NAME` of the script, or a path of modules.builtin. */
function moduleName(line: string): string {
  const name = /([^/ ]+?)(?:\.ko.*)?$/.exec(line)?.[1] ?? '';
  return name.replaceAll('-', '_');
}

import type { NodeFacts } from '@vmstation/core';
import { parseReply, type Reply, type ReplySource, sectionOf } from '../observe/reply.ts';

/** A path of a machine as it was found. */
export interface CapturedPath {
  readonly path: string;
  /** Four octal digits. */
  readonly mode: string;
  /** Name, or number where there is none. */
  readonly owner: string;
  readonly group: string;
  readonly sizeBytes: number;
  readonly type: 'file' | 'link' | 'directory' | 'other';
  /** Left out for what was not to be read, is no file, or is too large. */
  readonly bytes?: Uint8Array;
}

/** A unit whose file lies in /etc/systemd/system. */
export interface CapturedUnit {
  readonly name: string;
  /** UnitFileState: enabled, disabled, static … */
  readonly enabled: string;
  readonly active: string;
}

/** Something that the machine said, or why it could not. */
export type Told<T> = { readonly told: true; readonly value: T } | { readonly told: false; readonly because: string };

/** What of a machine was captured. */
export interface MachineCapture {
  readonly node: string;
  readonly family: NodeFacts['family'] | undefined;
  readonly hostname: string;
  /** Name of the time zone, where /etc/localtime tells it. */
  readonly timezone: string | undefined;
  readonly clock: Date;
  readonly synchronised: Told<boolean>;
  readonly files: readonly CapturedPath[];
  /** Paths that were not to be read. */
  readonly closed: readonly CapturedPath[];
  /** Paths whose names hold line breaks, up to the first one. */
  readonly oddNames: readonly string[];
  /** Packages that somebody asked for by name. */
  readonly chosenPackages: Told<readonly string[]>;
  /** Digest (MD5 on Debian, SHA-256 on RHEL) of configuration files as their packages brought them. */
  readonly shipped: ReadonlyMap<string, string>;
  readonly failedUnits: Told<readonly string[]>;
  readonly units: readonly CapturedUnit[];
  /** Devices of fstab: whether they exist; undefined where that cannot be seen. */
  readonly devices: ReadonlyMap<string, boolean | undefined>;
  /** Lines of /proc/swaps without its heading. */
  readonly swaps: readonly string[];
  readonly mounts: readonly string[];
  readonly passwd: readonly string[];
  readonly groups: readonly string[];
  readonly roundTrips: number;
}

/** Reads the reply of a capture script. @throws AppError host/garbled-reply */
export function parseCapture(text: string, source: ReplySource): MachineCapture {
  const reply = parseReply(text, source);
  const lines = (name: string) => sectionOf(reply, name, source).lines;
  const system = new Map(lines('system').map(splitOnce));
  const family = system.get('family');
  const contents = readContents(lines('content'));
  const files = lines('files').flatMap((line) => readPath(line, contents));
  const zone = /\/zoneinfo\/(?:posix\/|right\/)?(.+)$/.exec(system.get('zone') ?? '')?.[1];
  return {
    node: source.node,
    family: family === 'debian' || family === 'rhel' ? family : undefined,
    hostname: lines('/proc/sys/kernel/hostname')[0]?.trim() ?? '',
    timezone: zone,
    clock: new Date(system.get('clock') ?? Number.NaN),
    synchronised: told(reply, source, 'synchronised', (said) => said.includes('NTPSynchronized=yes')),
    files,
    closed: lines('closed').flatMap((line) => readPath(line, new Map())),
    oddNames: [...lines('files'), ...lines('closed')]
      .filter((line) => line.startsWith('odd '))
      .map((line) => line.slice(4)),
    chosenPackages: told(reply, source, 'packages', (said) => chosen(family, said, automatic(lines('automatic')))),
    shipped: shippedFiles(lines('shipped')),
    failedUnits: told(reply, source, 'failed', (said) => said.map((line) => line.trim().split(/\s+/)[0] ?? '')),
    units: readUnits(lines('units')),
    devices: new Map(
      lines('devices').map((line) => {
        const [word, device] = splitOnce(line);
        return [device, word === 'unknown' ? undefined : word === 'present'];
      }),
    ),
    swaps: lines('/proc/swaps').slice(1),
    mounts: lines('/proc/mounts'),
    passwd: lines('/etc/passwd'),
    groups: lines('/etc/group'),
    roundTrips: 1,
  };
}

function splitOnce(line: string): [string, string] {
  const at = line.indexOf(' ');
  return at === -1 ? [line, ''] : [line.slice(0, at), line.slice(at + 1)];
}

function told<T>(reply: Reply, source: ReplySource, name: string, read: (lines: readonly string[]) => T): Told<T> {
  const section = sectionOf(reply, name, source);
  if (section.exitCode === 0) return { told: true, value: read(section.lines.filter((line) => line.trim() !== '')) };
  const last = source.stderr.trim().split('\n').at(-1) ?? '';
  return { told: false, because: `exit status ${section.exitCode}${last === '' ? '' : `: ${last}`}` };
}

const types: readonly (readonly [RegExp, CapturedPath['type']])[] = [
  [/^regular/, 'file'],
  [/^symbolic link$/, 'link'],
  [/^directory$/, 'directory'],
];

/** A line of `stat -c '%a %u %g %U %G %s %F:%n'`. */
function readPath(line: string, contents: ReadonlyMap<string, Uint8Array>): readonly CapturedPath[] {
  const match = /^(\d+) (\d+) (\d+) (\S+) (\S+) (\d+) ([^:]+):(\/.*)$/.exec(line);
  if (match === null) return [];
  const [, mode = '', uid = '', gid = '', user = '', groupName = '', size = '', said = '', path = ''] = match;
  const type = types.find(([pattern]) => pattern.test(said))?.[1] ?? 'other';
  const bytes = contents.get(path);
  const found: CapturedPath = {
    path,
    mode: mode.padStart(4, '0'),
    owner: user === 'UNKNOWN' ? uid : user,
    group: groupName === 'UNKNOWN' ? gid : groupName,
    sizeBytes: Number(size),
    type,
    ...(bytes === undefined ? {} : { bytes }),
  };
  return [found];
}

function readContents(lines: readonly string[]): ReadonlyMap<string, Uint8Array> {
  const parts = new Map<string, string[]>();
  let open: string[] = [];
  for (const line of lines) {
    if (line.startsWith('path /')) {
      open = [];
      parts.set(line.slice(5), open);
    } else open.push(line);
  }
  return new Map([...parts].map(([path, base64]) => [path, Buffer.from(base64.join(''), 'base64')]));
}

function automatic(lines: readonly string[]): ReadonlySet<string> {
  const names = new Set<string>();
  let name = '';
  for (const line of lines) {
    if (line.startsWith('Package: ')) name = line.slice('Package: '.length).trim();
    else if (line.startsWith('Auto-Installed: 1')) names.add(name);
  }
  return names;
}

/**
 * What somebody chose: not what belongs to every installation, came for another package, or would come for one that stays in the list. The marks of apt
 * alone do not tell: an installation by debootstrap leaves none.
 */
function chosen(family: string | undefined, lines: readonly string[], auto: ReadonlySet<string>): readonly string[] {
  if (family !== 'debian') return [...new Set(lines.map((line) => line.trim()))].toSorted();
  const needs = new Map<string, ReadonlySet<string>>();
  const candidates: string[] = [];
  for (const line of lines) {
    const [status = '', priority = '', essential = '', name = '', depends = ''] = line.split('\t');
    if (!status.startsWith('ii')) continue;
    needs.set(name, namesIn(depends));
    const isBase = ['required', 'important', 'standard'].includes(priority) || essential === 'yes';
    if (!isBase && !auto.has(name)) candidates.push(name);
  }
  const own = new Set(candidates);
  const others = broughtBy(
    [...needs.keys()].filter((name) => !own.has(name)),
    needs,
  );
  const left = candidates.filter((name) => !others.has(name)).toSorted();
  const brings = new Map(left.map((name) => [name, broughtBy(needs.get(name) ?? [], needs)]));
  // One by one: of two that need each other, one stays.
  for (const name of left)
    if ([...brings].some(([other, brought]) => other !== name && brought.has(name))) brings.delete(name);
  return [...brings.keys()];
}

/** These packages and all that comes with them, through others too. */
function broughtBy(names: Iterable<string>, needs: ReadonlyMap<string, ReadonlySet<string>>): ReadonlySet<string> {
  const brought = new Set<string>();
  const open = [...names];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (brought.has(next)) continue;
    brought.add(next);
    open.push(...(needs.get(next) ?? []));
  }
  return brought;
}

/** Names in a field such as `libc6 (>= 2.36), a | b:any`. */
function namesIn(depends: string): ReadonlySet<string> {
  return new Set(depends.split(/[,|]/).flatMap((part) => /^\s*([a-z0-9][a-z0-9+.-]*)/.exec(part)?.[1] ?? []));
}

function shippedFiles(lines: readonly string[]): ReadonlyMap<string, string> {
  return new Map(
    lines.flatMap((line) => {
      const match = /^ ?(\/.+?) ([0-9a-f]{32,128})(?: obsolete)?$/.exec(line);
      const ucf = /^([0-9a-f]{32}) {2}(\/.+)$/.exec(line);
      if (ucf !== null) return [[ucf[2] ?? '', ucf[1] ?? ''] as const];
      return match === null ? [] : [[match[1] ?? '', match[2] ?? ''] as const];
    }),
  );
}

function readUnits(lines: readonly string[]): readonly CapturedUnit[] {
  const units: { name: string; enabled: string; active: string }[] = [];
  let open: Map<string, string> = new Map();
  const close = () => {
    const name = open.get('Id');
    if (name !== undefined)
      units.push({ name, enabled: open.get('UnitFileState') ?? '', active: open.get('ActiveState') ?? '' });
    open = new Map();
  };
  for (const line of lines) {
    const at = line.indexOf('=');
    if (at === -1) close();
    else open.set(line.slice(0, at), line.slice(at + 1));
  }
  close();
  return units;
}

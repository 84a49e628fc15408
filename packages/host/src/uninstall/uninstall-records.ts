import type { GuardArea, ResourceId } from '@vmstation/core';
import { garbled } from '../observe/reply.ts';
import { type KeptStep, uninstallGreeting } from './uninstall-script.ts';

/** A path that a run changed. States are as the node tells them: `absent`, `file …`, `directory …`, `link …`. */
export interface KeptPath {
  readonly path: string;
  readonly before: string;
  /** Undefined when the run did not come to its end. */
  readonly after: string | undefined;
  readonly now: string;
}

/** One change that can be taken back, as the node keeps it. */
export interface KeptChange extends KeptStep {
  readonly ids: readonly ResourceId[];
  readonly paths: readonly KeptPath[];
  /** A file of keys that lost or got one. */
  readonly keysFile: string | undefined;
  /** What of the way in it touches. */
  readonly guard: GuardArea | undefined;
}

/** What a node keeps, newest first. */
export interface KeptRecords {
  /** The folder of records; undefined where there is none. */
  readonly folder: string | undefined;
  /** Attempts that nobody has confirmed yet. */
  readonly armed: readonly string[];
  readonly changes: readonly KeptChange[];
}

interface Source {
  readonly node: string;
  readonly nonce: string;
  readonly exitCode: number;
  readonly stderr: string;
}

/** A change while it is being read. */
interface Told extends Omit<KeptChange, 'ids' | 'paths'> {
  readonly ids: ResourceId[];
  readonly paths: { -readonly [Field in keyof KeptPath]: KeptPath[Field] }[];
}

/** Paths that a way in stands on. */
const guardedPaths: readonly (readonly [RegExp, GuardArea])[] = [
  [
    /^\/etc\/(?:ssh\/(?!ssh_config)|hosts\.(?:allow|deny)$|systemd\/system\/sshd?(?:@?\.service|\.socket)(?:$|\.d\/))/,
    'sshd',
  ],
  [/^\/etc\/(?:passwd|group|shadow|gshadow|shells)$|^(?:\/root|\/home\/[^/]+)\/\.ssh\//, 'login-key'],
  [/^\/etc\/sudoers(?:$|\.d\/)/, 'sudoers'],
  [/^\/etc\/(?:pam\.d\/|pam\.conf$|security\/|login\.defs$|nologin$)/, 'pam'],
  // Our own filter only ever closes more than what comes back when it goes; an older one of somebody else may close the way in.
  [/^\/etc\/(?:nftables\.|nftables\/|firewalld\/|ufw\/|iptables\/)/, 'firewall'],
  [/^\/etc\/(?:resolv\.conf$|resolvconf\/|nsswitch\.conf$|systemd\/resolved\.conf(?:$|\.d\/))/, 'resolver'],
  [/^\/etc\/(?:network\/|netplan\/|NetworkManager\/|systemd\/network(?:\/|d\.conf)|sysconfig\/network)/, 'network'],
];

/** Reads the reply of a records script. @throws AppError host/garbled-reply */
export function parseKeptRecords(text: string, source: Source): KeptRecords {
  let folder: string | undefined;
  const armed: string[] = [];
  const changes: Told[] = [];
  const places: number[] = [];
  for (const [word, rest] of framed(text, source)) {
    const change = changes.at(-1);
    const path = change?.paths.at(-1);
    if (word === 'state') folder = rest;
    else if (word === 'armed') armed.push(rest);
    else if (word === 'step') {
      const [run = '', apply, step, place = '0'] = rest.split(' ');
      places.push(Number(place));
      const numbers = { run, apply: Number(apply), step: Number(step) };
      changes.push({ ...numbers, ids: [], paths: [], keysFile: undefined, guard: undefined });
    } else if (word === 'id') change?.ids.push(rest as ResourceId);
    else if (word === 'path') change?.paths.push({ path: rest, before: '', after: undefined, now: '' });
    else if (word === 'before' && path !== undefined) path.before = rest;
    else if (word === 'after' && path !== undefined) path.after = rest === '-' ? undefined : rest;
    else if (word === 'now' && path !== undefined) path.now = rest;
    else if (word === 'keys' && change !== undefined) changes[changes.length - 1] = { ...change, keysFile: rest };
  }
  // An apply of before these places were kept is older than any that has one; among those the name decides, by which they are told.
  const newestFirst = changes
    .map((change, index) => ({ place: places[index] ?? 0, change }))
    .toSorted((a, b) => b.place - a.place);
  return { folder, armed, changes: newestFirst.map(({ change }) => ({ ...change, guard: guardOf(change) })) };
}

/** What still bears our name after the records are gone. @throws AppError host/garbled-reply; gives the owner of the lock when it could not be had. */
export function parseForgotten(
  text: string,
  source: Source,
): { named: readonly string[]; lockedBy: string | undefined } {
  const named: string[] = [];
  for (const [word, rest] of framed(text, source)) {
    if (word === 'locked') return { named, lockedBy: rest };
    if (word === 'named') named.push(rest);
  }
  return { named, lockedBy: undefined };
}

function framed(text: string, source: Source): readonly (readonly [word: string, rest: string])[] {
  const mark = `@${source.nonce} `;
  const records = text
    .split('\n')
    .filter((line) => line.startsWith(mark))
    .map((line) => line.slice(mark.length));
  if (records[0] !== uninstallGreeting) throw garbled(source, 'it never began to answer', text);
  const last = records.at(-1) ?? '';
  if (last !== 'done' && !last.startsWith('locked ')) throw garbled(source, 'it stopped before its end', text);
  return records.slice(1).map((line) => {
    const at = line.indexOf(' ');
    return at === -1 ? [line, ''] : [line.slice(0, at), line.slice(at + 1)];
  });
}

function guardOf({ ids, paths, keysFile }: KeptChange): GuardArea | undefined {
  if (keysFile !== undefined || ids.some((id) => id.startsWith('authorized-key:'))) return 'login-key';
  if (ids.some((id) => id.startsWith('link:'))) return 'network';
  return guardedPaths.find(([pattern]) => paths.some(({ path }) => pattern.test(path)))?.[1];
}

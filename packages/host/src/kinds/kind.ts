import type { Difference, NodeFacts, Resource, ResourceId } from '@vmstation/core';
import type { Observations } from '../observe/observations.ts';
import type { Probe } from '../observe/probe.ts';
import type { ShellText } from '../script/shell-text.ts';

/** Tells secrets apart without showing them: equal text gives an equal short digest, for this process only. */
export type SecretDigest = (sha256: string) => string;

/** What a comparison may use besides what was seen. */
export interface DiffContext {
  readonly digestOfSecret: SecretDigest;
}

/** What is known while an apply script is made. */
export interface ApplyContext {
  readonly family: NodeFacts['family'];
  /** A here-document delimiter that nobody could have guessed. */
  readonly delimiter: string;
  /** A path for a candidate beside `path`, on the same file system, so that a rename puts it in place. */
  beside(path: string): string;
}

/** A change as shell source, and what makes it possible to take it back. */
export interface Fragment {
  /** Paths whose state is kept before anything is touched, and must still be what the check saw. */
  readonly keeps: readonly string[];
  /** The kept paths are files of somebody else, of which this changes lines only: a rollback takes back these lines where others changed since. */
  readonly shared?: boolean;
  /** Further things that must still be as seen: what prints them, and what it must print. */
  readonly expects?: readonly { readonly show: ShellText; readonly seen: string }[];
  /** Body of the change, run under `set -eu` in a subshell of its own. */
  readonly change: ShellText;
  /** What a rollback runs before the kept paths are put back. */
  readonly undo?: ShellText;
  /** What a rollback runs after the kept paths were put back. */
  readonly undoAfter?: ShellText;
  /** Changes of one batch that stand next to each other become one. */
  readonly batch?: PackageBatch;
  /** systemd must read its unit files again before services are touched. */
  readonly reloadsUnits?: boolean;
  /** systemd must read its unit files again before the run ends: until then it answers with what was enabled before. */
  readonly enablesUnits?: boolean;
  /** Unit that this change may start, to be watched afterwards. */
  readonly watches?: string;
  /** The output of the change may hold secrets and is never shown. */
  readonly secret?: boolean;
}

/** A package that goes into the one transaction of its kind. */
export interface PackageBatch {
  readonly name: string;
  /** What the transaction does with it; `none` where only its hold differs. */
  readonly change: 'install' | 'remove' | 'none';
  /** The version that is declared. */
  readonly version: string | undefined;
  /** Another version is installed, which may be a newer one. */
  readonly replaces: boolean;
  /** Whether it shall be held; undefined leaves a hold as it is. */
  readonly held: boolean | undefined;
  readonly wasHeld: boolean;
}

/**
 * One kind of resource. Everything but the running of the script is pure: what to look at, what was seen, what differs,
 * what would change it.
 */
export interface Kind<Want extends Resource, Seen> {
  readonly kind: Want['kind'];
  /** Natural order among kinds that do not name each other; lower goes first. */
  readonly rank: number;
  probes(want: Want): readonly Probe[];
  /** @throws Unreadable */
  read(want: Want, seen: Observations): Seen;
  /** Empty when everything that is declared is so. */
  diff(want: Want, seen: Seen, context: DiffContext): readonly Difference[];
  /** Called only when something differs. */
  apply(want: Want, seen: Seen, context: ApplyContext): Fragment;
  /** Ids of other resources that this one stands on, besides what it declares. */
  standsOn?(want: Want): readonly ResourceId[];
}

/** A kind whose types were checked where it was defined. */
export interface AnyKind {
  readonly kind: Resource['kind'];
  readonly rank: number;
  probes(want: Resource): readonly Probe[];
  standsOn(want: Resource): readonly ResourceId[];
  /** @throws Unreadable */
  compare(want: Resource, seen: Observations, context: DiffContext): readonly Difference[];
  apply(want: Resource, seen: Observations, context: ApplyContext): Fragment;
}

/** Defines a kind; the registry then needs to know nothing of what it wants and sees. */
export function defineKind<Want extends Resource, Seen>(kind: Kind<Want, Seen>): AnyKind {
  // The registry hands a kind only resources whose `kind` is its own.
  const own = (want: Resource): Want => want as Want;
  return {
    kind: kind.kind,
    rank: kind.rank,
    probes: (want) => kind.probes(own(want)),
    standsOn: (want) => kind.standsOn?.(own(want)) ?? [],
    compare: (want, seen, context) => kind.diff(own(want), kind.read(own(want), seen), context),
    apply: (want, seen, context) => kind.apply(own(want), kind.read(own(want), seen), context),
  };
}

/** Ranks in natural order: who owns, what is installed, what is written, what the kernel is told, what runs. */
export const rank = {
  group: 0,
  user: 1,
  package: 2,
  directory: 3,
  file: 4,
  kernelModule: 5,
  sysctl: 6,
  filesystem: 6.5,
  mount: 7,
  command: 8,
  service: 9,
} as const;

/** A difference of one value. */
export function difference(attribute: string, want: string, seen: string): Difference {
  return { attribute, want, seen };
}

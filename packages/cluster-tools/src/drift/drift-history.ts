import { sha256Hex } from '@vmstation/core';

/** A difference as it was first seen with the value that it still has. */
export interface Sighting {
  /** `node/NAME`, or `cluster`. */
  readonly place: string;
  /** The resource or object. */
  readonly target: string;
  readonly attribute: string;
  /** Digest of the value that was observed: enough to notice another one, and it gives nothing away. */
  readonly seen: string;
  /** ISO 8601. */
  readonly since: string;
}

/** Everything that a workspace remembers of differences. */
export type DriftHistory = readonly Sighting[];

/** What one look at one place found. */
export interface Look {
  readonly place: string;
  /** ISO 8601. */
  readonly at: string;
  /** All that differs. */
  readonly differences: readonly { readonly target: string; readonly attribute: string; readonly seen: string }[];
  /** Targets that could not be looked at: what is remembered of them stays. */
  readonly unreadable: (target: string) => boolean;
}

/** Most sightings that are kept of one place; of more the oldest stay. */
export const mostSightings = 1000;

/** The history after a look: a difference keeps its age while its value stays, and is forgotten when it is gone. Pure. */
export function afterLook(history: DriftHistory, look: Look): DriftHistory {
  return afterLooks(history, [look]);
}

/** {@link afterLook} for several looks, one after the other. */
export function afterLooks(history: DriftHistory, looks: readonly Look[]): DriftHistory {
  const places = Map.groupBy(history, ({ place }) => place);
  for (const look of looks) places.set(look.place, sightingsAfter(places.get(look.place) ?? [], look));
  return [...places.values()].flat().toSorted(byPlace);
}

function sightingsAfter(before: readonly Sighting[], look: Look): Sighting[] {
  const known = new Map(before.map((sighting) => [keyOf(sighting), sighting]));
  const found = new Map<string, Sighting>();
  for (const sighting of before) if (look.unreadable(sighting.target)) found.set(keyOf(sighting), sighting);
  for (const { target, attribute, seen } of look.differences) {
    const fresh = { place: look.place, target, attribute, seen: digestOf(seen), since: look.at };
    const earlier = known.get(keyOf(fresh));
    found.set(keyOf(fresh), earlier?.seen === fresh.seen ? earlier : fresh);
  }
  return [...found.values()].toSorted((a, b) => compare(a.since, b.since)).slice(0, mostSightings);
}

/** Since when a difference is known with its present value; undefined when the history does not have it. */
export function sinceOf(
  history: DriftHistory,
  place: string,
  difference: Pick<Sighting, 'target' | 'attribute' | 'seen'>,
): string | undefined {
  const sighting = indexOf(history).get(place)?.get(keyOf(difference));
  return sighting?.seen === digestOf(difference.seen) ? sighting.since : undefined;
}

const indexes = new WeakMap<DriftHistory, ReadonlyMap<string, ReadonlyMap<string, Sighting>>>();

/** Sightings by place and difference; a report asks for each of very many. */
function indexOf(history: DriftHistory): ReadonlyMap<string, ReadonlyMap<string, Sighting>> {
  const known = indexes.get(history);
  if (known !== undefined) return known;
  const places = Map.groupBy(history, ({ place }) => place);
  const made = new Map(
    [...places].map(([place, list]) => [place, new Map(list.map((sighting) => [keyOf(sighting), sighting]))]),
  );
  indexes.set(history, made);
  return made;
}

/** The history as text of a file. */
export function historyText(history: DriftHistory): string {
  return `${JSON.stringify({ schema: 1, sightings: history }, undefined, 1)}\n`;
}

/** The history of a file's text; empty for no text and for text that is none. Ages then begin anew, which is all that is lost. */
export function parseHistory(text: string | undefined): DriftHistory {
  if (text === undefined) return [];
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return [];
  }
  const sightings = (value as { readonly sightings?: unknown } | null)?.sightings;
  return Array.isArray(sightings) ? sightings.filter(isSighting) : [];
}

function isSighting(value: unknown): value is Sighting {
  if (typeof value !== 'object' || value === null) return false;
  const one = value as Partial<Record<keyof Sighting, unknown>>;
  const texts = [one.place, one.target, one.attribute, one.seen, one.since];
  return texts.every((text) => typeof text === 'string') && !Number.isNaN(Date.parse(String(one.since)));
}

/** Digests of secrets are made with another key in each process: two of them do not tell whether the secret is the same. */
function digestOf(seen: string): string {
  return sha256Hex(/^secret [0-9a-f]{12}$/.test(seen) ? 'secret' : seen);
}

function keyOf({ target, attribute }: Pick<Sighting, 'target' | 'attribute'>): string {
  return JSON.stringify([target, attribute]);
}

function byPlace(a: Sighting, b: Sighting): number {
  return compare(a.place, b.place) || compare(a.target, b.target) || compare(a.attribute, b.attribute);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

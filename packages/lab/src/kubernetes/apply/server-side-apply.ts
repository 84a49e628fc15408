import type { JsonObject } from '../json.ts';
import type { StructSchema } from '../schema/schema.ts';
import { type StatusCause, StatusError } from '../status-error.ts';
import {
  emptySet,
  type FieldSet,
  intersectSets,
  isEmptySet,
  memberPaths,
  subtractSets,
  unionSets,
  withoutPath,
} from './field-set.ts';
import { type FieldOwner, type FieldOwnerIdentity, isSameOwner, ownablePart, withOwner } from './managed-fields.ts';
import { compareValues, fieldSetOf, mergeValues, removeMembers } from './typed-value.ts';

/** What a write changes: the object (without managedFields) and who owns which field afterwards. */
export interface OwnedWrite {
  readonly object: JsonObject;
  readonly owners: FieldOwner[];
}

/** Inputs shared by both kinds of write. `live` and objects carry no managedFields. */
export interface WriteContext {
  readonly schema: StructSchema;
  readonly identity: FieldOwnerIdentity;
  readonly owners: readonly FieldOwner[];
  readonly now: string;
  /** Paths that this way of writing cannot touch: `status` for the object itself, `spec` for its status. */
  readonly untouched: readonly (readonly string[])[];
}

/**
 * Server-side apply: lays the configuration over the live object, removes what this manager set before and no longer
 * names (unless somebody else owns it), and gives it the fields it names.
 * Throws 409 with every conflicting manager and field unless `force`. Rules: sigs.k8s.io/structured-merge-diff.
 */
export function applyConfiguration(
  context: WriteContext,
  live: JsonObject,
  config: JsonObject,
  force: boolean,
): OwnedWrite {
  const { schema, identity } = context;
  const applied = withoutUntouched(fieldSetOf(schema, ownablePart(config)), context);
  const before = context.owners.find((owner) => isSameOwner(owner, identity))?.fields ?? emptySet();
  const merged = mergeValues(schema, live, config) as JsonObject;
  const owners = releaseChanged(context, live, merged, force ? undefined : refuseConflicts);
  const mine = withOwner(owners, identity, applied, context.now);
  const pruned = prune(schema, merged, before, mine);
  return { object: pruned, owners: releaseChanged({ ...context, owners: mine }, merged, pruned, undefined) };
}

/** An ordinary write (create, update, patch): its manager owns what it changed, others lose what it took from them. */
export function recordUpdate(context: WriteContext, live: JsonObject, next: JsonObject): OwnedWrite {
  const { schema, identity } = context;
  const owners = releaseChanged(context, live, next, undefined);
  const { added, modified, removed } = compareValues(schema, ownablePart(live), ownablePart(next));
  const before = owners.find((owner) => isSameOwner(owner, identity))?.fields ?? emptySet();
  const taken = withoutUntouched(unionSets(added, modified), context);
  const fields = unionSets(subtractSets(before, removed), taken);
  return { object: next, owners: withOwner(owners, identity, fields, context.now) };
}

function withoutUntouched(set: FieldSet, context: WriteContext): FieldSet {
  return context.untouched.reduce((rest, path) => withoutPath(rest, path), set);
}

type ConflictHandler = (conflicts: readonly OwnerConflict[]) => void;

interface OwnerConflict {
  readonly owner: FieldOwner;
  readonly paths: readonly string[];
}

/** Takes changed and removed fields from the other owners; `onConflict` hears of changed ones first. */
function releaseChanged(
  context: WriteContext,
  live: JsonObject,
  next: JsonObject,
  onConflict: ConflictHandler | undefined,
): FieldOwner[] {
  const { added, modified, removed } = compareValues(context.schema, ownablePart(live), ownablePart(next));
  const changed = unionSets(added, modified);
  const conflicts: OwnerConflict[] = [];
  const owners = context.owners.map((owner) => {
    if (isSameOwner(owner, context.identity)) return owner;
    const taken = intersectSets(owner.fields, changed);
    if (!isEmptySet(taken)) conflicts.push({ owner, paths: memberPaths(taken) });
    return { ...owner, fields: subtractSets(subtractSets(owner.fields, taken), removed) };
  });
  if (conflicts.length > 0) onConflict?.(conflicts);
  return owners.filter((owner) => !isEmptySet(owner.fields));
}

function refuseConflicts(conflicts: readonly OwnerConflict[]): never {
  const causes: StatusCause[] = conflicts.flatMap(({ owner, paths }) =>
    paths.map((field) => ({ reason: 'FieldManagerConflict', message: `conflict with ${shownOwner(owner)}`, field })),
  );
  const [only] = causes;
  const listed = conflicts.flatMap(({ owner, paths }) => [
    `conflicts with ${shownOwner(owner)}:`,
    ...paths.map((path) => `- ${path}`),
  ]);
  const message =
    causes.length === 1 && only
      ? `Apply failed with 1 conflict: ${only.message}: ${only.field}`
      : `Apply failed with ${causes.length} conflicts: ${listed.join('\n')}`;
  throw new StatusError({ code: 409, reason: 'Conflict', message, causes });
}

function shownOwner(owner: FieldOwner): string {
  const through = owner.subresource === '' ? '' : ` with subresource "${owner.subresource}"`;
  if (owner.operation === 'Apply') return `"${owner.manager}"${through}`;
  return `"${owner.manager}"${through} using ${owner.apiVersion}`;
}

/** Removes what the manager owned before and nobody owns now; an item stays while somebody owns a part of it. */
function prune(schema: StructSchema, merged: JsonObject, before: FieldSet, owners: readonly FieldOwner[]): JsonObject {
  const owned = owners.reduce((all, owner) => unionSets(all, owner.fields), emptySet());
  const gone = orphaned(before, owned);
  return isEmptySet(gone) ? merged : (removeMembers(schema, merged, gone) as JsonObject);
}

function orphaned(before: FieldSet, owned: FieldSet | undefined): FieldSet {
  const ownedHere = owned !== undefined && !isEmptySet(owned);
  const result: FieldSet = { member: before.member && !ownedHere, children: new Map() };
  if (result.member) return result;
  for (const [element, child] of before.children) {
    const inner = orphaned(child, owned?.children.get(element));
    if (!isEmptySet(inner)) result.children.set(element, inner);
  }
  return result;
}

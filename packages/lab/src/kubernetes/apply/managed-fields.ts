import type { JsonObject } from '../json.ts';
import { isObject } from '../json.ts';
import type { ManagedFieldsEntry } from '../kinds.ts';
import { equalSets, type FieldSet, fieldsV1Of, isEmptySet, setOfFieldsV1 } from './field-set.ts';

/** One manager's ownership of fields. */
export interface FieldOwner {
  readonly manager: string;
  readonly operation: 'Apply' | 'Update';
  readonly apiVersion: string;
  /** '' for the object itself, else the subresource through which it wrote. */
  readonly subresource: string;
  readonly time: string;
  readonly fields: FieldSet;
}

/** Who writes, and through which way: the identity of a {@link FieldOwner}. */
export type FieldOwnerIdentity = Pick<FieldOwner, 'manager' | 'operation' | 'apiVersion' | 'subresource'>;

/** True when both entries are one owner. */
export function isSameOwner(left: FieldOwnerIdentity, right: FieldOwnerIdentity): boolean {
  return (
    left.manager === right.manager &&
    left.operation === right.operation &&
    left.apiVersion === right.apiVersion &&
    left.subresource === right.subresource
  );
}

/** Reads `metadata.managedFields`. */
export function ownersOf(managedFields: readonly ManagedFieldsEntry[] | undefined): FieldOwner[] {
  return (managedFields ?? []).map((entry) => ({
    manager: entry.manager ?? '',
    operation: entry.operation === 'Apply' ? 'Apply' : 'Update',
    apiVersion: entry.apiVersion ?? '',
    subresource: entry.subresource ?? '',
    time: entry.time ?? '',
    fields: setOfFieldsV1(entry.fieldsV1),
  }));
}

/** Writes owners as `metadata.managedFields`: appliers first, then by time and name, as the API server sorts them. */
export function managedFieldsOf(owners: readonly FieldOwner[]): ManagedFieldsEntry[] {
  const rank = (owner: FieldOwner): string =>
    `${owner.operation === 'Apply' ? 0 : 1} ${owner.time} ${owner.manager} ${owner.subresource}`;
  return owners
    .filter((owner) => !isEmptySet(owner.fields))
    .toSorted((left, right) => (rank(left) < rank(right) ? -1 : 1))
    .map((owner) => ({
      manager: owner.manager,
      operation: owner.operation,
      apiVersion: owner.apiVersion,
      ...(owner.time === '' ? {} : { time: owner.time }),
      fieldsType: 'FieldsV1',
      fieldsV1: fieldsV1Of(owner.fields),
      ...(owner.subresource === '' ? {} : { subresource: owner.subresource }),
    }));
}

/** The owners with one of them set to new fields; its time moves only when the fields do. */
export function withOwner(
  owners: readonly FieldOwner[],
  identity: FieldOwnerIdentity,
  fields: FieldSet,
  now: string,
): FieldOwner[] {
  const known = owners.find((owner) => isSameOwner(owner, identity));
  const time = known && equalSets(known.fields, fields) ? known.time : now;
  const others = owners.filter((owner) => owner !== known);
  return isEmptySet(fields) ? others : [...others, { ...identity, time, fields }];
}

const systemMetadata: ReadonlySet<string> = new Set([
  'name',
  'namespace',
  'creationTimestamp',
  'selfLink',
  'uid',
  'clusterName',
  'generation',
  'managedFields',
  'resourceVersion',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
]);

/** The object without the fields that nobody owns: type, identity and what the server sets by itself. */
export function ownablePart(object: JsonObject): JsonObject {
  const { apiVersion: _apiVersion, kind: _kind, metadata, ...rest } = object;
  if (!isObject(metadata)) return rest;
  const owned = Object.fromEntries(Object.entries(metadata).filter(([field]) => !systemMetadata.has(field)));
  return Object.keys(owned).length === 0 ? rest : { metadata: owned, ...rest };
}

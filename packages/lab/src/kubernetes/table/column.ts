import type { Json } from '../json.ts';
import type { Kinds, KubeObject, ResourceName } from '../kinds.ts';
import { age } from './age.ts';

/** One column of a table. */
export interface Column {
  readonly name: string;
  readonly type?: 'string' | 'integer' | 'boolean';
  /** Shown with `-o wide` only. */
  readonly wide?: boolean;
  readonly cell: (object: KubeObject, nowMs: number) => Json;
}

/** Columns of one kind, with its type. */
export interface ColumnOf<T> {
  readonly name: string;
  readonly type?: 'string' | 'integer' | 'boolean';
  readonly wide?: boolean;
  readonly cell: (object: T, nowMs: number) => Json;
}

/** Columns by resource. */
export type ColumnTable = { readonly [R in ResourceName]?: readonly ColumnOf<Kinds[R]>[] };

/** The column that every kind begins with. */
export const nameColumn: ColumnOf<KubeObject> = { name: 'Name', cell: ({ metadata }) => metadata.name };

/** The age column. */
export const ageColumn: ColumnOf<KubeObject> = {
  name: 'Age',
  cell: ({ metadata }, nowMs) => age(metadata.creationTimestamp, nowMs),
};

/** The column of kinds that show when they were made. */
export const createdAtColumn: ColumnOf<KubeObject> = {
  name: 'Created At',
  cell: ({ metadata }) => metadata.creationTimestamp ?? '',
};

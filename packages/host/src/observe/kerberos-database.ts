import { quoteArgument } from '@vmstation/remote';
import type { Section } from './reply.ts';

/** A database of principals to be looked at. */
export interface KerberosDatabase {
  readonly realm: string;
  /** Its file; where that is missing, or the programs are, there is no principal. */
  readonly database: string;
  /** The file with its key. */
  readonly stash: string;
}

/** What a database holds of a principal. */
export interface PrincipalSeen {
  /** The highest number of its keys. */
  readonly keyVersion: number;
  /** String attributes (`kadmin setstr`). */
  readonly attributes: ReadonlyMap<string, string>;
}

/** Two tables of a database, whatever the number of principals: their key versions, and their string attributes. No key is among them. */
export const kerberosTables = [
  ['kerberos-keys', 'keyinfo'],
  ['kerberos-attributes', 'princ_stringattrs'],
] as const;

/** The part of a check that looks at databases; empty when nobody asks. */
export function kerberosPart(databases: readonly KerberosDatabase[]): string {
  if (databases.length === 0) return '';
  const dump = (table: string): string =>
    databases
      .map(
        ({ realm, database, stash }) =>
          `if [ ! -e ${quoteArgument(database)} ] || ! command -v kdb5_util >/dev/null 2>&1; then :; elif [ ! -e ${quoteArgument(stash)} ]; then printf '%s\\n' ${quoteArgument(`@${realm}`)}; else P=$((P+1)); kdb5_util -r ${quoteArgument(realm)} tabdump -H ${table} || r=$?; fi`,
      )
      .join('; ');
  return kerberosTables
    .map(([section, table]) => `begin ${section}; r=0; ${dump(table)}; finish ${section} "$r" -`)
    .join('\n');
}

/** Whether nobody can look into the database of a realm, as its key is not there. */
export function isShut(keys: Section, realm: string): boolean {
  return keys.lines.includes(`@${realm}`);
}

/** Reads the two tables as kdb5_util(8) prints them, fields apart by tabs. */
export function readPrincipals(keys: Section, attributes: Section): ReadonlyMap<string, PrincipalSeen> {
  const versions = new Map<string, number>();
  for (const line of keys.lines) {
    const [name = '', , version = ''] = line.split('\t');
    if (/^\d+$/.test(version)) versions.set(name, Math.max(versions.get(name) ?? 0, Number(version)));
  }
  const own = attributes.lines.map((line) => line.split('\t'));
  return new Map(
    [...versions].map(([name, keyVersion]) => [
      name,
      {
        keyVersion,
        attributes: new Map(
          own.filter(([principal]) => principal === name).map(([, key = '', value = '']) => [key, value]),
        ),
      },
    ]),
  );
}

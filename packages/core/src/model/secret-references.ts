import type { Cluster } from './cluster.ts';
import type { ClusterFile } from './cluster-file.ts';
import { appKindOf, defaultKerberosKeys } from './derived.ts';
import type { DocumentPath } from './fault.ts';
import { secretPattern } from './field.ts';

/** A place of the cluster file that needs a secret, defaults included. */
export interface SecretReference {
  readonly name: string;
  readonly path: DocumentPath;
}

/** The secrets that a document refers to, whatever else may be wrong with it. */
export function writtenSecretReferences(document: unknown): readonly SecretReference[] {
  return referencesIn(document, []);
}

/** Every secret that a cluster file needs. A default's path may be a place that the file does not write. */
export function secretReferences(file: ClusterFile): readonly SecretReference[] {
  const written = referencesIn(file, []);
  const defaults = Object.entries(file.apps)
    .filter(([name, app]) => appKindOf(name, app) === 'minecraft' && app.rcon === undefined)
    .map(([name]) => ({ name: `${name}-rcon`, path: ['apps', name, 'rcon'] }));
  const { kerberos } = file.services;
  if (kerberos !== 'off' && kerberos.provider === 'mit' && kerberos.keys === undefined)
    defaults.push({ name: defaultKerberosKeys.slice('secret:'.length), path: ['services', 'kerberos', 'keys'] });
  return [...written, ...defaults];
}

/** Names of the secrets that a cluster refers to, each once. */
export function secretNamesOf(cluster: Cluster): readonly string[] {
  return [...new Set(namesIn(cluster))];
}

function namesIn(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, part]: [string, unknown]) =>
    key === 'secret' && typeof part === 'string' ? [part] : namesIn(part),
  );
}

/** The name in a text that is a reference to a secret (`secret:NAME`); undefined for any other text. */
export function secretName(text: string): string | undefined {
  return secretPattern.test(text) ? text.slice('secret:'.length) : undefined;
}

function referencesIn(value: unknown, path: DocumentPath): readonly SecretReference[] {
  if (typeof value === 'string') {
    const name = secretName(value);
    return name === undefined ? [] : [{ name, path }];
  }
  if (Array.isArray(value)) return value.flatMap((part: unknown, index) => referencesIn(part, [...path, index]));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, part]) => referencesIn(part, [...path, key]));
}

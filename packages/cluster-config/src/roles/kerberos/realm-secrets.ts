import { createHmac } from 'node:crypto';
import {
  AppError,
  type Cluster,
  type ClusterKerberos,
  type ClusterNode,
  nodeOf,
  Secret,
  type Secrets,
} from '@vmstation/core';
import { keytab } from './keytab.ts';

/** An MIT realm on one of the nodes. */
export type MitRealm = Extract<ClusterKerberos, { provider: 'mit' }>;

/** What the role needs of secrets, decrypted and derived in memory. */
export interface RealmSecrets {
  /** Password of a principal of ours: of a user as the workspace has it, of a host or service as derived. */
  readonly passwords: ReadonlyMap<string, Secret>;
  /** Content of keytabs, base64, by node and path as {@link keytabKeyOf} joins them. */
  readonly keytabs: ReadonlyMap<string, string>;
  /** The password that the key of the database is made from, as its programs ask for it: on two lines. */
  readonly database: Secret | undefined;
  /** Password of who enrols hosts with FreeIPA. */
  readonly enrolment: Secret | undefined;
}

/** A key of a host or service, and the file on its node that it belongs into. */
export interface MachineKey {
  readonly principal: string;
  readonly node: string;
  readonly path: string;
  readonly owner: string;
}

/** Where programs look for keys of the machine. */
export const systemKeytab = '/etc/krb5.keytab';

const shortest = 20;

/** The full name that a node has in the realm. */
export function fullNameOf(node: ClusterNode, cluster: Cluster): string {
  return `${node.name}.${cluster.domain}`;
}

/** Every key that stands in a file of a node. */
export function machineKeys(realm: MitRealm, cluster: Cluster): readonly MachineKey[] {
  const name = (node: string): string => fullNameOf(nodeOf(cluster, node), cluster);
  return [
    ...realm.hosts.map((node) => ({ principal: `host/${name(node)}`, node, path: systemKeytab, owner: 'root' })),
    ...realm.services.map((service) => ({
      principal: `${service.name}/${name(service.node)}`,
      node: service.node,
      path: service.keytab ?? systemKeytab,
      owner: service.keytab === undefined ? 'root' : service.owner,
    })),
  ];
}

/** Key of {@link RealmSecrets.keytabs}. */
export function keytabKeyOf({ node, path }: Pick<MachineKey, 'node' | 'path'>): string {
  return `${node} ${path}`;
}

/**
 * Decrypts what the realm refers to, and derives every key of hosts and services from one secret: both the KDC and the node get theirs from
 * here, so that no key ever goes from one node to another, none is drawn anew by a second run, and a lost KDC can be made again.
 * Throws secret/missing, secret/cannot-decrypt, config/kerberos-keys-too-short.
 */
export async function realmSecrets(cluster: Cluster, secrets: Pick<Secrets, 'get'>): Promise<RealmSecrets | undefined> {
  const { kerberos } = cluster.services;
  if (kerberos === undefined) return undefined;
  if (kerberos.provider === 'freeipa') {
    const enrolment = await secrets.get(kerberos.password.secret);
    return { passwords: new Map(), keytabs: new Map(), database: undefined, enrolment };
  }
  const source = await secrets.get(kerberos.keys.secret);
  if (source.reveal().length < shortest) throw tooShort(kerberos.keys.secret);
  const machines = machineKeys(kerberos, cluster);
  const derived = machines.map(
    ({ principal }) => [principal, new Secret(derive(source, kerberos, principal, kerberos.keyVersion))] as const,
  );
  const users = kerberos.users.map(async ({ name, password }) => [name, await secrets.get(password.secret)] as const);
  const master = derive(source, kerberos, 'K/M', 1);
  const files = Map.groupBy(machines, keytabKeyOf);
  const keytabs = [...files].map(async ([file, keys]) => [file, await keytabOf(source, kerberos, keys)] as const);
  return {
    passwords: new Map([...derived, ...(await Promise.all(users))]),
    keytabs: new Map(await Promise.all(keytabs)),
    database: new Secret(`${master}\n${master}\n`),
    enrolment: undefined,
  };
}

/** The keys of one file. Those of the version before stay, for tickets that were given out before the keys changed. */
async function keytabOf(source: Secret, realm: MitRealm, keys: readonly MachineKey[]): Promise<string> {
  const versions = realm.keyVersion === 1 ? [1] : [realm.keyVersion, realm.keyVersion - 1];
  const entries = keys.flatMap(({ principal }) =>
    versions.map((keyVersion) => ({
      realm: realm.realm,
      principal,
      keyVersion,
      password: derive(source, realm, principal, keyVersion),
    })),
  );
  return (await keytab(entries)).toString('base64');
}

/** 256 bits that nobody can tell without the secret, as text. */
function derive(source: Secret, { realm }: MitRealm, principal: string, keyVersion: number): string {
  return createHmac('sha256', source.reveal())
    .update(`vmstation kerberos\n${principal}@${realm}\n${keyVersion}`)
    .digest('base64url');
}

function tooShort(name: string): AppError {
  return new AppError({
    code: 'config/kerberos-keys-too-short',
    kind: 'user',
    message: `The secret ${name} has fewer than ${shortest} characters: whoever guessed it would have the key of every host.`,
    tryThis: `Make a random one: openssl rand -base64 32 | age -R secrets/recipients.txt -o secrets/${name}.age`,
    context: { secret: name },
  });
}

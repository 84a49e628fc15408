import type {
  Cluster,
  ClusterNode,
  CommandResource,
  FileResource,
  Resource,
  ResourceId,
  Secret,
} from '@vmstation/core';
import { familyOf } from '../config-role.ts';
import { kdcConfiguration, kdcPlaces, noRights } from './realm-files.ts';
import { type MitRealm, machineKeys, type RealmSecrets } from './realm-secrets.ts';

const created = 'kerberos-database';

/** The KDC: its database with every declared principal, and the server by which people change their own password. */
export function kdcResources(
  node: ClusterNode,
  realm: MitRealm,
  cluster: Cluster,
  secrets: RealmSecrets,
): readonly Resource[] {
  const { packages, configuration, rights, units } = kdcPlaces[familyOf(node)];
  const installed = packages.map((name): ResourceId => `package:${name}`);
  const restarts = units.map((unit) => ({ unit, action: 'restart' }) as const);
  const file = (path: string, content: string, mode: string): FileResource => ({
    kind: 'file',
    path,
    content,
    owner: 'root',
    group: 'root',
    mode,
    after: installed,
    notifies: restarts,
  });
  const ready: readonly ResourceId[] = [`command:${created}`, 'command:kerberos-stash', `file:${rights}`];
  return [
    ...packages.map((name): Resource => ({ kind: 'package', name })),
    file(configuration, kdcConfiguration(node, realm), '0644'),
    file(rights, noRights, '0600'),
    ...database(node, realm, secrets.database),
    ...principals(node, realm, cluster, secrets),
    ...units.map((unit): Resource => ({ kind: 'service', unit, enabled: true, active: true, after: ready })),
  ];
}

/** What every principal waits for. */
export const databaseId: ResourceId = `command:${created}`;

function database(node: ClusterNode, { realm }: MitRealm, password: Secret | undefined): readonly CommandResource[] {
  const { database: path, stash, configuration } = kdcPlaces[familyOf(node)];
  if (password === undefined) throw new Error('an MIT realm without the password of its database');
  return [
    {
      kind: 'command',
      name: created,
      run: ['kdb5_util', '-r', realm, 'create', '-s'],
      check: ['stat', '-c', '%s', path],
      // Also where the stash is gone, without which its own program does not get in.
      undo: ['rm', '-f', ...['', '.ok', '.kadm5', '.kadm5.lock'].map((end) => `${path}${end}`), stash],
      stdin: password,
      after: ['file:/etc/krb5.conf', `file:${configuration}`],
    },
    {
      kind: 'command',
      name: 'kerberos-stash',
      run: ['kdb5_util', '-r', realm, 'stash'],
      check: ['stat', '-c', '%s', stash],
      stdin: password,
      after: [`command:${created}`],
    },
  ];
}

function principals(node: ClusterNode, realm: MitRealm, cluster: Cluster, secrets: RealmSecrets): readonly Resource[] {
  const { database: file, stash } = kdcPlaces[familyOf(node)];
  const principal = (name: string, keyVersion: number | undefined): Resource => {
    const password = secrets.passwords.get(name);
    if (password === undefined) throw new Error(`no password was derived for ${name}`);
    return {
      kind: 'kerberos-principal',
      name,
      realm: realm.realm,
      database: file,
      stash,
      password,
      ...(keyVersion === undefined ? {} : { keyVersion }),
      after: [databaseId, 'command:kerberos-stash'],
    };
  };
  return [
    ...machineKeys(realm, cluster).map((key) => principal(key.principal, realm.keyVersion)),
    ...realm.users.map(({ name }) => principal(name, undefined)),
  ];
}

/** The id of a principal's resource. */
export function principalIdOf(name: string, { realm }: MitRealm): ResourceId {
  return `kerberos-principal:${name}@${realm}`;
}

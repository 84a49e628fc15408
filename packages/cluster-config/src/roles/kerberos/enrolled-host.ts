import { type Cluster, type ClusterNode, type Resource, type ResourceId, resourceId } from '@vmstation/core';
import { familyOf } from '../config-role.ts';
import { sshUnitOf } from '../ssh/index.ts';
import { databaseId, principalIdOf } from './kdc.ts';
import {
  clientConfiguration,
  kdcPlaces,
  sshClientConfiguration,
  sshClientPath,
  sshServerConfiguration,
  sshServerPath,
} from './realm-files.ts';
import {
  fullNameOf,
  keytabKeyOf,
  type MachineKey,
  type MitRealm,
  machineKeys,
  type RealmSecrets,
  systemKeytab,
} from './realm-secrets.ts';

/** Programs of Kerberos for people. */
const clientPackages = { debian: 'krb5-user', rhel: 'krb5-workstation' } as const;

/** What every node of an MIT realm has, the KDC's included: the programs, and where the KDC is. */
export function realmClient(node: ClusterNode, realm: MitRealm, cluster: Cluster): readonly Resource[] {
  const name = clientPackages[familyOf(node)];
  const restarts = realm.server === node.name ? kdcPlaces[familyOf(node)].units : [];
  return [
    { kind: 'package', name },
    {
      kind: 'file',
      path: '/etc/krb5.conf',
      content: clientConfiguration(node, realm, cluster),
      owner: 'root',
      group: 'root',
      mode: '0644',
      after: [`package:${name}`],
      notifies: restarts.map((unit) => ({ unit, action: 'restart' })),
    },
  ];
}

/** An enrolled node: its keys, accounts for the realm's users, SSH by ticket, and the proof that the KDC knows it. */
export function enrolledHost(
  node: ClusterNode,
  realm: MitRealm,
  cluster: Cluster,
  secrets: RealmSecrets,
): readonly Resource[] {
  const own = machineKeys(realm, cluster).filter((key) => key.node === node.name);
  const keytabs = [...new Map(own.map((key) => [key.path, key])).values()].map((key) => keytabFile(key, secrets));
  // An account that the cluster file describes elsewhere is as it says there.
  const accounts = realm.users.filter(
    ({ name, account }) => account && !cluster.users.some((user) => user.name === name),
  );
  return [
    ...keytabs,
    ...accounts.map(({ name }): Resource => ({ kind: 'user', name, shell: '/bin/bash' })),
    ...sshByTicket(node, realm.hosts, cluster),
    ticketOfHost(node, realm.realm, cluster, [...keytabs.map(resourceId), ...kdcIds(node, realm, cluster)]),
  ];
}

function keytabFile(key: MachineKey, secrets: RealmSecrets): Resource {
  const content = secrets.keytabs.get(keytabKeyOf(key));
  if (content === undefined) throw new Error(`no keytab was made for ${key.principal}`);
  return {
    kind: 'file',
    path: key.path,
    content,
    encoding: 'base64',
    secret: true,
    owner: key.owner,
    group: 'root',
    mode: '0600',
  };
}

/** On the KDC's own node all that makes it answer comes first; the steps of other nodes wait for that node's. */
function kdcIds(node: ClusterNode, realm: MitRealm, cluster: Cluster): readonly ResourceId[] {
  if (realm.server !== node.name) return ['file:/etc/krb5.conf'];
  const principal = principalIdOf(`host/${fullNameOf(node, cluster)}`, realm);
  return [databaseId, principal, ...kdcPlaces[familyOf(node)].units.map((unit): ResourceId => `service:${unit}`)];
}

/** sshd takes tickets, and the node's own ssh offers them to the enrolled nodes. */
export function sshByTicket(node: ClusterNode, hosts: readonly string[], cluster: Cluster): readonly Resource[] {
  return [
    {
      kind: 'file',
      path: sshClientPath,
      content: sshClientConfiguration(hosts, cluster),
      owner: 'root',
      group: 'root',
      mode: '0644',
    },
    {
      kind: 'file',
      path: sshServerPath,
      content: sshServerConfiguration,
      owner: 'root',
      group: 'root',
      mode: '0600',
      guard: 'sshd',
      validate: { command: ['sshd', '-t', '-f', '{}'] },
      notifies: [{ unit: sshUnitOf(node), action: 'reload' }],
    },
  ];
}

/** The node's own key gets a ticket: the KDC answers, knows the host by that very key, and the clocks agree. Nothing is kept of it. */
export function ticketOfHost(
  node: ClusterNode,
  realm: string,
  cluster: Cluster,
  after: readonly ResourceId[],
): Resource {
  const principal = `host/${fullNameOf(node, cluster)}@${realm}`;
  const ask = ['kinit', '-k', '-t', systemKeytab, '-c', 'MEMORY:', principal];
  return { kind: 'command', name: 'kerberos-ticket-of-host', run: ask, check: ask, after };
}

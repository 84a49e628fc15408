import type { Cluster, ClusterNode } from '@vmstation/core';
import { nodeOf } from '@vmstation/core';
import { familyOf, writtenBy } from '../config-role.ts';
import { fullNameOf, type MitRealm } from './realm-secrets.ts';
import { encryptionTypes } from './string-to-key.ts';

/** Where the KDC of a family has its files, and how its packages and units are called. */
export const kdcPlaces = {
  debian: {
    packages: ['krb5-kdc', 'krb5-admin-server'],
    configuration: '/etc/krb5kdc/kdc.conf',
    rights: '/etc/krb5kdc/kadm5.acl',
    stash: '/etc/krb5kdc/stash',
    database: '/var/lib/krb5kdc/principal',
    units: ['krb5-kdc.service', 'krb5-admin-server.service'],
  },
  rhel: {
    packages: ['krb5-server'],
    configuration: '/var/kerberos/krb5kdc/kdc.conf',
    rights: '/var/kerberos/krb5kdc/kadm5.acl',
    stash: '/var/kerberos/krb5kdc/stash',
    database: '/var/kerberos/krb5kdc/principal',
    units: ['krb5kdc.service', 'kadmin.service'],
  },
} as const;

/** krb5.conf(5) of every node of the realm. Names are taken as the model has them: no DNS has a say in who a host is. */
export function clientConfiguration(node: ClusterNode, realm: MitRealm, cluster: Cluster): string {
  const { address } = nodeOf(cluster, realm.server);
  const lines = [
    // Where RHEL's policy for algorithms comes from.
    ...(familyOf(node) === 'rhel' ? ['includedir /etc/krb5.conf.d/', ''] : []),
    '[libdefaults]',
    `    default_realm = ${realm.realm}`,
    '    dns_lookup_realm = false',
    '    dns_lookup_kdc = false',
    '    dns_canonicalize_hostname = false',
    '    rdns = false',
    `    qualify_shortname = ${cluster.domain}`,
    // A KDC that is down is known at once by TCP, after many seconds by UDP.
    '    udp_preference_limit = 1',
    '    forwardable = true',
    '    ticket_lifetime = 10h',
    '    renew_lifetime = 7d',
    '',
    '[realms]',
    `    ${realm.realm} = {`,
    `        kdc = ${address}`,
    `        admin_server = ${address}`,
    '    }',
    '',
    '[domain_realm]',
    `    .${cluster.domain} = ${realm.realm}`,
    `    ${cluster.domain} = ${realm.realm}`,
  ];
  return `${writtenBy('kerberos')}${lines.join('\n')}\n`;
}

/** kdc.conf(5) of the node that runs the KDC. */
export function kdcConfiguration(node: ClusterNode, { realm }: MitRealm): string {
  const { database, stash, rights } = kdcPlaces[familyOf(node)];
  const lines = [
    '[kdcdefaults]',
    '    kdc_listen = 88',
    '    kdc_tcp_listen = 88',
    '',
    '[realms]',
    `    ${realm} = {`,
    `        acl_file = ${rights}`,
    `        key_stash_file = ${stash}`,
    `        master_key_type = ${encryptionTypes[0].name}`,
    `        supported_enctypes = ${encryptionTypes.map(({ name }) => `${name}:normal`).join(' ')}`,
    '        default_principal_flags = +preauth',
    '        max_life = 10h',
    '        max_renewable_life = 7d',
    `        database_module = ${realm}`,
    '    }',
    '',
    '[dbmodules]',
    `    ${realm} = {`,
    '        db_library = db2',
    `        database_name = ${database}`,
    // A ticket that is given out is no change of the database.
    '        disable_last_success = true',
    '    }',
  ];
  return `${writtenBy('kerberos')}${lines.join('\n')}\n`;
}

/** kadm5.acl(5): nobody administers over the network; everybody may change the own password. */
export const noRights = `${writtenBy('kerberos')}# Nobody: principals are declared in the workspace, and kadmin.local is for root on this machine.\n`;

/** Sorts before the hardening of the role ssh: sshd takes the first value that it reads. */
export const sshServerPath = '/etc/ssh/sshd_config.d/05-vmstation-kerberos.conf';

/** sshd_config(5): a ticket logs in, beside keys. */
export const sshServerConfiguration = `${writtenBy('kerberos')}GSSAPIAuthentication yes
GSSAPICleanupCredentials yes
GSSAPIStrictAcceptorCheck yes
`;

/** Where a node's own SSH client reads that it may use tickets. */
export const sshClientPath = '/etc/ssh/ssh_config.d/20-vmstation-kerberos.conf';

/** ssh_config(5): tickets are for the enrolled nodes, and are never handed on to them. */
export function sshClientConfiguration(hosts: readonly string[], cluster: Cluster): string {
  const names = hosts.flatMap((host) => [host, fullNameOf(nodeOf(cluster, host), cluster)]);
  return `${writtenBy('kerberos')}Host ${names.join(' ')}
  GSSAPIAuthentication yes
  GSSAPIDelegateCredentials no
`;
}

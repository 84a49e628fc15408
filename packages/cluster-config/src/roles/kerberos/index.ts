import type { Resource } from '@vmstation/core';
import type { ConfigRole } from '../config-role.ts';
import { enrolledHost, realmClient } from './enrolled-host.ts';
import { freeIpaHost } from './freeipa.ts';
import { kdcResources } from './kdc.ts';

/** Kerberos: a KDC of our own and the nodes enrolled with it, or enrolment into a FreeIPA realm. Nothing unless the cluster file asks. */
export const kerberosRole: ConfigRole = {
  name: 'kerberos',
  title: 'Kerberos',
  why: 'people and services prove who they are by tickets; needs clocks that agree within five minutes (role ntp)',
  phase: 'config',
  declare(node, { cluster, realmSecrets }): readonly Resource[] {
    const realm = cluster.services.kerberos;
    if (realm === undefined) return [];
    if (realmSecrets === undefined) throw new Error('Kerberos is declared without its secrets');
    const isEnrolled = realm.hosts.includes(node.name);
    if (realm.provider === 'freeipa')
      return isEnrolled ? freeIpaHost(node, realm, cluster, realmSecrets.enrolment) : [];
    const isServer = realm.server === node.name;
    return [
      ...(isServer || isEnrolled ? realmClient(node, realm, cluster) : []),
      ...(isServer ? kdcResources(node, realm, cluster, realmSecrets) : []),
      ...(isEnrolled ? enrolledHost(node, realm, cluster, realmSecrets) : []),
    ];
  },
};

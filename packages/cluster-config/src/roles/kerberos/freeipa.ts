import {
  type Cluster,
  type ClusterKerberos,
  type ClusterNode,
  type Resource,
  type ResourceId,
  Secret,
} from '@vmstation/core';
import { familyOf } from '../config-role.ts';
import { sshByTicket, ticketOfHost } from './enrolled-host.ts';
import { fullNameOf } from './realm-secrets.ts';

/** A realm that a FreeIPA server runs. */
export type FreeIpaRealm = Extract<ClusterKerberos, { provider: 'freeipa' }>;

const clientPackages = { debian: 'freeipa-client', rhel: 'ipa-client' } as const;
const enrolled: ResourceId = 'command:freeipa-enrolment';

/**
 * Enrolment into a FreeIPA realm by its own program, which asks for the password on its standard input (ipa-client-install(1), 4.9). Time and
 * SSH stay with their own roles. It changes PAM and the name service, so it runs in try mode.
 */
export function freeIpaHost(
  node: ClusterNode,
  realm: FreeIpaRealm,
  cluster: Cluster,
  password: Secret | undefined,
): readonly Resource[] {
  if (password === undefined) throw new Error('FreeIPA without the password of who enrols');
  const name = clientPackages[familyOf(node)];
  const where = ['--server', realm.ipaServer, '--domain', cluster.domain, '--realm', realm.realm];
  const who = ['--hostname', fullNameOf(node, cluster), '--principal', realm.enrolAs];
  return [
    { kind: 'package', name },
    {
      kind: 'command',
      name: 'freeipa-enrolment',
      run: ['ipa-client-install', '--unattended', '--no-ntp', '--no-ssh', '--no-sshd', '--mkhomedir', ...where, ...who],
      check: ['stat', '-c', '%s', '/etc/ipa/default.conf'],
      undo: ['ipa-client-install', '--uninstall', '--unattended'],
      stdin: new Secret(`${password.reveal()}\n`),
      guard: 'pam',
      after: [`package:${name}`],
    },
    ...sshByTicket(node, realm.hosts, cluster),
    { ...ticketOfHost(node, realm.realm, cluster, [enrolled]), guard: 'pam' },
  ];
}

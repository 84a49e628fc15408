import type { DocumentPath, Fault } from '../fault.ts';
import { fault, type Rule } from './rule.ts';

const place: DocumentPath = ['services', 'kerberos'];

/** A FreeIPA realm is described, and nothing is said that only the other provider would heed. */
export const kerberosProviderIsDescribed: Rule = ({ file }) => {
  const { kerberos } = file.services;
  if (kerberos === 'off') return [];
  if (kerberos.provider === 'mit') {
    return kerberos.freeipa === undefined ? [] : [idle('freeipa', 'the provider is mit', 'set provider: freeipa')];
  }
  const faults: Fault[] = [];
  if (kerberos.freeipa === undefined) {
    const message = 'The provider is freeipa, and nothing says which server, or who may enrol hosts there.';
    const advice = 'Add freeipa: { server: ipa.home.arpa, enrol-as: enroller, password: secret:freeipa-enroller }.';
    faults.push(fault('cluster-file/kerberos-provider', [...place, 'provider'], message, advice));
  }
  const idleKeys = [
    ...(kerberos.server === undefined ? [] : ['server']),
    ...(kerberos.keys === undefined ? [] : ['keys']),
    ...(Object.keys(kerberos.users).length === 0 ? [] : ['users']),
    ...(kerberos.services.length === 0 ? [] : ['services']),
  ];
  return [...faults, ...idleKeys.map((key) => idle(key, 'FreeIPA has its own', 'set provider: mit'))];
};

function idle(key: string, why: string, other: string): Fault {
  return fault(
    'cluster-file/setting-without-effect',
    [...place, key],
    `services.kerberos.${key} has no effect: ${why}.`,
    `Remove it, or ${other}.`,
    { atKey: true },
  );
}

/** A service has its key where its node is enrolled. */
export const kerberosServicesAreEnrolled: Rule = ({ file }) => {
  const { kerberos } = file.services;
  if (kerberos === 'off' || kerberos.hosts === undefined) return [];
  const { hosts } = kerberos;
  return kerberos.services.flatMap(({ name, node }, index) =>
    hosts.includes(node) || file.nodes[node] === undefined
      ? []
      : [
          fault(
            'cluster-file/kerberos-not-enrolled',
            [...place, 'services', index, 'node'],
            `${node} is not enrolled, so ${name} can have no key there.`,
            `Add ${node} to services.kerberos.hosts.`,
            { related: [...place, 'hosts'] },
          ),
        ],
  );
};

/** Users of the realm are accounts as well: their names are as both allow. */
export const kerberosUsersAreAccounts: Rule = ({ file }) => {
  const { kerberos } = file.services;
  if (kerberos === 'off') return [];
  return Object.keys(kerberos.users)
    .filter((name) => name === 'root' || !/^[a-z_][a-z0-9_-]{0,31}$/.test(name))
    .map((name) =>
      fault(
        'cluster-file/invalid-name',
        [...place, 'users', name],
        name === 'root'
          ? 'root gets no ticket of its own: who logs in by ticket is a person, and becomes root by sudo.'
          : `services.kerberos.users: ${JSON.stringify(name)} cannot be the name of an account; those take small letters, digits, _ and -, at most 32.`,
        'Choose another name.',
        { atKey: true },
      ),
    );
};

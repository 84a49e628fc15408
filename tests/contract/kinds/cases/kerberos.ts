import { Secret } from '@vmstation/core';
import type { KindCase } from '../kind-case.ts';

const realm = 'KINDS.TEST';
const kadmin = `kadmin.local -r ${realm}`;
const database = '/var/lib/krb5kdc/principal';
const stash = '/etc/krb5kdc/stash';

/** Principals of a KDC. */
export const kerberosCases: readonly KindCase[] = [
  {
    kind: 'kerberos-principal',
    title: 'with its password and the number of its key',
    family: 'debian',
    cannot: { embedded: 'no KDC is simulated' },
    before: `DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends krb5-kdc krb5-admin-server >/dev/null 2>&1
printf '[libdefaults]\\n default_realm = ${realm}\\n' >/etc/krb5.conf
printf '[realms]\\n ${realm} = {\\n  database_name = ${database}\\n  key_stash_file = ${stash}\\n }\\n' >/etc/krb5kdc/kdc.conf
printf 'm\\nm\\n' | kdb5_util -r ${realm} create -s >/dev/null 2>&1`,
    wants: () => [
      {
        kind: 'kerberos-principal',
        name: 'host/kinds',
        realm,
        database,
        stash,
        password: new Secret("it's a secret"),
        keyVersion: 3,
      },
    ],
    shows: `${kadmin} listprincs | grep -v Authenticating`,
    innocent: [`${kadmin} setstr host/kinds theirs 1 >/dev/null`],
    tampered: [
      { attribute: 'password', script: `${kadmin} setstr host/kinds vmstation-password other >/dev/null` },
      { attribute: 'key version', script: `printf 'p\\np\\n' | ${kadmin} cpw host/kinds >/dev/null 2>&1` },
      { attribute: 'ensure', script: `${kadmin} delprinc -force host/kinds >/dev/null` },
    ],
    after: `DEBIAN_FRONTEND=noninteractive apt-get purge -y -qq krb5-kdc krb5-admin-server >/dev/null 2>&1; rm -rf /var/lib/krb5kdc /etc/krb5kdc /etc/krb5.conf`,
  },
];

import { type KerberosPrincipalResource, Secret } from '@vmstation/core';
import { expect, test } from 'vitest';
import { kerberosPart, readPrincipals } from '../../observe/kerberos-database.ts';
import type { Observations } from '../../observe/observations.ts';
import { kerberosPrincipalKind } from './index.ts';

const host: KerberosPrincipalResource = {
  kind: 'kerberos-principal',
  name: 'host/masternode.home.arpa',
  realm: 'HOME.ARPA',
  database: '/var/lib/krb5kdc/principal',
  stash: '/etc/krb5kdc/stash',
  password: new Secret("it's $ecret"),
  keyVersion: 2,
};
const principal = 'host/masternode.home.arpa@HOME.ARPA';
const section = (...lines: readonly string[]) => ({ lines, exitCode: 0, expected: undefined });

/** What is seen of a database that holds these lines of its two tables. */
function seen(keys: readonly string[], attributes: readonly string[]): Observations {
  const principals = readPrincipals(section(...keys), section(...attributes));
  const part = { kerberosPrincipal: (name: string) => principals.get(name) };
  return part as unknown as Observations;
}

const digestOfSecret = (sha256: string) => sha256.slice(0, 8);
const differences = (want: KerberosPrincipalResource, keys: readonly string[], attributes: readonly string[]) =>
  kerberosPrincipalKind
    .compare(want, seen(keys, attributes), { digestOfSecret })
    .map(({ attribute, want: wanted, seen: found }) => `${attribute}: ${wanted} / ${found}`);

/** The stamp that a change leaves, as the script has it. */
function stampOf(want: KerberosPrincipalResource): string {
  const { change } = kerberosPrincipalKind.apply(want, seen([], []), {
    family: 'debian',
    delimiter: 'X',
    beside: String,
  });
  return /vmstation-password ([0-9a-f]+)/.exec(change.text)?.[1] ?? '';
}

const key = (version: number, name = principal) => `${name}\t0\t${version}\taes256-cts-hmac-sha384-192\tnormal\t-1`;
const attribute = (stamp: string) => `${principal}\tvmstation-password\t${stamp}`;

test('one that is not there is absent; one with our stamp and key version is right', () => {
  expect(differences(host, [key(1, 'K/M@HOME.ARPA')], [])).toEqual(['ensure: present / absent']);
  expect(differences(host, [key(2), key(2)], [attribute(stampOf(host))])).toEqual([]);
});

test('another key, or a password that we did not set, is a difference; no password is shown', () => {
  const found = differences(host, [key(3)], [attribute(stampOf(host))]);
  expect(found).toEqual(['key version: 2 / 3']);
  const other = differences(host, [key(2)], []);
  expect(other).toEqual([expect.stringMatching(/^password: secret [0-9a-f]{8} \/ set by somebody else$/)]);
  const changed = { ...host, password: new Secret('another') };
  expect(differences(changed, [key(2)], [attribute(stampOf(host))]).join()).not.toMatch(/another|\$ecret/);
  expect(differences(changed, [key(2)], [attribute(stampOf(host))]).length).toBe(1);
});

test('of a person only what we set is compared: their own later password is theirs', () => {
  const { keyVersion: _, ...rest } = host;
  const alex = { ...rest, name: 'alex' };
  const stamp = `alex@HOME.ARPA\tvmstation-password\t${stampOf(alex)}`;
  expect(differences(alex, [key(7, 'alex@HOME.ARPA')], [stamp])).toEqual([]);
});

test('the password goes through a pipe of the shell, and is no word of a program', () => {
  const { change, undo } = kerberosPrincipalKind.apply(host, seen([], []), {
    family: 'debian',
    delimiter: 'X',
    beside: String,
  });
  const words = change.text.split('\n').filter((line) => line.includes('$ecret'));
  expect(words.length).toBe(2);
  for (const line of words)
    expect(line).toMatch(/^printf '%s\\n' 'it'.*ecret' \| kadmin\.local -r HOME\.ARPA (?:cpw|addprinc) host\/\S+$/);
  expect(undo?.text).not.toContain('$ecret');
});

test('two processes look at a database, whatever it holds, and none where nobody asks', () => {
  expect(kerberosPart([])).toBe('');
  const part = kerberosPart([
    { realm: 'HOME.ARPA', database: '/var/lib/krb5kdc/principal', stash: '/etc/krb5kdc/stash' },
  ]);
  expect(part.match(/P=\$\(\(P\+1\)\)/g)?.length).toBe(2);
});

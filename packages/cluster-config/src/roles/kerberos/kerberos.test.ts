import {
  type Cluster,
  type ClusterKerberos,
  exampleCluster,
  exampleWorkspace,
  mergeDeclarations,
  nodeOf,
  type Resource,
  resourceId,
  Secret,
  type Secrets,
} from '@vmstation/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { declareConfig } from '../../declare-config.ts';
import { openingsOf } from '../networking/firewall-openings.ts';
import { keytab } from './keytab.ts';
import { realmSecrets } from './realm-secrets.ts';

const example = exampleCluster();
const all = example.nodes.map(({ name }) => name);
const mit: Extract<ClusterKerberos, { provider: 'mit' }> = {
  provider: 'mit',
  realm: 'HOME.ARPA',
  hosts: all,
  server: 'masternode',
  keys: { secret: 'kerberos-keys' },
  keyVersion: 1,
  users: [{ name: 'alex', password: { secret: 'alex-kerberos' }, account: true }],
  services: [{ name: 'HTTP', node: 'homelab', keytab: '/etc/http.keytab', owner: 'www-data' }],
};
const freeipa: ClusterKerberos = {
  provider: 'freeipa',
  realm: 'HOME.ARPA',
  hosts: ['homelab'],
  ipaServer: 'ipa.home.arpa',
  enrolAs: 'enroller',
  password: { secret: 'freeipa-enroller' },
};
const known: Readonly<Record<string, string>> = {
  'kerberos-keys': 'random text that is long enough',
  'alex-kerberos': 'of alex',
  'freeipa-enroller': 'of the enroller',
};
const secrets: Pick<Secrets, 'get'> = { get: async (name) => new Secret(known[name] ?? '') };

function clusterWith(kerberos: ClusterKerberos | undefined): Cluster {
  return { ...example, services: { ...example.services, kerberos } };
}

async function declared(kerberos: ClusterKerberos | undefined, node: string): Promise<readonly Resource[]> {
  const list = await declareConfig(exampleWorkspace({ cluster: clusterWith(kerberos) }), secrets);
  mergeDeclarations(all, list);
  return list.flatMap(({ role, resource, ...one }) => (role === 'kerberos' && one.node === node ? [resource] : []));
}

function find<K extends Resource['kind']>(list: readonly Resource[], kind: K, id: string) {
  return list.find((one): one is Extract<Resource, { kind: K }> => one.kind === kind && resourceId(one) === id);
}

test('off unless it is asked for: nothing is declared, and no secret is read', async () => {
  expect(await declared(undefined, 'masternode')).toEqual([]);
  const unread = { get: () => Promise.reject(new Error('read')) };
  expect(await realmSecrets(example, unread)).toBeUndefined();
});

test('one node runs the KDC with every declared principal; each family has its own packages, paths and units', async () => {
  const server = (await declared(mit, 'masternode')).map(resourceId);
  expect(server).toEqual(
    expect.arrayContaining([
      'package:krb5-kdc',
      'package:krb5-admin-server',
      'file:/etc/krb5kdc/kdc.conf',
      'command:kerberos-database',
      'command:kerberos-stash',
      ...all.map((name) => `kerberos-principal:host/${name}.home.arpa@HOME.ARPA`),
      'kerberos-principal:HTTP/homelab.home.arpa@HOME.ARPA',
      'kerberos-principal:alex@HOME.ARPA',
      'service:krb5-kdc.service',
      'service:krb5-admin-server.service',
    ]),
  );
  const onRhel = (await declared({ ...mit, server: 'homelab' }, 'homelab')).map(resourceId);
  expect(onRhel).toEqual(
    expect.arrayContaining([
      'package:krb5-server',
      'package:krb5-workstation',
      'service:krb5kdc.service',
      'service:kadmin.service',
    ]),
  );
  expect(
    (await declared(mit, 'storagenodet3500'))
      .map(resourceId)
      .filter((id) => /kdc|kerberos-principal|database/.test(id)),
  ).toEqual([]);
});

test('an enrolled node has the keys of what runs on it, accounts, SSH by ticket under guard, and proves its key', async () => {
  const list = await declared(mit, 'homelab');
  expect(find(list, 'file', 'file:/etc/krb5.keytab')).toMatchObject({
    secret: true,
    encoding: 'base64',
    mode: '0600',
    owner: 'root',
  });
  expect(find(list, 'file', 'file:/etc/http.keytab')).toMatchObject({ secret: true, owner: 'www-data', mode: '0600' });
  expect(list.filter(({ guard }) => guard !== undefined).map((one) => [resourceId(one), one.guard])).toEqual([
    ['file:/etc/ssh/sshd_config.d/05-vmstation-kerberos.conf', 'sshd'],
  ]);
  expect(find(list, 'user', 'user:alex')).toBeDefined();
  expect(find(list, 'command', 'command:kerberos-ticket-of-host')?.check).toEqual([
    'kinit',
    '-k',
    '-t',
    '/etc/krb5.keytab',
    '-c',
    'MEMORY:',
    'host/homelab.home.arpa@HOME.ARPA',
  ]);
  const other = await declared({ ...mit, hosts: ['masternode'], services: [] }, 'homelab');
  expect(other).toEqual([]);
});

test('a second plan has the same keys, another secret or version has others, and the version before stays in the file', async () => {
  const keysOf = async (realm: ClusterKerberos) =>
    find(await declared(realm, 'homelab'), 'file', 'file:/etc/krb5.keytab')?.content ?? '';
  const first = await keysOf(mit);
  expect(await keysOf(mit)).toBe(first);
  expect(await keysOf({ ...mit, keys: { secret: 'freeipa-enroller' } }).catch((error: unknown) => error)).toMatchObject(
    {
      code: 'config/kerberos-keys-too-short',
    },
  );
  const next = Buffer.from(await keysOf({ ...mit, keyVersion: 2 }), 'base64');
  expect(next.includes(Buffer.from(first, 'base64').subarray(2))).toBe(true);
  expect(next.length).toBeGreaterThan(Buffer.from(first, 'base64').length);
});

test('no secret stands in what is declared as JSON', async () => {
  for (const realm of [mit, freeipa]) {
    const list = await declareConfig(exampleWorkspace({ cluster: clusterWith(realm) }), secrets);
    const text = JSON.stringify(list);
    for (const value of Object.values(known)) expect(text).not.toContain(value);
  }
});

test('the KDC answers the LAN for tickets and for changed passwords, no other node does', () => {
  const cluster = clusterWith(mit);
  const of = (name: string) => openingsOf(nodeOf(cluster, name), cluster).filter(({ why }) => why === 'Kerberos');
  expect(of('masternode')).toEqual(
    ['tcp', 'udp'].map((protocol) => ({ why: 'Kerberos', protocol, ports: ['88', '464'], from: ['192.168.4.0/24'] })),
  );
  expect(of('homelab')).toEqual([]);
});

test('enrolment with FreeIPA goes through its own program in try mode, its password on standard input', async () => {
  const list = await declared(freeipa, 'homelab');
  expect(list.map((one) => [resourceId(one), one.guard])).toEqual([
    ['package:ipa-client', undefined],
    ['command:freeipa-enrolment', 'pam'],
    ['file:/etc/ssh/ssh_config.d/20-vmstation-kerberos.conf', undefined],
    ['file:/etc/ssh/sshd_config.d/05-vmstation-kerberos.conf', 'sshd'],
    ['command:kerberos-ticket-of-host', 'pam'],
  ]);
  const enrolment = find(list, 'command', 'command:freeipa-enrolment');
  expect(enrolment?.run.join(' ')).toBe(
    'ipa-client-install --unattended --no-ntp --no-ssh --no-sshd --mkhomedir --server ipa.home.arpa --domain home.arpa --realm HOME.ARPA --hostname homelab.home.arpa --principal enroller',
  );
  expect(enrolment?.stdin?.reveal()).toBe('of the enroller\n');
  expect(await declared(freeipa, 'masternode')).toEqual([]);
});

// ktutil of MIT 1.20: addent -password with both encryption types; its time and type of name (0) are put where ours are (0 and 1).
const byKtutil = [
  '0502',
  '0000005a00020009484f4d452e415250410004686f737400146d61737465726e6f64652e686f6d652e61727061000000010000000003001400206fbf400a85b0d005b44515906a97c198ec6c7af06597c0a7b69be12ea6af599d00000003',
  '0000005a00020009484f4d452e415250410004686f737400146d61737465726e6f64652e686f6d652e6172706100000001000000000300120020a2735675c4684d9301e7defa2fd1bf0168d7d789cd1742e278cd0ddcaf1ae01500000003',
].join('');

test('a keytab has the bytes that MIT’s own tool writes', async () => {
  const entry = { realm: 'HOME.ARPA', principal: 'host/masternode.home.arpa', keyVersion: 3, password: 'pässword 1' };
  expect((await keytab([entry])).toString('hex')).toBe(byKtutil);
});

test('property: every entry of a keytab says its own length', async () => {
  const part = fc.stringMatching(/^[a-z][a-z0-9.-]{0,20}$/);
  const entry = fc.record({
    realm: fc.stringMatching(/^[A-Z]{1,12}$/),
    principal: fc.tuple(part, part).map((parts) => parts.join('/')),
    keyVersion: fc.integer({ min: 1, max: 255 }),
    password: fc.string({ minLength: 1 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(entry, { maxLength: 2 }), async (entries) => {
      const bytes = await keytab(entries);
      let at = 2;
      let count = 0;
      for (; at < bytes.length; count += 1) at += 4 + bytes.readInt32BE(at);
      expect([at, count]).toEqual([bytes.length, entries.length * 2]);
    }),
    { numRuns: 15 },
  );
});

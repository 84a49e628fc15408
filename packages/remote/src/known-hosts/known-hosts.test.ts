import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runChild } from '../process/child.ts';
import { sshKeygen } from '../process/ssh-keygen.ts';
import { forgetHostKey, hostKey, readKnownHosts, trustHostKey } from './known-hosts.ts';
import { scanHostKeys } from './scan-host-keys.ts';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vmstation-known-'));
  file = join(folder, 'state', 'known_hosts');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('keys are kept by node name, replaced as a whole and forgotten', async () => {
  await trustHostKey(file, 'masternode', [hostKey('ssh-ed25519', 'AAAA1'), hostKey('ssh-rsa', 'AAAA2')]);
  await trustHostKey(file, 'homelab', [hostKey('ssh-ed25519', 'AAAA3')]);
  await trustHostKey(file, 'masternode', [hostKey('ssh-ed25519', 'AAAA4')]);
  expect([...readKnownHosts(file)].map(([node, keys]) => [node, keys.map(({ key }) => key)])).toEqual([
    ['homelab', ['AAAA3']],
    ['masternode', ['AAAA4']],
  ]);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  await forgetHostKey(file, 'homelab');
  expect(readFileSync(file, 'utf8')).toBe('masternode ssh-ed25519 AAAA4\n');
});

test('no file is an empty list', () => {
  expect(readKnownHosts(file).size).toBe(0);
});

test('trusting nothing is refused', async () => {
  await expect(trustHostKey(file, 'homelab', [])).rejects.toMatchObject({ code: 'ssh/no-host-keys' });
});

test('the fingerprint is the one that ssh-keygen prints, and a key pair is made only once', async () => {
  const pair = await sshKeygen(join(folder, 'id'), 'vmstation');
  const again = await sshKeygen(join(folder, 'id'), 'vmstation');
  expect([pair.created, again.created, again.publicKey]).toEqual([true, false, pair.publicKey]);
  expect(statSync(pair.privateKeyFile).mode & 0o777).toBe(0o600);
  const printed = await runChild(['ssh-keygen', '-lf', `${pair.privateKeyFile}.pub`], { timeoutMs: 5000 });
  const [type = '', key = ''] = pair.publicKey.split(' ');
  expect(printed.stdout.toString()).toContain(hostKey(type, key).fingerprint);
});

test('a machine that does not answer is unreachable', async () => {
  const scan = scanHostKeys({ node: 'homelab', address: '127.0.0.1', port: 1, timeoutSeconds: 2 });
  await expect(scan).rejects.toMatchObject({ code: 'ssh/unreachable', context: { node: 'homelab' } });
});

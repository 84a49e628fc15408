import { execFile } from 'node:child_process';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Transport } from '@vmstation/core';
import { type LoadedWorkspace, writeSecret } from '@vmstation/workspace';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startOperator } from './operator.ts';
import { ownMachines } from './own-machines.ts';
import type { Ended } from './run-program.ts';
import { hostsOf, onNode, twoNodeWorkspace } from './two-node-workspace.ts';

// A KDC and two enrolled machines, by the command line; MIT's and OpenSSH's own programs judge what it did.

const machines = await ownMachines();
const server = 'masternode';
const client = 'storagenodet3500';
const firstPassword = "correct horse 'battery' $taple";
const secondPassword = 'another one, of the workspace';
const source = 'a secret of this test, long enough to be one';
const sshdDropIn = '/etc/ssh/sshd_config.d/05-vmstation-kerberos.conf';
let workspace: LoadedWorkspace;
let transport: Transport;
let found: readonly string[];
const operator = await startOperator(machines);

beforeAll(async () => {
  workspace = await twoNodeWorkspace(machines);
  operator.workspace = workspace.root;
  ({ transport } = hostsOf(machines, workspace));
  await editClusterFile(
    'services:\n',
    `services:
  kerberos:
    users: { alex: { password: secret:alex-kerberos } }
    services: [{ name: HTTP, node: masternode, keytab: /etc/http.keytab, owner: www-data }]
`,
  );
  await writeSecret(workspace.root, 'alex-kerberos', firstPassword);
  await writeSecret(workspace.root, 'kerberos-keys', source);
  await must(operator.vmstation('node', 'trust', '--yes'));
  found = [await picture(server), await picture(client)];
  // Time, and the names of the nodes.
  await must(operator.vmstation('setup', '--yes'));
});
afterAll(async () => {
  await transport.close();
  await rm(workspace.root, { recursive: true, force: true });
});

async function editClusterFile(text: string, replacement: string): Promise<void> {
  const file = join(workspace.root, 'vmstation.yaml');
  await writeFile(file, (await readFile(file, 'utf8')).replace(text, replacement));
}

async function must(ended: Promise<Ended>): Promise<string> {
  const { exitCode, text } = await ended;
  expect(exitCode, text).toBe(0);
  return text;
}

const config = (...args: readonly string[]) => operator.vmstation('config', 'apply', '--tags', 'kerberos', ...args);

/** What the role may change on a node, as it is found. */
function picture(node: string): Promise<string> {
  return onNode(
    transport,
    node,
    String.raw`ls -d /etc/krb5* /var/lib/krb5kdc /etc/http.keytab 2>/dev/null || :; ls /etc/ssh/sshd_config.d /etc/ssh/ssh_config.d
    dpkg-query -W -f='\${Package} \${Status}\n' | grep ^krb5 || :; getent passwd alex || :; sshd -T | grep -i gssapi`,
  );
}

/** Every file of the role, with what a write would change, and the KDC's own record of its principals. */
function written(node: string): Promise<string> {
  return onNode(
    transport,
    node,
    `for f in /etc/krb5.conf /etc/krb5.keytab ${sshdDropIn} /etc/ssh/ssh_config.d/20-vmstation-kerberos.conf /etc/krb5kdc/kdc.conf /etc/krb5kdc/stash /etc/http.keytab; do
      if [ -e $f ]; then stat -c "%n %i %y %a %U:%G" $f; sha256sum $f; fi
    done
    if command -v kdb5_util >/dev/null; then kdb5_util tabdump -H keyinfo; kdb5_util tabdump -H princ_meta; fi`,
  );
}

/** As an ordinary user of the client, with a ticket for a password; what went wrong comes as the exit status at the end. */
async function asAlex(
  script: string,
  password: string = firstPassword,
  input: readonly string[] = [],
): Promise<string> {
  const { stdout, stderr } = await transport.run(client, {
    argv: [
      'sh',
      '-c',
      `cd /; runuser -u alex -- sh -c 'kinit alex >/dev/null || exit; ${script}; kdestroy' 2>&1; echo "[$?]"`,
    ],
    stdin: [password, ...input, ''].join('\n'),
    elevate: true,
    timeoutMs: 60_000,
  });
  return `${Buffer.from(stdout).toString()}${stderr}`;
}

test('Kerberos comes up, and a second run writes nothing', async () => {
  await must(config('--yes'));
  const before = [await written(server), await written(client)];
  expect(await must(config('--yes'))).toContain('4 unchanged');
  expect([await written(server), await written(client)]).toEqual(before);
});

test('a declared principal gets a ticket, and a wrong password none', async () => {
  expect(await asAlex('klist')).toContain('Default principal: alex@HOME.ARPA');
  expect(await asAlex('klist', 'wrong')).toMatch(/Password incorrect[^]*\[1\]\n$/);
});

test('a ticket logs in by SSH from one machine to the other, without a key or a password', async () => {
  const ssh = 'ssh -o BatchMode=yes -o StrictHostKeyChecking=accept-new -o PreferredAuthentications=gssapi-with-mic';
  const login = await asAlex(`${ssh} -q ${server} "id -un; hostname"; ${ssh} -q ${server}.home.arpa hostname`);
  expect(login).toBe(`alex\n${server}\n${server}\n[0]\n`);
  const without = `cd /; runuser -u alex -- ${ssh} ${server} id 2>&1 || echo "[$?]"`;
  expect(await onNode(transport, client, without)).toMatch(/Permission denied[^]*\[255\]\n$/);
});

test('a service takes tickets with the key in a file of its own', async () => {
  expect(await onNode(transport, server, 'stat -c "%U %a" /etc/http.keytab')).toBe('www-data 600\n');
  expect(await asAlex(`kvno HTTP/${server}.home.arpa`)).toContain('kvno = 1');
  const own = `runuser -u www-data -- kinit -k -t /etc/http.keytab -c MEMORY: HTTP/${server}.home.arpa`;
  await onNode(transport, server, own);
});

const ofClient = `host/${client}.home.arpa`;
test.each([
  [
    'a tampered keytab, a host with a key that the KDC drew, a deleted user, an sshd that takes no tickets',
    `printf x >>/etc/krb5.keytab; rm ${sshdDropIn}`,
    `kadmin.local cpw -randkey ${ofClient}; kadmin.local delprinc -force alex`,
    ['file:/etc/krb5.keytab', `file:${sshdDropIn}`, 'key version', 'kerberos-principal:alex@HOME.ARPA'],
  ],
  [
    'a keytab that is empty and open, a deleted host, a removed stash, a KDC that was stopped',
    ': >/etc/krb5.keytab; chmod 0644 /etc/krb5.keytab',
    `kadmin.local delprinc -force ${ofClient}; rm /etc/krb5kdc/stash; systemctl stop krb5-kdc`,
    ['file:/etc/krb5.keytab', `kerberos-principal:${ofClient}@HOME.ARPA`, 'command:kerberos-stash', 'krb5-kdc.service'],
  ],
])('%s: each is a difference, and is repaired', async (_what, onClient, onServer, named) => {
  await onNode(transport, client, onClient);
  await onNode(transport, server, onServer);
  const shown = await config('--dry-run', '--json');
  expect(shown.exitCode, shown.text).toBe(2);
  for (const one of named) expect(shown.text).toContain(one);
  await must(config('--yes'));
  // The KDC comes up again with what it has on disk now.
  await onNode(transport, server, 'systemctl restart krb5-kdc');
  await must(config('--dry-run'));
  expect(await asAlex(`kvno ${ofClient}`)).toContain('kvno = 1');
});

test('a password that its owner changed stays; one that changed in the workspace is set', async () => {
  const own = 'of their own';
  const changed = await asAlex('kpasswd', firstPassword, [firstPassword, own, own]);
  expect(changed).toContain('Password changed.');
  await must(config('--dry-run'));
  expect(await asAlex('klist', own)).toContain('alex@HOME.ARPA');
  await writeSecret(workspace.root, 'alex-kerberos', secondPassword);
  await must(config('--yes'));
  expect(await asAlex('klist', own)).toContain('Password incorrect');
  expect(await asAlex('klist', secondPassword)).toContain('alex@HOME.ARPA');
});

test('the next key version gives hosts and services new keys, and the file keeps the one before', async () => {
  await editClusterFile('  kerberos:\n', '  kerberos:\n    key-version: 2\n');
  await must(config('--yes'));
  const versions = await onNode(
    transport,
    client,
    String.raw`klist -k /etc/krb5.keytab | awk 'NR > 3 { print $1 }' | tr '\n' ' '`,
  );
  expect(versions).toBe('2 2 1 1 ');
  expect(await asAlex(`kvno ${ofClient}`, secondPassword)).toContain('kvno = 2');
  await must(config('--dry-run'));
});

test('no secret is anywhere but where it belongs', async () => {
  const secrets = [firstPassword, secondPassword, source];
  const search = `f=$(mktemp -p /dev/shm); cat >"$f"
    grep -rlF -f "$f" /var/lib /var/log /etc /run /tmp /var/tmp /root /home 2>/dev/null || :
    if journalctl --no-pager -q | grep -F -f "$f"; then :; fi; rm "$f"`;
  for (const node of [server, client]) {
    const stdin = `${secrets.join('\n')}\n`;
    const { stdout } = await transport.run(node, {
      argv: ['sh', '-c', search],
      stdin,
      elevate: true,
      timeoutMs: 60_000,
    });
    expect(Buffer.from(stdout).toString()).toBe('');
  }
  const arguments_ = ['-rlF', ...secrets.flatMap((one) => ['-e', one]), workspace.root];
  const here = await new Promise((resolve) => void execFile('grep', arguments_, (_error, stdout) => resolve(stdout)));
  expect(here).toBe('');
});

test('rollback of the run that changed a password gives the one before back', async () => {
  await writeSecret(workspace.root, 'alex-kerberos', 'soon taken back');
  const events = (await must(config('--yes', '--json'))).trim().split('\n');
  const runs = events.map((line) => (JSON.parse(line) as { runId?: string }).runId).filter((id) => id !== undefined);
  expect(await asAlex('klist', 'soon taken back')).toContain('alex@HOME.ARPA');
  await must(operator.vmstation('config', 'rollback', runs[0] ?? '', '--yes'));
  expect(await asAlex('klist', secondPassword)).toContain('alex@HOME.ARPA');
});

test('uninstall takes it away; the home of a user who logged in elsewhere is left until somebody has looked', async () => {
  const left = await operator.vmstation('uninstall', client, '--yes', '--node-name', client);
  expect(left.exitCode, left.text).toBe(1);
  expect(left.text).toMatch(/user:alex: \/home\/alex\/\.ssh came after the account was made/);
  await onNode(transport, client, 'rm -r /home/alex/.ssh');
  for (const [index, node] of [server, client].entries()) {
    await must(operator.vmstation('uninstall', node, '--yes', '--node-name', node));
    expect(await picture(node)).toBe(found[index]);
  }
});

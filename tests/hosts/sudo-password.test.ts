import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Resource, Secret, type Transport } from '@vmstation/core';
import { createHost } from '@vmstation/host';
import { openSshTransport } from '@vmstation/remote';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { ownMachines } from './own-machines.ts';
import { onNode } from './two-node-workspace.ts';

// A machine whose sudo asks for a password, as Debian's installer leaves it: the user is in the group sudo, and has a password.

const machines = await ownMachines(['masternode']);
const node = 'masternode';
const { user } = machines;
/** Everything that a shell, csh, printf, PAM or a pattern could trip over. */
const password = `PLANTED pass 'w"ord $HOME \\n %p%% !*[a] -é-\u{1F5A5}\t`;
const inspector = 'inspector';

let folder: string;
let root: Transport;
const opened: Transport[] = [];
const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8');

/** A way of its own to the machine: as the user who has a password, or as somebody who looks at it. */
async function open(as: string, given?: string): Promise<Transport> {
  const configFile = join(folder, `ssh_config-${as}`);
  await writeFile(configFile, `Host *\n  User ${as}\n${await readFile(machines.sshConfigFile, 'utf8')}`);
  const transport = openSshTransport({
    nodes: {},
    knownHostsFile: machines.knownHostsFile,
    controlDir: join(folder, `c${opened.length}`),
    configFile,
    ...(given === undefined ? {} : { sudoPassword: async () => ({ name: 'sudo', value: new Secret(given) }) }),
  });
  opened.push(transport);
  return transport;
}

const asRoot = (script: string): Promise<string> => onNode(root, node, script);
const elevated = { elevate: true, timeoutMs: 120_000 } as const;
/** Sent as every script of the product is. */
const script = { argv: ['sh', '-s'], stdin: 'id -un; echo said >&2; touch /srv/ran; exit 3\n', ...elevated };
const refusalOf = (way: Transport): Promise<unknown> =>
  way.run(node, script).then(
    () => 'it ran',
    (error: unknown) => error,
  );
/** How often PAM was given a wrong password since the last time that somebody asked. */
async function failures(): Promise<number> {
  const since = 'cursor=/run/failures; journalctl -q --no-pager --cursor-file=$cursor -t sudo';
  return Number(await asRoot(`${since} | grep -c 'pam_unix(sudo:auth): authen''tication failure' || :`));
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vmstation-sudo-'));
  const first = await open(user);
  await onNode(
    first,
    node,
    `useradd -m -s /bin/bash ${inspector}; cp -r /home/${user}/.ssh /home/${inspector}/; chown -R ${inspector}: /home/${inspector}/.ssh
    echo '${inspector} ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/${inspector}`,
  );
  const set = { argv: ['chpasswd'], stdin: `${user}:${password}\n`, ...elevated };
  if ((await first.run(node, set)).exitCode !== 0) throw new Error('no password was set');
  root = await open(inspector);
  await asRoot(`rm -f /etc/sudoers.d/lab*; gpasswd -a ${user} sudo`);
});
afterAll(async () => {
  await Promise.all(opened.map((one) => one.close()));
  await rm(folder, { recursive: true, force: true });
});
beforeEach(async () => {
  await asRoot('rm -rf /etc/sudoers.d/zz-* /run/sudo/ts/* /srv/ran');
  await failures();
});

const sudoers = (lines: string): Promise<string> =>
  asRoot(`printf '%s\\n' '${lines}' >/etc/sudoers.d/zz-test; visudo -cf /etc/sudoers.d/zz-test`);

test('the right password: one round trip, the script as root, its own output, and no login that sudo remembers', async () => {
  const way = await open(user, password);
  const { exitCode, stdout, stderr } = await way.run(node, script);
  expect([exitCode, textOf(stdout), stderr]).toEqual([3, 'root\n', 'said\n']);
  expect(way.counters).toEqual({ roundTrips: 1, connections: 1 });
  expect(await asRoot(`ls /run/sudo/ts | grep -c '^${user}$' || :`)).toBe('0\n');
  const bytes = new Uint8Array(1 << 20).map((_, index) => (index * 7 + (index >> 8)) % 256);
  const back = await way.run(node, { argv: ['cat'], stdin: bytes, ...elevated });
  expect(Buffer.compare(back.stdout, bytes)).toBe(0);
  const none = await way.run(node, { argv: ['cat'], ...elevated });
  expect([none.exitCode, textOf(none.stdout)]).toEqual([0, '']);
});

test('check, apply and drift over it take as many round trips as without a password', async () => {
  const resources: readonly Resource[] = [
    { kind: 'file', path: '/etc/motd', content: 'sudo with a password\n', mode: '0644' },
    { kind: 'sysctl', key: 'net.ipv4.ip_forward', value: '1' },
  ];
  const way = await open(user, password);
  const host = createHost({ transport: way, clock: { now: () => new Date() } });
  const report = await host.apply({ node, runId: 'with-password', resources });
  expect(report.resources.map(({ outcome }) => outcome)).toContain('changed');
  const before = way.counters.roundTrips;
  const clean = await host.check(node, resources);
  expect([...clean.resources.values()].map(({ state }) => state)).toEqual(['equal', 'equal']);
  expect(way.counters.roundTrips - before).toBe(1);
  await asRoot('echo other >/etc/motd');
  const drifted = await host.check(node, resources);
  expect([...drifted.resources.values()].map(({ state }) => state)).toEqual(['differs', 'equal']);
  await host.apply({ node, runId: 'repaired', resources });
  expect((await host.rollback(node, 'repaired')).failed).toEqual([]);
  expect(await asRoot('cat /etc/motd')).toBe('other\n');
});

test('a wrong password is tried once, at once, by however many commands; no line of a script is tried', async () => {
  const way = await open(user, 'PLANTED wrong');
  const refusals = await Promise.all([refusalOf(way), refusalOf(way), refusalOf(way)]);
  for (const refusal of refusals)
    expect(refusal).toMatchObject({ code: 'ssh/sudo-password', kind: 'user', tryThis: 'vmstation secret set sudo' });
  expect(await refusalOf(way)).toMatchObject({ code: 'ssh/sudo-password' });
  expect(await failures()).toBe(1);
  expect(await asRoot('ls /srv')).toBe('');
});

test('without a password the refusal names the command that gives one', async () => {
  const refusal = await refusalOf(await open(user));
  expect(refusal).toMatchObject({
    code: 'ssh/no-sudo',
    tryThis: expect.stringMatching(/^vmstation secret set sudo, /),
  });
});

test('a sudo that does not ask gets no password, neither as input nor as a line of the script', async () => {
  await sudoers(`${user} ALL=(ALL) NOPASSWD: ALL`);
  const way = await open(user, password);
  expect(textOf((await way.run(node, { argv: ['cat'], stdin: 'input', ...elevated })).stdout)).toBe('input');
  expect(await way.run(node, script)).toMatchObject({ exitCode: 3, stderr: 'said\n' });
});

test('a login that sudo remembers is no password: a wrong one is still refused', async () => {
  await sudoers('Defaults timestamp_type=global');
  const way = await open(user);
  const remember = { argv: ['sudo', '-S', '-p', '', 'true'], stdin: `${password}\n`, timeoutMs: 60_000 };
  expect(await way.run(node, remember)).toMatchObject({ exitCode: 0 });
  expect(await way.run(node, script)).toMatchObject({ exitCode: 3 });
  await asRoot('rm -f /srv/ran');
  expect(await refusalOf(await open(user, 'PLANTED wrong'))).toMatchObject({ code: 'ssh/sudo-password' });
  expect(await way.run(node, { argv: ['test', '-e', '/srv/ran'], timeoutMs: 60_000 })).toMatchObject({ exitCode: 1 });
  expect(await (await open(user, password)).run(node, script)).toMatchObject({ exitCode: 3, stderr: 'said\n' });
});

test('a terminal of its own, a lecture, a log of the input and a single try change nothing', async () => {
  await sudoers('Defaults use_pty, lecture=always, log_input, log_output, passwd_tries=1');
  const { exitCode, stdout, stderr } = await (await open(user, password)).run(node, script);
  expect([exitCode, textOf(stdout), stderr]).toEqual([3, 'root\n', 'said\n']);
  expect(await asRoot("grep -rlaF 'PLAN''TED' /var/log/sudo-io || :")).toBe('');
  expect(await refusalOf(await open(user, 'PLANTED wrong'))).toMatchObject({ code: 'ssh/sudo-password' });
  expect(await failures()).toBe(1);
});

test('a sudo for terminals only, and a user without the right, are told as what they are', async () => {
  await sudoers('Defaults requiretty');
  // The inspector's sudo wants a terminal as well now: script(1) gives it one.
  const inspect = ['script', '-qec', 'sudo rm /etc/sudoers.d/zz-test', '/dev/null'];
  const terminal = await refusalOf(await open(user, password));
  expect(await root.run(node, { argv: inspect, timeoutMs: 60_000 })).toMatchObject({ exitCode: 0 });
  expect(terminal).toMatchObject({ code: 'ssh/no-sudo', message: expect.stringContaining('must have a tty') });
  await asRoot(`gpasswd -d ${user} sudo`);
  const without = await refusalOf(await open(user, password));
  await asRoot(`gpasswd -a ${user} sudo`);
  expect(without).toMatchObject({ code: 'ssh/no-sudo', message: expect.stringContaining('not in the sudoers file') });
});

test('an expired password is told, and what stands in the script does not become the new one', async () => {
  // sshd refuses a new connection of such a user; one that is open goes on.
  const way = await open(user, password);
  await way.run(node, { argv: ['true'], timeoutMs: 60_000 });
  const before = await asRoot(`grep ^${user}: /etc/shadow | cut -d: -f2; chage -d 0 ${user}`);
  const refusal = await refusalOf(way);
  const after = await asRoot(`grep ^${user}: /etc/shadow | cut -d: -f2; chage -d 2026-01-01 ${user}`);
  expect(refusal).toMatchObject({ code: 'ssh/sudo-password', message: expect.stringContaining('renewed') });
  expect(after).toBe(before);
  expect(await asRoot('ls /srv')).toBe('');
});

test('the password stands in no file, no log and no record of the machine', async () => {
  const holders = await asRoot(
    `find / -xdev -type f ! -path '/proc/*' ! -path '/sys/*' -size -16M -print0 | xargs -0 grep -laF 'PLAN''TED' 2>/dev/null || :
    find /run /tmp /dev/shm -type f -print0 | xargs -0 -r grep -laF 'PLAN''TED' 2>/dev/null || :`,
  );
  expect(holders).toBe('');
  expect(await asRoot("journalctl --no-pager -q -o export | grep -caF 'PLAN''TED' || :")).toBe('0\n');
});

import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RemoteCommand, Secret } from '@vmstation/core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { controlPathOf, sshOptions } from './ssh-options.ts';
import { openSshTransport } from './ssh-transport.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vmstation-ssh-'));
  writeFileSync(join(folder, 'known_hosts'), 'homelab ssh-ed25519 AAAA\n');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A transport over a program of ours in the place of ssh; it sees the arguments that ssh would. */
function transportOver(script: string, user = 'root', password?: string, keepConnections = false) {
  const sshBinary = join(folder, 'ssh');
  const answerG = `case " $* " in *' -G '*) echo 'user ${user}'; exit 0;; *' -O exit '*) echo "exit" >>"${folder}/calls"; exit 0;; esac`;
  writeFileSync(sshBinary, `#!/bin/sh\n${answerG}\n${script}\n`);
  chmodSync(sshBinary, 0o755);
  return openSshTransport({
    nodes: { homelab: { address: '192.168.4.62', user, port: 2222, identityFile: '/k/id' } },
    knownHostsFile: join(folder, 'known_hosts'),
    controlDir: join(folder, 'control'),
    sshBinary,
    keepConnections,
    ...(password === undefined
      ? {}
      : { sudoPassword: async () => ({ name: 'homelab-sudo', value: new Secret(password) }) }),
  });
}
const command = { argv: ['true'], timeoutMs: 5000 };
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

test('the remote shell gets one quoted command line', async () => {
  const transport = transportOver(`for last; do :; done; printf '%s' "$last"`);
  const { stdout } = await transport.run('homelab', { ...command, argv: ['printf', "it's", '$x'] });
  expect(Buffer.from(stdout).toString()).toBe(`printf 'it'\\''s' '$x'`);
});

test('elevation is sudo for a user and nothing for root', async () => {
  const line = `for last; do :; done; printf '%s' "$last"`;
  const elevated = { ...command, elevate: true };
  expect(Buffer.from((await transportOver(line, 'ops').run('homelab', elevated)).stdout).toString()).toBe(
    'sudo -n -- true',
  );
  expect(Buffer.from((await transportOver(line, 'root').run('homelab', elevated)).stdout).toString()).toBe('true');
});

test.each([
  ['', false],
  ['# homelab ssh-ed25519 AAAA\nothers ssh-ed25519 AAAA', false],
  ['others,homelab ssh-ed25519 AAAA', true],
  ['@cert-authority * ssh-ed25519 AAAA', true],
  ['|1|c2FsdA==|aGFzaA== ssh-ed25519 AAAA', true],
])('with known hosts %j the machine is contacted: %s', async (lines, contacted) => {
  writeFileSync(join(folder, 'known_hosts'), lines);
  const run = transportOver(`echo called >>"${folder}/calls"`).run('homelab', command);
  const ended = await run.then(
    () => 'ran',
    (error: { readonly code: string }) => error.code,
  );
  expect(ended).toBe(contacted ? 'ran' : 'ssh/host-key-unknown');
  expect(existsSync(join(folder, 'calls'))).toBe(contacted);
});

test('stdin and stdout carry any byte', async () => {
  const bytes = new Uint8Array(70_000).map((_, index) => index % 256);
  const { stdout } = await transportOver('exec cat').run('homelab', { ...command, stdin: bytes });
  expect(Buffer.compare(Buffer.from(stdout), Buffer.from(bytes))).toBe(0);
});

test('a connection that was reset before the session is tried once more', async () => {
  const transport = transportOver(`echo x >>"${folder}/tries"
if [ "$(wc -l <"${folder}/tries")" -lt 2 ]; then echo 'kex_exchange_identification: Connection reset by peer' >&2; exit 255; fi; echo ok`);
  expect(Buffer.from((await transport.run('homelab', command)).stdout).toString()).toBe('ok\n');
});

test('a node that refuses the key of the workspace is offered the operator’s, from then on at once', async () => {
  const transport =
    transportOver(`case " $* " in *' -i '*) echo own >>"${folder}/tries"; echo 'ops@h: Permission denied (publickey).' >&2; exit 255;; esac
echo operator >>"${folder}/tries"; echo ok`);
  await transport.run('homelab', command);
  await transport.run('homelab', command);
  expect(readFileSync(join(folder, 'tries'), 'utf8')).toBe('own\noperator\noperator\n');
});

test('a node that refuses all keys is asked with each once', async () => {
  const transport = transportOver(
    `echo x >>"${folder}/tries"; echo 'ops@h: Permission denied (publickey).' >&2; exit 255`,
  );
  await expect(transport.run('homelab', command)).rejects.toMatchObject({ code: 'ssh/permission-denied' });
  expect(readFileSync(join(folder, 'tries'), 'utf8')).toBe('x\nx\n');
});

test('a connection that was lost later is not tried again', async () => {
  const transport = transportOver(
    `echo x >>"${folder}/tries"; echo 'Connection to h closed by remote host.' >&2; exit 255`,
  );
  await expect(transport.run('homelab', command)).rejects.toMatchObject({ code: 'ssh/connection-lost' });
  expect(readFileSync(join(folder, 'tries'), 'utf8')).toBe('x\n');
});

test('a command has a deadline of its own', async () => {
  await expect(transportOver('exec sleep 60').run('homelab', { ...command, timeoutMs: 150 })).rejects.toMatchObject({
    code: 'ssh/timeout',
    kind: 'unreachable',
  });
});

test('the operator can stop a command', async () => {
  const signal = AbortSignal.timeout(150);
  await expect(transportOver('exec sleep 60').run('homelab', { ...command, signal })).rejects.toMatchObject({
    code: 'ssh/interrupted',
    kind: 'interrupted',
  });
});

test('without an ssh client the error says so', async () => {
  const transport = openSshTransport({
    nodes: { homelab: { address: '192.168.4.62' } },
    knownHostsFile: join(folder, 'known_hosts'),
    controlDir: folder,
    sshBinary: join(folder, 'nowhere', 'ssh'),
  });
  await expect(transport.run('homelab', command)).rejects.toMatchObject({ code: 'ssh/client-missing' });
});

test('commands that come together wait for the first one to open the connection', async () => {
  const transport = transportOver(`for word; do case $word in ControlPath=*) socket=\${word#ControlPath=};; esac; done
if [ ! -e "$socket" ]; then echo opened >>"${folder}/calls"; sleep 0.2; : >"$socket"; sleep 0.1; else echo shared >>"${folder}/calls"; fi`);
  await Promise.all(Array.from({ length: 5 }, () => transport.run('homelab', command)));
  expect(readFileSync(join(folder, 'calls'), 'utf8').trim().split('\n').toSorted()).toEqual([
    'opened',
    ...Array(4).fill('shared'),
  ]);
  expect(transport.counters).toEqual({ roundTrips: 5, connections: 1 });
  await transport.close();
  expect(readFileSync(join(folder, 'calls'), 'utf8')).toContain('exit');
});

test('of many commands at once no more run on a connection than a server takes', async () => {
  const transport = transportOver(`for word; do case $word in ControlPath=*) socket=\${word#ControlPath=};; esac; done
: >"$socket"; mkdir "${folder}/at-work.$$"; ls -d "${folder}"/at-work.* | wc -l >>"${folder}/together"; sleep 0.2; rmdir "${folder}/at-work.$$"`);
  await Promise.all(Array.from({ length: 20 }, () => transport.run('homelab', { ...command, timeoutMs: 60_000 })));
  const together = readFileSync(join(folder, 'together'), 'utf8').trim().split('\n').map(Number);
  expect(together).toHaveLength(20);
  expect(Math.max(...together)).toBeGreaterThan(1);
  // MaxSessions is 10; the operator has sessions of their own.
  expect(Math.max(...together)).toBeLessThanOrEqual(6);
  expect(transport.counters.connections).toBe(1);
});

test('a fresh connection shares nothing', async () => {
  const transport = transportOver(`printf '%s\\n' "$@"`);
  const { stdout } = await transport.run('homelab', { ...command, freshConnection: true });
  expect(Buffer.from(stdout).toString()).toContain('ControlPath=none');
});

test('what is thrown for sudo without right is precise', async () => {
  const transport = transportOver(`echo 'sudo: a password is required' >&2; exit 1`, 'ops');
  await expect(transport.run('homelab', { ...command, elevate: true })).rejects.toMatchObject({
    code: 'ssh/no-sudo',
    kind: 'user',
  });
});

const settings = {
  nodes: { homelab: { address: '192.168.4.62', port: 2222, identityFile: '/k/id', user: 'ops' } },
  knownHostsFile: '/w s/.vmstation/known_hosts',
  controlDir: `/tmp/${'long/'.repeat(30)}`,
};

test('every connection is strict about host keys, which are kept by node name', () => {
  const options = sshOptions(settings, 'homelab', undefined);
  expect(options).toEqual(
    expect.arrayContaining([
      'StrictHostKeyChecking=yes',
      'UserKnownHostsFile="/w s/.vmstation/known_hosts"',
      'GlobalKnownHostsFile=/dev/null',
      'HostKeyAlias=homelab',
      'BatchMode=yes',
      '2222',
      '/k/id',
    ]),
  );
});

test('with an ssh_config of its own the destination comes from there', () => {
  const options = sshOptions({ ...settings, configFile: '/w/ssh_config' }, 'homelab', undefined);
  expect(options.slice(0, 2)).toEqual(['-F', '/w/ssh_config']);
  expect(options).not.toContain('/k/id');
});

test('a control path is short whatever the workspace is called, and its folder private', () => {
  const path = controlPathOf(settings, 'homelab');
  expect(path.length).toBeLessThan(100);
  expect(existsSync(join(path, '..'))).toBe(true);
  expect(controlPathOf({ ...settings, knownHostsFile: '/other' }, 'homelab')).not.toBe(path);
});

/** As sudo 1.9 with `-k -S -p PROMPT --`; the line goes to a shell, as sshd gives it to one. */
const askingSudo = `for line; do :; done
sudo() {
  shift 3; prompt=$1; shift 2; tries=0
  echo asked >>"$FOLDER/asked"
  while [ "$tries" -lt 3 ]; do
    printf %s "$prompt" >&2
    IFS= read -r given || { printf '\\nsudo: no password was provided\\nsudo: %s incorrect password attempt\\n' "$tries" >&2; return 1; }
    printf '%s\\n' "$given" >>"$FOLDER/given"
    [ "$given" = 'ge "heim' ] && { "$@"; return; }
    tries=$((tries + 1)); echo 'Sorry, try again.' >&2
  done
}
eval "$line"`;
const asking = () => askingSudo.replaceAll('$FOLDER', folder);
const script: RemoteCommand = {
  argv: ['sh', '-s'],
  stdin: 'echo done; echo said >&2; exit 3\n',
  elevate: true,
  timeoutMs: 20_000,
};

test('a password goes to sudo on the same connection and round trip, and the script after it to root', async () => {
  const transport = transportOver(asking(), 'ops', 'ge "heim');
  const { exitCode, stdout, stderr } = await transport.run('homelab', script);
  expect([exitCode, Buffer.from(stdout).toString(), stderr]).toEqual([3, 'done\n', 'said\n']);
  expect(await transport.run('homelab', { ...command, elevate: true })).toMatchObject({ exitCode: 0, stderr: '' });
  expect(transport.counters.roundTrips).toBe(2);
  expect(readFileSync(join(folder, 'given'), 'utf8')).toBe('ge "heim\nge "heim\n');
});

test('a wrong password is given once, whatever runs side by side and afterwards, and no line of the script is', async () => {
  const transport = transportOver(asking(), 'ops', 'wrong');
  const ends = await Promise.allSettled([1, 2, 3].map(() => transport.run('homelab', script)));
  for (const end of ends)
    expect(end).toMatchObject({ status: 'rejected', reason: { code: 'ssh/sudo-password', kind: 'user' } });
  await expect(transport.run('homelab', script)).rejects.toMatchObject({
    tryThis: 'vmstation secret set homelab-sudo',
  });
  expect(readFileSync(join(folder, 'given'), 'utf8')).toBe('wrong\n');
  expect(readFileSync(join(folder, 'asked'), 'utf8')).toBe('asked\n');
});

test('a login as root, and what needs no root, never ask for the password', async () => {
  const line = `for last; do :; done; printf '%s' "$last"`;
  const said = async (user: string, elevate: boolean) =>
    Buffer.from((await transportOver(line, user, 'x').run('homelab', { ...command, elevate })).stdout).toString();
  expect([await said('root', true), await said('ops', false)]).toEqual(['true', 'true']);
});

test('a connection that was kept and leads nowhere any more is ended, and a new one made', async () => {
  const keeping = {
    nodes: { homelab: { address: '192.168.4.62', user: 'root', port: 2222, identityFile: '/k/id' } },
    knownHostsFile: join(folder, 'known_hosts'),
    controlDir: join(folder, 'control'),
    keepConnections: true,
  };
  writeFileSync(controlPathOf(keeping, 'homelab'), '');
  // The first answers too late, the second lost its machine.
  for (const dead of ['exec sleep 30', 'exit 255']) {
    rmSync(join(folder, 'calls'), { force: true });
    const transport = transportOver(
      `echo run >>"${folder}/calls"; if [ "$(grep -c run "${folder}/calls")" -lt 2 ]; then ${dead}; fi; echo ok`,
      'root',
      undefined,
      true,
    );
    expect(text((await transport.run('homelab', { ...command, timeoutMs: 20_000 })).stdout)).toBe('ok\n');
    await transport.close();
    expect(readFileSync(join(folder, 'calls'), 'utf8')).toBe('run\nexit\nrun\n');
  }
});

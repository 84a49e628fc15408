import { appendFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError, type RemoteCommand, Secret } from '@vmstation/core';
import { sshKeygen } from '@vmstation/remote';
import { expect } from 'vitest';
import type { Contract } from '../contract-case.ts';
import {
  asRoot,
  between,
  hostOver,
  openTransport,
  otherSshConfig,
  type PortSubject,
  plentyMs,
  run,
  textOf,
} from './port-subject.ts';

/** Reaching machines: what goes in, what comes back, and what is said when it does not. */
export const transportContract: Contract<PortSubject> = {
  port: 'Transport',
  cases: [
    {
      title: 'every byte that can stand in an argument arrives as it is',
      async run(subject) {
        const nasty = `it's "$HOME" \\n \\' \\\\ * ;&|<>(){}[]~#! \n\t\r é \u{1F5A5} -n`;
        for (const word of [nasty, '', ' ', '-', "'", '\\', '\n', '!x'])
          expect(textOf((await run(subject, ['printf', '%s', word])).stdout)).toBe(word);
        expect(textOf((await run(subject, ['printf', '%s|', 'a b', '', 'c'])).stdout)).toBe('a b||c|');
      },
    },
    {
      title: 'all 256 bytes pass unharmed through stdin and stdout, a megabyte of them',
      async run(subject) {
        const bytes = new Uint8Array(1 << 20).map((_, index) => (index * 7 + (index >> 8)) % 256);
        const { stdout } = await run(subject, ['cat'], { stdin: bytes });
        expect(Buffer.compare(Buffer.from(stdout), Buffer.from(bytes))).toBe(0);
      },
    },
    {
      title: 'a program that does not read its input ends as it ends',
      async run(subject) {
        const stdin = new Uint8Array(4 << 20);
        expect(await run(subject, ['sh', '-c', 'exit 5'], { stdin })).toMatchObject({ exitCode: 5 });
      },
    },
    {
      title: 'without input a program reads the end at once',
      async run(subject) {
        expect(await run(subject, ['cat'])).toMatchObject({ exitCode: 0, stdout: Buffer.from('') });
      },
    },
    {
      title: 'stderr is kept apart, in full, however much there is of both',
      async run(subject) {
        const script = 'i=0; while [ $i -lt 3000 ]; do echo out-$i; echo err-$i >&2; i=$((i+1)); done; exit 3';
        const { exitCode, stdout, stderr } = await run(subject, ['sh', '-c', script]);
        const lines = (name: string) => Array.from({ length: 3000 }, (_, index) => `${name}-${index}\n`).join('');
        expect([exitCode, textOf(stdout), stderr]).toEqual([3, lines('out'), lines('err')]);
      },
    },
    {
      title: 'exit codes are told as they are, those of a missing and of a forbidden program too',
      async run(subject) {
        const codes: number[] = [];
        for (const code of [0, 1, 126, 254]) codes.push((await run(subject, ['sh', '-c', `exit ${code}`])).exitCode);
        codes.push((await run(subject, ['no-such-program'])).exitCode);
        codes.push((await run(subject, ['/etc/passwd'])).exitCode);
        expect(codes).toEqual([0, 1, 126, 254, 127, 126]);
      },
    },
    {
      title: 'a program that a signal ends is told as 128 and the signal below a shell, and never as success',
      async run(subject) {
        expect(await run(subject, ['sh', '-c', "sh -c 'kill -9 $$'; exit $?"])).toMatchObject({ exitCode: 137 });
        const ended = await run(subject, ['sh', '-c', 'kill -9 $$']).catch((error: unknown) => error);
        expect(ended).not.toMatchObject({ exitCode: 0 });
      },
    },
    {
      title: 'a program becomes root only when that was asked for',
      async run(subject) {
        const id = async (elevate: boolean) => textOf((await run(subject, ['id', '-un'], { elevate })).stdout).trim();
        expect([await id(false), await id(true)]).toEqual([subject.user, 'root']);
      },
    },
    {
      title: 'where sudo asks for a password the error says so, and nothing was run',
      run: (subject) =>
        asUser(subject, { shell: '/bin/bash', sudo: false }, async (own) => {
          const failure = run(own, ['touch', '/tmp/sent'], { elevate: true });
          await expect(failure).rejects.toMatchObject({ code: 'ssh/no-sudo' });
          expect(await run(subject, ['test', '-e', '/tmp/sent'])).toMatchObject({ exitCode: 1 });
        }),
    },
    {
      title: 'a sudo that asks gets its password and root the whole input, in one round trip',
      run: (subject) =>
        asUser(subject, { shell: '/bin/bash', sudo: 'with-password', gives: sudoSecret }, async (own) => {
          const bytes = new Uint8Array(200_000).map((_, index) => (index * 7 + (index >> 8)) % 256);
          const { stdout, stderr } = await run(own, ['cat'], { elevate: true, stdin: bytes });
          expect([Buffer.compare(Buffer.from(stdout), Buffer.from(bytes)), stderr]).toEqual([0, '']);
          const script = { elevate: true, stdin: 'id -un; echo said >&2; exit 3\n' };
          const ended = await run(own, ['sh', '-s'], script);
          expect([ended.exitCode, textOf(ended.stdout), ended.stderr]).toEqual([3, 'root\n', 'said\n']);
          expect(await run(own, ['id', '-u'], { elevate: true, freshConnection: true })).toMatchObject({ exitCode: 0 });
          expect(own.transport.counters).toEqual({ roundTrips: 3, connections: 2 });
        }),
    },
    {
      title: 'a sudo that does not ask gets no password, and root the input alone',
      run: (subject) =>
        asUser(subject, { shell: '/bin/bash', sudo: true, gives: sudoSecret }, async (own) => {
          expect(textOf((await run(own, ['cat'], { elevate: true, stdin: 'input' })).stdout)).toBe('input');
        }),
    },
    {
      title: 'a password that sudo does not take has an error of its own, and nothing was run',
      run: (subject) =>
        asUser(subject, { shell: '/bin/bash', sudo: 'with-password', gives: 'wrong' }, async (own) => {
          const failure = run(own, ['touch', '/tmp/sent'], { elevate: true });
          await expect(failure).rejects.toMatchObject({ code: 'ssh/sudo-password', kind: 'user' });
          expect(await run(subject, ['test', '-e', '/tmp/sent'])).toMatchObject({ exitCode: 1 });
        }),
    },
    {
      title: 'a key that the machine does not know is refused as such',
      async run(subject) {
        const key = join(subject.folder, 'other-key');
        await sshKeygen(key, 'other');
        const configFile = await otherSshConfig(subject, 'key', { IdentityFile: key, IdentitiesOnly: 'yes' });
        await failsWith(subject, { configFile }, { code: 'ssh/permission-denied', kind: 'user' });
      },
    },
    {
      title: 'a user whom the machine does not have is refused as such',
      async run(subject) {
        const configFile = await otherSshConfig(subject, 'user', { User: 'nobody-here' });
        await failsWith(subject, { configFile }, { code: 'ssh/permission-denied', kind: 'user' });
      },
    },
    {
      title: 'another host key than the trusted one stops before anything is sent',
      async run(subject) {
        const key = await sshKeygen(join(subject.folder, 'host-key'), 'host');
        const knownHostsFile = join(subject.folder, 'known_hosts-changed');
        const [type = '', base64 = ''] = key.publicKey.split(' ');
        await writeFile(knownHostsFile, `${subject.node} ${type} ${base64}\n`);
        await failsWith(subject, { knownHostsFile }, { code: 'ssh/host-key-changed', kind: 'refused' });
      },
    },
    {
      title: 'a machine whose host key nobody trusted yet is refused, and the command that trusts it named',
      async run(subject) {
        const knownHostsFile = join(subject.folder, 'known_hosts-none');
        await appendFile(knownHostsFile, '');
        const said = { code: 'ssh/host-key-unknown', tryThis: `vmstation node trust ${subject.node}` };
        await failsWith(subject, { knownHostsFile }, said);
      },
    },
    {
      title: 'a closed port is unreachable',
      async run(subject) {
        const configFile = await otherSshConfig(subject, 'port', { Port: '1' });
        await failsWith(subject, { configFile }, { code: 'ssh/unreachable', kind: 'unreachable', retryable: true });
      },
    },
    {
      title: 'a machine without sshd is unreachable, and the shared connection lives on',
      run: (subject) =>
        between(subject, { before: `systemctl stop ${sshUnits}`, after: `systemctl start ${sshUnits}` }, async () => {
          await expect(run(subject, ['true'], { freshConnection: true })).rejects.toMatchObject({
            code: 'ssh/unreachable',
          });
          expect(await run(subject, ['true'])).toMatchObject({ exitCode: 0 });
        }),
    },
    {
      title: 'a command that hangs ends at its own deadline, and the next one does not wait behind it',
      async run(subject) {
        const began = Date.now();
        await expect(run(subject, ['sleep', '60'], { timeoutMs: 700 })).rejects.toMatchObject({ code: 'ssh/timeout' });
        expect(await run(subject, ['true'])).toMatchObject({ exitCode: 0 });
        expect(Date.now() - began).toBeLessThan(30_000);
      },
    },
    {
      title: 'a command can be stopped in the middle, and the next one finds the connection as it was',
      async run(subject) {
        const stop = new AbortController();
        const { transport } = subject;
        const { connections } = transport.counters;
        const onStdout = () => stop.abort();
        const running = run(subject, ['sh', '-c', 'echo begun; sleep 60'], { signal: stop.signal, onStdout });
        await expect(running).rejects.toMatchObject({ code: 'ssh/interrupted', kind: 'interrupted' });
        expect(await run(subject, ['true'])).toMatchObject({ exitCode: 0 });
        expect(transport.counters.connections).toBe(connections);
      },
    },
    {
      title: 'what was stopped here goes on there: a node does not know that nobody listens any more',
      async run(subject) {
        const stop = new AbortController();
        const mark = `/tmp/contract-${process.pid}`;
        const script = `echo begun; sleep 1; touch ${mark}`;
        const running = run(subject, ['sh', '-c', script], { signal: stop.signal, onStdout: () => stop.abort() });
        await expect(running).rejects.toMatchObject({ code: 'ssh/interrupted' });
        const isThere = async () => (await run(subject, ['rm', mark])).exitCode;
        await expect.poll(isThere, { timeout: 60_000 }).toBe(0);
      },
    },
    {
      title: 'what is stopped before it began is never sent',
      async run(subject) {
        const before = subject.transport.counters.roundTrips;
        const signal = AbortSignal.abort();
        await expect(run(subject, ['true'], { signal })).rejects.toMatchObject({ code: 'ssh/interrupted' });
        expect(subject.transport.counters.roundTrips).toBe(before);
      },
    },
    {
      title: 'many commands at once share one connection, and a fresh one is asked for by name',
      async run(subject) {
        const transport = openTransport(subject, { controlDir: join(subject.folder, 'm') });
        const echo = async (index: number, more: Partial<RemoteCommand> = {}) =>
          textOf((await run({ ...subject, transport }, ['echo', String(index)], more)).stdout).trim();
        const heard = await Promise.all(Array.from({ length: 20 }, (_, index) => echo(index)));
        expect(heard).toEqual(Array.from({ length: 20 }, (_, index) => String(index)));
        expect(transport.counters).toEqual({ roundTrips: 20, connections: 1 });
        await echo(21, { freshConnection: true });
        expect(transport.counters.connections).toBe(2);
        await transport.close();
      },
    },
    {
      title: 'output is told as it comes',
      async run(subject) {
        const heard: string[] = [];
        const script = 'echo one; while [ ! -e /tmp/contract-go ]; do sleep 0.1; done; echo two';
        const onStdout = (chunk: Uint8Array) => heard.push(textOf(chunk));
        const running = run(subject, ['sh', '-c', script], { onStdout });
        await expect.poll(() => heard.join(''), { timeout: 60_000 }).toBe('one\n');
        await run(subject, ['touch', '/tmp/contract-go']);
        expect(textOf((await running).stdout)).toBe('one\ntwo\n');
        await run(subject, ['rm', '/tmp/contract-go']);
      },
    },
    {
      title: 'a login that prints a banner on stdout does not spoil what a check reads',
      run: (subject) =>
        asUser(subject, { shell: '/bin/bash', sudo: true, bashrc: 'echo Welcome; echo "@begin 1"' }, async (own) => {
          expect(textOf((await run(own, ['echo', 'x'])).stdout)).toBe('Welcome\n@begin 1\nx\n');
          const { facts } = await own.host.check(own.node, []);
          expect(facts.family).toBe('debian');
        }),
    },
    {
      title: 'a banner that sshd shows before login is no output',
      run: (subject) =>
        between(subject, { before: preLogin, after: noPreLogin }, async () => {
          // For a moment sshd, told to read its configuration again, takes no connections.
          const heard = async () => textOf((await run(subject, ['echo', 'x'], { freshConnection: true })).stdout);
          await expect.poll(() => heard().catch((error: unknown) => error), { timeout: 60_000 }).toBe('x\n');
        }),
    },
    {
      title: 'a login shell that lets nobody in is told in its own words, and never as success',
      run: (subject) =>
        asUser(subject, { shell: '/usr/sbin/nologin', sudo: false }, async (own) => {
          const { exitCode, stdout } = await run(own, ['echo', 'x']);
          expect([exitCode, textOf(stdout).trim()]).toEqual([1, 'This account is currently not available.']);
        }),
    },
    {
      title: 'a login shell that is not POSIX (tcsh) passes every argument on, and a check works over it',
      cannot: { embedded: 'shells of the lab are dash and bash; tcsh is only a name there' },
      run: (subject) =>
        between(subject, { before: install('tcsh'), after: remove('tcsh') }, () =>
          asUser(subject, { shell: '/bin/tcsh', sudo: 'with-password', gives: sudoSecret }, async (own) => {
            const word = `it's "$HOME" \\ !x\n\t\\' \\\\ * ;&|<>(){}[]~# é`;
            expect(textOf((await run(own, ['printf', '%s', word])).stdout)).toBe(word);
            expect(textOf((await run(own, ['sh', '-c', 'cat; exit 0'], { stdin: 'input' })).stdout)).toBe('input');
            const { facts } = await own.host.check(own.node, []);
            expect(facts.family).toBe('debian');
          }),
        ),
    },
    {
      title: 'a machine that reboots loses its connection, and is reached again when it is back',
      async run(subject) {
        const node = subject.sleeper;
        const bootId = () => asRoot(subject, 'cat /proc/sys/kernel/random/boot_id', node);
        const before = await bootId();
        await asRoot(subject, 'systemd-run --on-active=0.2 --timer-property=AccuracySec=10ms systemctl reboot', node);
        const now = () =>
          bootId().catch((error: unknown) => (error instanceof AppError ? before : Promise.reject(error)));
        await expect.poll(now, { timeout: 60_000, interval: 200 }).not.toBe(before);
      },
    },
  ],
};

const sshUnits = 'ssh.service';

async function failsWith(
  subject: PortSubject,
  settings: Parameters<typeof openTransport>[1],
  said: Readonly<Record<string, unknown>>,
): Promise<void> {
  const transport = openTransport(subject, { controlDir: join(subject.folder, 'f'), ...settings });
  const failure = transport.run(subject.node, { argv: ['touch', '/tmp/sent'], timeoutMs: plentyMs });
  await expect(failure).rejects.toMatchObject(said);
  await transport.close();
  expect(await run(subject, ['test', '-e', '/tmp/sent'])).toMatchObject({ exitCode: 1 });
}

const preLogin =
  'echo "Authorised use only" >/etc/issue.contract; echo "Banner /etc/issue.contract" >/etc/ssh/sshd_config.d/00-contract.conf; systemctl reload ssh';
const noPreLogin = 'rm /etc/issue.contract /etc/ssh/sshd_config.d/00-contract.conf; systemctl reload ssh';

const install = (name: string) => `DEBIAN_FRONTEND=noninteractive apt-get install -y -qq ${name}`;
const remove = (name: string) => `DEBIAN_FRONTEND=noninteractive apt-get purge -y -qq ${name}`;

/** What sudo asks the users of cases for: whatever a shell could trip over. */
const sudoSecret = `p 'w"ord $HOME \\n %p !*[a]`;

/** A user made for a case. */
interface UserOfCase {
  readonly shell: string;
  /** Whether the user may become root, and how. */
  readonly sudo: boolean | 'with-password';
  readonly bashrc?: string;
  /** What the transport gives sudo; left out: nothing. */
  readonly gives?: string;
}

/** The same machine, reached as a user made for the case. */
async function asUser(
  subject: PortSubject,
  { shell, sudo, bashrc, gives }: UserOfCase,
  body: (own: PortSubject) => Promise<void>,
): Promise<void> {
  const user = 'contract-user';
  const before = `useradd -m -s ${shell} ${user}
mkdir -m 700 /home/${user}/.ssh
cp /home/${subject.user}/.ssh/authorized_keys /home/${user}/.ssh/
chown -R ${user}:${user} /home/${user}/.ssh
${bashrc === undefined ? ':' : `echo '${bashrc}' >/home/${user}/.bashrc`}
${sudo === false ? ':' : `echo '${user} ALL=(ALL) ${sudo === true ? 'NOPASSWD: ' : ''}ALL' >/etc/sudoers.d/${user}; chmod 440 /etc/sudoers.d/${user}`}
chpasswd <<'E'
${user}:${sudoSecret}
E`;
  await between(subject, { before, after: `userdel -f -r ${user} || :; rm -f /etc/sudoers.d/${user}` }, async () => {
    const configFile = await otherSshConfig(subject, 'own-user', { User: user });
    const sudoPassword = async () => (gives === undefined ? undefined : { name: 'sudo', value: new Secret(gives) });
    const transport = openTransport(subject, { configFile, sudoPassword, controlDir: join(subject.folder, 'u') });
    try {
      await body({ ...subject, user, transport, host: hostOver(transport) });
    } finally {
      await transport.close();
    }
  });
}

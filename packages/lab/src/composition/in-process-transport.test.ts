import { type AppError, type RemoteCommand, Secret, type Transport } from '@vmstation/core';
import { beforeEach, expect, test } from 'vitest';
import { seededRandom } from '../clock/randomness.ts';
import { VirtualClock } from '../clock/virtual-clock.ts';
import { Machine } from '../machine/machine.ts';
import { inProcessTransport } from './in-process-transport.ts';

const publicKey = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl ops';

let clock: VirtualClock;
let machine: Machine;
let transport: Transport;
beforeEach(async () => {
  clock = new VirtualClock(Date.parse('2026-03-02T08:00:00Z'));
  machine = new Machine(
    {
      name: 'node1',
      face: 'debian-12',
      nics: [{ name: 'enp1s0', mac: '02:00:00:00:00:01', ip: '192.0.2.9' }],
      operator: { name: 'ops', authorizedKeys: [publicKey] },
    },
    { clock: clock.machines, random: seededRandom('transport') },
  );
  await clock.until(machine.begin(false));
  transport = inProcessTransport({
    machineOf: (node) => (node === 'node1' ? machine : undefined),
    loginOf: () => ({ user: 'ops', publicKey }),
    clock: clock.product,
  });
});

async function run(argv: readonly string[], more: Partial<RemoteCommand> = {}) {
  const { stdout, ...rest } = await clock.until(transport.run('node1', { argv, timeoutMs: 60_000, ...more }));
  return { ...rest, stdout: new TextDecoder().decode(stdout) };
}

async function failure(argv: readonly string[], more: Partial<RemoteCommand> = {}): Promise<string> {
  return clock.until(failureOf(argv, more));
}

async function failureOf(argv: readonly string[], more: Partial<RemoteCommand> = {}): Promise<string> {
  const asked = transport.run('node1', { argv, timeoutMs: 60_000, ...more });
  const error = await asked.catch((thrown: unknown) => thrown as AppError);
  return 'code' in error ? `${error.kind} ${error.code}` : `exit ${error.exitCode}`;
}

test('arguments, input, output and exit codes pass as they are', async () => {
  const nasty = `it's "$HOME" \\n * ;&|<>(){} \n é`;
  expect(await run(['printf', '%s', nasty])).toMatchObject({ exitCode: 0, stdout: nasty });
  expect(await run(['sh', '-c', 'cat; echo problem >&2; exit 7'], { stdin: 'in' })).toMatchObject({
    exitCode: 7,
    stdout: 'in',
    stderr: 'problem\n',
  });
  expect(await run(['no-such-program'])).toMatchObject({ exitCode: 127 });
  const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
  const { stdout } = await clock.until(transport.run('node1', { argv: ['cat'], stdin: bytes, timeoutMs: 1000 }));
  expect(Buffer.compare(stdout, bytes)).toBe(0);
});

test('elevation is sudo’s, and its refusal has its code', async () => {
  expect(await run(['id', '-un'])).toMatchObject({ stdout: 'ops\n' });
  expect(await run(['id', '-un'], { elevate: true })).toMatchObject({ stdout: 'root\n' });
  machine.setFaults({ noSudo: true });
  expect(await failure(['true'], { elevate: true })).toBe('user ssh/no-sudo');
});

test('a sudo that asks is given the password, once, and the script only as root', async () => {
  const password = `p "w' $x é`;
  expect(await run(['chpasswd'], { stdin: `ops:${password}\n`, elevate: true })).toMatchObject({ exitCode: 0 });
  const rule = ['sh', '-c', 'echo "ops ALL=(ALL) ALL" >/etc/sudoers.d/90-ops'];
  expect(await run(rule, { elevate: true })).toMatchObject({ exitCode: 0 });
  expect(await failure(['true'], { elevate: true })).toBe('user ssh/no-sudo');
  const open = (value: string) => {
    transport = inProcessTransport({
      machineOf: () => machine,
      loginOf: () => ({ user: 'ops', publicKey }),
      clock: clock.product,
      sudoPassword: async () => ({ name: 'sudo', value: new Secret(value) }),
    });
  };
  open(password);
  const script = { stdin: 'id -un; echo said >&2; exit 3\n', elevate: true };
  expect(await run(['sh', '-s'], script)).toMatchObject({ exitCode: 3, stdout: 'root\n', stderr: 'said\n' });
  expect(transport.counters).toEqual({ roundTrips: 1, connections: 1 });
  open('wrong');
  expect(await failure(['touch', '/srv/sent'], { elevate: true })).toBe('user ssh/sudo-password');
  expect(await run(['test', '-e', '/srv/sent'])).toMatchObject({ exitCode: 1 });
  open(password);
  machine.setFaults({ noSudo: true });
  expect(await failure(['true'], { elevate: true })).toBe('user ssh/no-sudo');
});

test('one connection serves many commands, and a fresh one is one more', async () => {
  await clock.until(
    Promise.all(Array.from({ length: 8 }, () => transport.run('node1', { argv: ['true'], timeoutMs: 1000 }))),
  );
  expect(transport.counters).toEqual({ roundTrips: 8, connections: 1 });
  await run(['true'], { freshConnection: true });
  expect(transport.counters.connections).toBe(2);
  await clock.advance(61_000);
  await run(['true']);
  expect(transport.counters.connections).toBe(3);
});

test('a key that was taken out lets nobody new in', async () => {
  await run(['true']);
  machine.files.write('/home/ops/.ssh/authorized_keys', '');
  expect(await run(['true'])).toMatchObject({ exitCode: 0 });
  expect(await failure(['true'], { freshConnection: true })).toBe('user ssh/permission-denied');
});

test('an unreachable, a silent and a sleeping machine are unreachable; silence takes the connect timeout of virtual time', async () => {
  machine.setFaults({ unreachable: true });
  expect(await failure(['true'])).toBe('unreachable ssh/unreachable');
  for (const quieten of [() => machine.setFaults({ silent: true }), () => machine.suspend()]) {
    quieten();
    const before = clock.now();
    expect(await failure(['true'])).toBe('unreachable ssh/unreachable');
    expect(clock.now() - before).toBe(10_000);
    machine.setFaults({});
  }
});

test('a command that outlives its deadline, the machine’s power or a cut wire says so', async () => {
  expect(await failure(['sleep', '100'], { timeoutMs: 5000 })).toBe('unreachable ssh/timeout');
  const slept = failureOf(['sleep', '100']);
  void clock.machines.sleep(10).then(() => machine.suspend());
  expect(await clock.until(slept)).toBe('unreachable ssh/connection-lost');
  await clock.until(machine.wake());
  machine.setFaults({ cutAfterBytes: { bytes: 3, times: 1 } });
  expect(await failure(['echo', 'four'])).toBe('unreachable ssh/connection-lost');
  expect(await failure(['echo', 'four'])).toBe('exit 0');
});

test('an interrupted command ends as interrupted; an unknown node is nobody', async () => {
  const stop = new AbortController();
  const interrupted = failureOf(['sleep', '100'], { signal: stop.signal });
  void clock.machines.sleep(10).then(() => stop.abort(new Error('enough')));
  expect(await clock.until(interrupted)).toBe('interrupted ssh/interrupted');
  const nobody = transport.run('nobody', { argv: ['true'], timeoutMs: 1000 });
  await expect(nobody).rejects.toMatchObject({ code: 'ssh/node-unknown' });
});

import { createSocket } from 'node:dgram';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { OwnMachines } from '../../hosts/own-machines.ts';
import { asRoot, openTransport, type PortSubject, portSubject, type SubjectAccess, textOf } from './port-subject.ts';

/** Real machines, reached as the product reaches them. */
export async function openHostsSubject(
  machines: OwnMachines,
): Promise<{ subject: PortSubject; stop(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'vmp-'));
  const [node = '', sleeper = ''] = machines.machines.map(({ name }) => name);
  const access: Omit<SubjectAccess, 'holdPackageLock'> = {
    node,
    sleeper,
    user: machines.user,
    sshConfigFile: machines.sshConfigFile,
    knownHostsFile: machines.knownHostsFile,
    folder,
    freePackage: 'wget',
    power: {
      read: () => Promise.reject(new Error('these machines have no lab process that could be asked')),
      wake: (name) => sendMagicPacket(machines, name),
    },
  };
  const holdPackageLock = () => holdDpkgLock(subject);
  const subject: PortSubject = portSubject({ ...access, holdPackageLock });
  const stop = async () => {
    await subject.transport.close();
    await rm(folder, { recursive: true, force: true });
  };
  // Once for all cases: a bare machine has no package index.
  await asRoot(subject, 'echo force-unsafe-io >/etc/dpkg/dpkg.cfg.d/contract; apt-get update -qq');
  return { subject, stop };
}

/** To the broadcast address of the lab's own network, as a station on it would send it. */
export async function sendMagicPacket({ machines, range, gateway }: OwnMachines, name: string): Promise<void> {
  const mac = machines
    .find((machine) => machine.name === name)
    ?.mac.split(':')
    .map((pair) => Number.parseInt(pair, 16));
  if (mac === undefined) throw new Error(`no machine is called ${name}`);
  const packet = Uint8Array.from([...Array<number>(6).fill(0xff), ...Array<number[]>(16).fill(mac).flat()]);
  const socket = createSocket('udp4');
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject).bind(0, gateway, resolve);
  });
  socket.setBroadcast(true);
  await new Promise<void>((resolve, reject) => {
    socket.send(packet, 9, range.replace(/\.0\/24$/, '.255'), (error) => (error === null ? resolve() : reject(error)));
  });
  socket.close();
}

/** dpkg's lock is one of fcntl(2), which no program of a bare Debian takes on request but Python. */
const holdLock = `import fcntl, sys
lock = open('/var/lib/dpkg/lock-frontend', 'w')
fcntl.lockf(lock, fcntl.LOCK_EX)
print('held', flush=True)
import os, time
while not os.path.exists('/run/contract-let-go'): time.sleep(0.1)
os.remove('/run/contract-let-go')
`;

async function holdDpkgLock(subject: PortSubject): Promise<() => Promise<void>> {
  const { node } = subject;
  const transport = openTransport(subject, {});
  let held: () => void = () => undefined;
  const taken = new Promise<void>((resolve) => {
    held = resolve;
  });
  const onStdout = (chunk: Uint8Array) => {
    if (textOf(chunk).includes('held')) held();
  };
  const holding = transport.run(node, {
    argv: ['python3', '-c', holdLock],
    elevate: true,
    timeoutMs: 60_000,
    onStdout,
  });
  await Promise.race([taken, holding]);
  let isHeld = true;
  return async () => {
    if (!isHeld) return;
    isHeld = false;
    await subject.transport.run(node, { argv: ['touch', '/run/contract-let-go'], elevate: true, timeoutMs: 60_000 });
    await holding;
  };
}

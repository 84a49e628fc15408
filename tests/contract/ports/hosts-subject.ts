import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../../apps/cli/src/compose/system-clock.ts';
import type { TwoMachines } from '../../hosts/two-machines.ts';
import { asRoot, openTransport, type PortSubject, portSubject, type SubjectAccess, textOf } from './port-subject.ts';

/** Real machines, reached as the product reaches them. */
export async function openHostsSubject(
  machines: TwoMachines,
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
    clock: systemClock,
    power: {
      read: async () => ({ state: 'unknown', evidence: 'nobody asked', since: undefined }),
      wake: async () => undefined,
    },
  };
  const holdPackageLock = () => holdDpkgLock(subject);
  const subject: PortSubject = portSubject({ ...access, holdPackageLock });
  const stop = async () => {
    await subject.transport.close();
    await rm(folder, { recursive: true, force: true });
  };
  // Once for all cases: a bare machine has no package index.
  await asRoot(subject, 'apt-get update -qq');
  return { subject, stop };
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
  return async () => {
    await subject.transport.run(node, { argv: ['touch', '/run/contract-let-go'], elevate: true, timeoutMs: 60_000 });
    await holding;
  };
}

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ApplyReport, HostPort, Resource, Transport } from '@vmstation/core';
import { createHost } from '@vmstation/host';
import { hostKey, openSshTransport, sshKeygen, trustHostKey } from '@vmstation/remote';

import { afterAll } from 'vitest';
import { LabFaults } from '../../packages/lab/src/faults/lab-faults.ts';
import { Machine } from '../../packages/lab/src/machine/machine.ts';
import type { Face, LabClock } from '../../packages/lab/src/machine/machine-spec.ts';
import { startSshServer } from '../../packages/lab/src/ssh/ssh-server.ts';

/** Name of the one machine. */
export const node = 'homelab';

/** A machine with its faults, and the product's way to it: OpenSSH, sudo, generated scripts. */
export interface FaultyMachine {
  readonly machine: Machine;
  readonly faults: LabFaults;
  readonly transport: Transport;
  readonly host: HostPort;
  /** One apply as a run of its own. */
  readonly apply: (resources: readonly Resource[]) => Promise<ApplyReport>;
  /** The text of a file on the machine, whatever its faults. */
  readonly read: (path: string) => string | undefined;
}

const open: (() => Promise<void>)[] = [];
afterAll(async () => {
  await Promise.all(open.map((close) => close()));
});

/** A clock on which a machine's own waiting passes so many times faster. */
export function fastClock(factor: number): LabClock {
  const begun = Date.now();
  return {
    now: () => begun + (Date.now() - begun) * factor,
    sleep: (milliseconds) =>
      new Promise((resolve) => {
        setTimeout(resolve, Math.min(milliseconds / factor, 2 ** 31 - 1)).unref();
      }),
  };
}

/** A machine for one test, gone when its file is done. */
export async function faultyMachine(
  face: Face = 'debian-12',
  clock?: LabClock,
  reconnectSeconds = 30,
): Promise<FaultyMachine> {
  const folder = mkdtempSync(join(tmpdir(), 'vmstation-fault-'));
  const identityFile = join(folder, 'id');
  const { publicKey } = await sshKeygen(identityFile, 'test');
  const spec = {
    name: node,
    face,
    nics: [{ name: 'enp1s0', mac: '02:00:00:00:00:62', ip: '192.168.4.62' }],
    operator: { name: 'ops', authorizedKeys: [publicKey] },
  };
  const machine = new Machine(spec, clock === undefined ? {} : { clock });
  await machine.begin(false);
  const server = await startSshServer(machine, { port: 0 });
  const settling: Promise<void>[] = [];
  machine.onPowerChange = (state) => server.powerChanged(state);
  machine.onFaultsChange = () => void settling.push(server.faultsChanged());
  const [type = '', key = ''] = server.hostKey.split(' ');
  const knownHostsFile = join(folder, 'known_hosts');
  await trustHostKey(knownHostsFile, node, [hostKey(type, key)]);
  const nodes = { [node]: { address: '127.0.0.1', port: server.port, user: 'ops', identityFile } };
  const transport = openSshTransport({ nodes, knownHostsFile, controlDir: join(folder, 'c') });
  const host = createHost({ transport, clock: { now: () => new Date() }, settleSeconds: 1, reconnectSeconds });
  open.push(async () => {
    await transport.close();
    await Promise.all(settling);
    await server.close();
    machine.powerOff();
    rmSync(folder, { recursive: true, force: true });
  });
  let runs = 0;
  return {
    machine,
    faults: new LabFaults({ machine: () => machine, nodes: () => [node], cluster: () => undefined }),
    transport,
    host,
    apply: async (resources) => {
      await Promise.all(settling);
      runs += 1;
      return host.apply({ node, runId: `run-${runs}`, resources });
    },
    read: (path) => machine.files.read(path),
  };
}

/** Outcome of each resource, by what it is about. */
export function outcomesOf(report: ApplyReport): Readonly<Record<string, string>> {
  return Object.fromEntries(report.resources.map(({ id, outcome }) => [id, outcome]));
}

/** Why a resource ended as it did. */
export function reasonOf(report: ApplyReport, id: string): string {
  return report.resources.find((one) => one.id === id)?.reason ?? '';
}

/** What a run may leave behind on a machine and must not: its lock, candidates of files. */
export function leftovers(machine: Machine): readonly string[] {
  const candidates = ['/etc', '/etc/sysctl.d', '/srv'].flatMap((folder) =>
    machine.files.list(folder).flatMap((name) => (name.startsWith('.vmstation-') ? [`${folder}/${name}`] : [])),
  );
  return machine.files.find('/var/lib/vmstation/lock') === undefined ? candidates : ['lock', ...candidates];
}

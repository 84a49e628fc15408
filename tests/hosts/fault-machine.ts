import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ApplyReport, HostPort, Resource, Transport } from '@vmstation/core';
import { createHost, type HostOptions } from '@vmstation/host';
import { openSshTransport } from '@vmstation/remote';
import { afterAll } from 'vitest';
import { ownMachines } from './own-machines.ts';
import { onNode } from './two-node-workspace.ts';

/** The machine that these faults happen to: one for each file that imports this. */
export const node = 'masternode';

const machines = await ownMachines([node]);
const folder = mkdtempSync(join(tmpdir(), 'vmstation-faults-'));
const opened: Transport[] = [];
afterAll(async () => {
  await Promise.all(opened.map((one) => one.close()));
  rmSync(folder, { recursive: true, force: true });
});

/** A way to the machines that shares no connection with another. */
export interface Way {
  readonly transport: Transport;
  readonly host: HostPort;
  /** Kills every ssh process of this way, its shared connection included, at once. */
  readonly cut: () => number;
  /** Applies as a run of its own. */
  readonly apply: (resources: readonly Resource[], onProgress?: (id: string) => void) => Promise<ApplyReport>;
}

/** Opens such a way. */
export function openWay(options: Partial<HostOptions> = {}): Way {
  const controlDir = join(folder, `c${opened.length}`);
  const transport = openSshTransport({
    nodes: {},
    knownHostsFile: machines.knownHostsFile,
    configFile: machines.sshConfigFile,
    controlDir,
    connectTimeoutSeconds: 3,
  });
  opened.push(transport);
  const host = createHost({ transport, clock: { now: () => new Date() }, settleSeconds: 1, ...options });
  return {
    transport,
    host,
    cut: () => killAll(controlDir),
    apply: (resources, onProgress) =>
      host.apply({
        node,
        runId: `fault-${randomBytes(4).toString('hex')}`,
        resources,
        ...(onProgress === undefined ? {} : { onProgress }),
      }),
  };
}

/** Every process that has the folder on its command line is an ssh of ours: the name was made for this file alone. */
function killAll(controlDir: string): number {
  const found = readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && Number(pid) !== process.pid);
  const ours = found.filter((pid) => commandLine(pid).includes(controlDir));
  for (const pid of ours) process.kill(Number(pid), 'SIGKILL');
  return ours.length;
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1');
  } catch {
    return '';
  }
}

/** Runs a script as root over a connection of its own, which no fault has cut. */
export const asRoot = (script: string): Promise<string> => onNode(openWay().transport, node, script);

/** Outcome of each resource, by what it is about. */
export function outcomesOf(report: ApplyReport): Readonly<Record<string, string>> {
  return Object.fromEntries(report.resources.map(({ id, outcome }) => [id, outcome]));
}

/** What a run may leave behind and must not: its lock, what it owes, candidates of files below these folders. */
export const leftOnMachine = (folders: string): Promise<string> =>
  asRoot(`ls -d /var/lib/vmstation/lock /var/lib/vmstation/owed/* 2>/dev/null || :
    find ${folders} -xdev -name '.vmstation-*'`);

/** Why a resource ended as it did. */
export function reasonOf(report: ApplyReport, id: string): string {
  return report.resources.find((one) => one.id === id)?.reason ?? '';
}

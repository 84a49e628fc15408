import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DesiredResource, HostPort, Resource, ResourceState, Transport } from '@vmstation/core';
import { resourceId } from '@vmstation/core';
import { createHost } from '@vmstation/host';
import { openSshTransport } from '@vmstation/remote';
import { expect, inject } from 'vitest';
import { booted, type GuestsAccess } from '../../packages/lab/src/guests/guests-lab.ts';
import { openQmp } from '../../packages/lab/src/guests/qmp.ts';
import { processIdentity } from '../../packages/lab/src/hosts/process-identity.ts';
import { sendMagicPacket } from '../contract/ports/hosts-subject.ts';
import { onNode } from '../hosts/two-node-workspace.ts';

/** The guests as they were when they had just started, and the product's own way to them. */
export interface FreshGuests {
  readonly access: GuestsAccess;
  readonly transport: Transport;
  readonly host: HostPort;
  close(): Promise<void>;
}

/** Slow machines: a start takes a minute or two where instructions are translated, more when this computer does much else. */
export const rebootMs = 600_000;

/** Takes the guests back to the moment when they had just started, with the right time. */
export async function freshGuests(): Promise<FreshGuests> {
  const access = inject('guests');
  for (const socket of Object.values(access.controls)) await toBooted(socket);
  const folder = await mkdtemp(join(tmpdir(), 'vmg-'));
  const transport = openSshTransport({
    nodes: {},
    knownHostsFile: access.knownHostsFile,
    controlDir: join(folder, 'c'),
    configFile: access.sshConfigFile,
    connectTimeoutSeconds: 30,
  });
  for (const { name } of access.machines) await onNode(transport, name, setClock());
  return {
    access,
    transport,
    host: createHost({ transport, clock: { now: () => new Date() }, settleSeconds: 1 }),
    close: async () => {
      await transport.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const setClock = () =>
  `date -s @${Math.round(Date.now() / 1000)} >/dev/null; hwclock --systohc --utc 2>/dev/null || true`;

async function toBooted(socket: string): Promise<void> {
  const qmp = await openQmp(socket);
  await qmp.monitor(`loadvm ${booted}`);
  qmp.close();
}

/** Runs one line of a guest's QEMU monitor. */
export async function monitor(access: GuestsAccess, node: string, line: string): Promise<void> {
  const qmp = await openQmp(access.controls[node] ?? '');
  await qmp.monitor(line).finally(() => qmp.close());
}

/** The identity of the start that a machine runs since. */
export function bootIdOf(transport: Transport, node: string): Promise<string> {
  return onNode(transport, node, 'cat /proc/sys/kernel/random/boot_id');
}

/** Cuts a guest's current: its QEMU is killed, and what it had not written to its disk is lost. */
export async function cutCurrent(access: GuestsAccess, node: string): Promise<void> {
  const pid = Number(await readFile(access.pidFiles[node] ?? '', 'utf8'));
  const identity = await processIdentity(pid);
  process.kill(pid, 'SIGKILL');
  await expect.poll(() => processIdentity(pid), { timeout: 60_000 }).not.toBe(identity);
}

/** Starts machines anew, in order (`reboot`) or as if the current failed (`reset`), and waits until they answer from their next start. */
export async function restart(
  { access, transport }: FreshGuests,
  nodes: readonly string[],
  how: 'reboot' | 'reset' = 'reboot',
): Promise<void> {
  const before = await Promise.all(nodes.map((node) => bootIdOf(transport, node)));
  for (const node of nodes) {
    if (how === 'reset') await monitor(access, node, 'system_reset');
    else await onNode(transport, node, 'systemd-run --quiet --on-active=0.5 systemctl reboot');
  }
  await Promise.all(nodes.map((node, index) => answersAnew(transport, node, before[index] ?? '')));
}

/** Waits until a machine answers from another start than the one that is named. */
export async function answersAnew(transport: Transport, node: string, before: string): Promise<void> {
  const now = () => freshBootId(transport, node).catch(() => before);
  await expect.poll(now, { timeout: rebootMs, interval: 1_000 }).not.toBe(before);
}

/** Switches a guest on that has no current, as a magic packet does, and waits until it answers. The lab may notice later than a test that it was off. */
export async function switchOn({ access, transport }: FreshGuests, node: string, before: string): Promise<void> {
  const now = async () => {
    await sendMagicPacket(access, node);
    return freshBootId(transport, node).catch(() => before);
  };
  await expect.poll(now, { timeout: rebootMs, interval: 2_000 }).not.toBe(before);
}

async function freshBootId(transport: Transport, node: string): Promise<string> {
  const { stdout } = await transport.run(node, {
    argv: ['cat', '/proc/sys/kernel/random/boot_id'],
    timeoutMs: 30_000,
    freshConnection: true,
  });
  return Buffer.from(stdout).toString();
}

let runs = 0;

/** Applies resources in a run of their own; anything but `changed` and `unchanged` is an error with its reason. Returns the run's id. */
export async function applied({ host }: FreshGuests, node: string, resources: readonly Resource[]): Promise<string> {
  runs += 1;
  const runId = `guests-${process.pid}-${runs}`;
  const report = await host.apply({ node, runId, resources });
  const bad = report.resources.filter(({ outcome }) => outcome !== 'changed' && outcome !== 'unchanged');
  expect(bad.map(({ id, outcome, reason }) => [id, outcome, reason])).toEqual([]);
  return runId;
}

/** What differs: each id with its attributes, or why it cannot be read. */
export async function deviations(
  { host }: FreshGuests,
  node: string,
  resources: readonly Resource[],
): Promise<Record<string, unknown>> {
  const { resources: states } = await host.check(node, resources);
  return Object.fromEntries(
    resources.flatMap((resource) => {
      const found = inWords(states.get(resourceId(resource)));
      return found === undefined ? [] : [[resourceId(resource), found]];
    }),
  );
}

function inWords(state: ResourceState | undefined): unknown {
  if (state === undefined) return 'not spoken of';
  if (state.state === 'equal') return undefined;
  return state.state === 'differs' ? state.differences.map(({ attribute }) => attribute) : state.reason;
}

/** The resources themselves; what could close the way in is left to the try mode. */
export function unguarded(desired: readonly DesiredResource[] | undefined): readonly Resource[] {
  return (desired ?? []).map(({ resource }) => resource).filter(({ guard }) => guard === undefined);
}

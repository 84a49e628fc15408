import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { HostPort, PowerReading, RemoteCommand, Resource, ResourceState, Transport } from '@vmstation/core';
import { resourceId } from '@vmstation/core';
import { createHost } from '@vmstation/host';
import { openSshTransport, type SshSettings } from '@vmstation/remote';

/** What one side gives the contracts: machines, and the product's own ports to reach them. */
export interface PortSubject {
  /** The machine that cases work on. */
  readonly node: string;
  /** Another machine, which may be put to sleep. */
  readonly sleeper: string;
  readonly user: string;
  readonly sshConfigFile: string;
  readonly knownHostsFile: string;
  /** Scratch folder on this computer, for keys, configurations and sockets. */
  readonly folder: string;
  /** The transport that cases share, and the host port over it. */
  readonly transport: Transport;
  readonly host: HostPort;
  readonly power: PowerControl;
  /** A package that is not installed and can be, small and without services. */
  readonly freePackage: string;
  /** Holds the package manager's lock on the node until it is called again. */
  readonly holdPackageLock: () => Promise<() => Promise<void>>;
}

/** What is known of a machine's power from beside it, and how it is woken. */
export interface PowerControl {
  readonly read: (node: string) => Promise<PowerReading>;
  /** Sends the machine's magic packet. */
  readonly wake: (node: string) => Promise<void>;
}

/** What both sides say of how their machines are reached. */
export interface SubjectAccess extends Omit<PortSubject, 'transport' | 'host'> {}

/** The product's transport and host port over what a side says. */
export function portSubject(access: SubjectAccess): PortSubject {
  const transport = openTransport(access);
  return { ...access, transport, host: hostOver(transport) };
}

/** A transport of its own; who opens it closes it. */
export function openTransport(access: SubjectAccess, settings: Partial<SshSettings> = {}): Transport {
  return openSshTransport({
    nodes: {},
    knownHostsFile: access.knownHostsFile,
    controlDir: join(access.folder, 'c'),
    configFile: access.sshConfigFile,
    ...settings,
  });
}

/** The host port over a transport, with this computer's time. */
export function hostOver(transport: Transport): HostPort {
  return createHost({ transport, clock: { now: () => new Date() }, settleSeconds: 0.5 });
}

/** The side's ssh_config with some options of the node replaced, in a file of its own. */
export async function otherSshConfig(
  { node, sshConfigFile, folder }: PortSubject,
  name: string,
  options: Readonly<Record<string, string>>,
): Promise<string> {
  const lines = Object.entries(options).map(([option, value]) => `  ${option} ${value}`);
  const file = join(folder, `ssh_config-${name}`);
  const others = await readFile(sshConfigFile, 'utf8');
  // The first value of an option counts; keys add up, so an identity file of the original must go.
  const kept = options['IdentityFile'] === undefined ? others : others.replaceAll(/^\s*IdentityFile .*$/gm, '');
  await writeFile(file, [`Host ${node}`, ...lines, kept].join('\n'), { mode: 0o600 });
  return file;
}

/** Deadline of whatever a case does not time itself; longer than any loaded computer takes. */
export const plentyMs = 60_000;

/** Runs a program on the node as the login user. */
export function run({ transport, node }: PortSubject, argv: readonly string[], more: Partial<RemoteCommand> = {}) {
  return transport.run(node, { argv, timeoutMs: plentyMs, ...more });
}

/** Runs a script as root on a machine and returns what it prints; a script that fails is an error. */
export async function asRoot(subject: PortSubject, script: string, node = subject.node): Promise<string> {
  const { exitCode, stdout, stderr } = await subject.transport.run(node, {
    argv: ['sh', '-eu'],
    stdin: script,
    elevate: true,
    timeoutMs: plentyMs,
  });
  if (exitCode !== 0) throw new Error(`${node}: exit ${exitCode}: ${script}\n${textOf(stdout)}${stderr}`);
  return textOf(stdout);
}

/** Runs scripts before and after; the second also when the body throws. */
export async function between<T>(
  subject: PortSubject,
  { before, after }: { readonly before?: string; readonly after: string },
  body: () => Promise<T>,
): Promise<T> {
  try {
    if (before !== undefined) await asRoot(subject, before);
    return await body();
  } finally {
    await asRoot(subject, after);
  }
}

/** Output as text. */
export function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('utf8');
}

let runs = 0;

/** A run id that no other case has. */
export function newRunId(): string {
  runs += 1;
  return `contract-${process.pid}-${runs}`;
}

/** How an apply ended: outcome and reason of each resource, in the order they were given. */
export interface Applied {
  readonly runId: string;
  readonly outcomes: readonly string[];
  readonly reasons: readonly string[];
}

/** Applies resources in a run of their own. */
export async function apply({ host, node }: PortSubject, resources: readonly Resource[]): Promise<Applied> {
  const runId = newRunId();
  const report = await host.apply({ node, runId, resources });
  const outcomes = report.resources.map(({ outcome }) => outcome);
  return { runId, outcomes, reasons: report.resources.map(({ reason }) => reason ?? '') };
}

/** Ids of what a rollback could not put back, with the reason. */
export async function rollBack({ host, node }: PortSubject, { runId }: Applied): Promise<readonly string[]> {
  const { failed } = await host.rollback(node, runId);
  return failed.map(({ id, reason }) => `${id}: ${reason}`);
}

/** What a check says of each resource: `equal`, the attributes that differ with what was seen, or why it could not be read. */
export async function seen({ host, node }: PortSubject, resources: readonly Resource[]): Promise<readonly string[]> {
  const { resources: states } = await host.check(node, resources);
  return resources.map((resource) => inWords(states.get(resourceId(resource))));
}

function inWords(state: ResourceState | undefined): string {
  if (state === undefined) return 'not spoken of';
  if (state.state === 'equal') return 'equal';
  if (state.state === 'unreadable') return `unreadable: ${state.reason}`;
  return state.differences.map(({ attribute, seen: was }) => `${attribute} ${was}`).join(', ');
}

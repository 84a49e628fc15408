import type { HostPort, NodeFacts, Resource, ResourceState, Transport } from '@vmstation/core';
import { resourceId } from '@vmstation/core';
import { createHost, createUninstaller, type Uninstaller } from '@vmstation/host';

/** A machine that kinds of resources are tried on: simulated, a container, or a guest. It needs no more than this. */
export interface KindSubject {
  readonly node: string;
  /** Runs scripts on the machine, as root when asked. */
  readonly transport: Transport;
  readonly family: NodeFacts['family'];
  /** A small package that is not installed, can be, and brings no service. */
  readonly freePackage: string;
  /** A package without dependencies that is not installed, of which the sources have these two versions. */
  readonly twoVersions: { readonly name: string; readonly older: string; readonly newer: string };
  /** ASCII-armoured key that signs the packages of Debian 12. */
  readonly archiveKey: string;
}

/** Deadline of whatever a case does not time itself; longer than any loaded computer takes. */
const plentyMs = 120_000;

/** A subject with a host port and an uninstaller that keep their records in a folder of their own. */
export interface KindWorkplace {
  readonly subject: KindSubject;
  readonly host: HostPort;
  readonly uninstaller: Uninstaller;
  readonly stateFolder: string;
  readonly newRunId: () => string;
}

let opened = 0;

/** Opens a workplace. What is guarded runs without try mode here: its own suites hold that. */
export function openWorkplace(subject: KindSubject): KindWorkplace {
  opened += 1;
  const stateFolder = `/var/lib/vmstation-kinds-${process.pid}-${opened}`;
  const { transport } = subject;
  const tryMode = { attempt: <T>(_attempt: unknown, change: () => Promise<T>): Promise<T> => change() };
  let runs = 0;
  return {
    subject,
    stateFolder,
    host: createHost({ transport, clock: { now: () => new Date() }, settleSeconds: 0, stateFolder, tryMode }),
    uninstaller: createUninstaller({ transport, tryMode, stateFolder }),
    newRunId: () => {
      // Runs are taken back in the order of their names, as those of real ones tell their time.
      runs += 1;
      return `kinds-${opened}-${String(runs).padStart(3, '0')}`;
    },
  };
}

/** Runs a script as root and returns what it prints; a script that fails is an error. */
export async function asRoot({ transport, node }: KindSubject, script: string): Promise<string> {
  const { exitCode, stdout, stderr } = await transport.run(node, {
    argv: ['sh', '-eu'],
    stdin: `LC_ALL=C; PATH=/usr/sbin:/usr/bin:/sbin:/bin; export LC_ALL PATH\n${script}\n`,
    elevate: true,
    timeoutMs: plentyMs,
  });
  const printed = Buffer.from(stdout).toString('utf8');
  if (exitCode !== 0) throw new Error(`${node}: exit ${exitCode}: ${script}\n${printed}${stderr}`);
  return printed;
}

/** Each resource's state as words: `equal`, or `ID ATTRIBUTE` of each difference, or why it could not be read. */
export async function attributesThatDiffer(
  { host, subject }: KindWorkplace,
  resources: readonly Resource[],
): Promise<readonly string[]> {
  const { resources: states } = await host.check(subject.node, resources);
  return resources.flatMap((resource) => {
    const id = resourceId(resource);
    return inWords(states.get(id)).map((words) => `${id} ${words}`);
  });
}

function inWords(state: ResourceState | undefined): readonly string[] {
  if (state === undefined) return ['was not spoken of'];
  if (state.state === 'equal') return [];
  if (state.state === 'unreadable') return [`could not be read: ${state.reason}`];
  return state.differences.map(({ attribute }) => attribute);
}

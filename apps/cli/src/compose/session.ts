import { constants, existsSync } from 'node:fs';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunEvent, Secrets, Transport } from '@vmstation/core';
import { createHost } from '@vmstation/host';
import { kubeConnector } from '@vmstation/kube';
import { createPlatform, type Platform, type PlatformPorts } from '@vmstation/platform';
import { localTransport, openSshTransport, routeTransport, sshKeygen } from '@vmstation/remote';
import {
  acquireWorkspaceLock,
  ageSecrets,
  type LoadedWorkspace,
  openJournal,
  openWorkspace,
  readJournal,
  workspaceFiles,
} from '@vmstation/workspace';
import manifest from '../../package.json' with { type: 'json' };
import type { Invocation } from '../command/invocation.ts';
import { endpointProbe } from './endpoint-probe.ts';
import { requireNodes } from './require-nodes.ts';
import type { SetStage } from './stage.ts';
import { sudoPasswordsOf } from './sudo-passwords.ts';
import type { Surroundings } from './surroundings.ts';
import { surroundingsOf } from './surroundings-of.ts';
import { randomIds, systemClock } from './system-clock.ts';
import { journalFile, startFolder } from './workspace-folder.ts';

/** A workspace that is open, with everything that its commands work with. */
export interface Session {
  readonly workspace: LoadedWorkspace;
  readonly platform: Platform;
  readonly ports: PlatformPorts;
  readonly transport: Transport;
  /** Throws cli/unknown-node for the first name that the cluster file does not have. */
  requireNodes(names: readonly string[]): void;
  /** Begins to end the connections to nodes; `close` waits for it. Who needs a node afterwards connects again. */
  readonly leaveNodes: () => void;
  close(): Promise<void>;
}

/** How a session is opened. */
export interface SessionOptions {
  /** Fetch differing text, so that plans and drift show diffs. */
  readonly withDiff: boolean;
  readonly onEvent: (event: RunEvent) => void;
  /** Hold the workspace against other processes: for whatever changes machines, the cluster or the workspace. */
  readonly exclusive?: boolean;
  /** Names of removed applications whose data may be deleted with them. */
  readonly deleteData?: readonly string[];
  /** Leave connections to nodes open for a minute, for the next command that does; only for one that looks. */
  readonly keepConnections?: boolean;
}

/** Opens the workspace of a command line and composes its platform. Throws what opening a workspace, its key, lock and journal throws. */
export async function openSession(invocation: Invocation, options: SessionOptions): Promise<Session> {
  const workspace = await openWorkspace(startFolder(invocation), { color: invocation.errStyle.paint.bad('') !== '' });
  await requireStateFolder(workspace, options.exclusive === true);
  const lock =
    options.exclusive === true
      ? acquireWorkspaceLock(workspace.stateDir, { command: invocation.line, clock: systemClock })
      : undefined;
  try {
    const setStage = invocation.io.stage ?? thisComputer;
    const { transport, ports } = await setStage(workspace, {
      onEvent: options.onEvent,
      signal: invocation.io.signal,
      records: options.exclusive === true,
      keepConnections: options.keepConnections === true,
    });
    const platform = await createPlatform(ports, {
      withDiff: options.withDiff,
      deleteData: options.deleteData ?? [],
    });
    let leaving: Promise<void> = Promise.resolve();
    return {
      workspace,
      platform,
      ports,
      transport,
      requireNodes: (names) => requireNodes(workspace.cluster, names),
      leaveNodes: () => {
        leaving = transport.close();
        // Waited for, and told, when the session closes.
        leaving.catch(() => undefined);
      },
      async close() {
        ports.journal.close();
        await leaving;
        await transport.close();
        lock?.release();
      },
    };
  } catch (thrown) {
    lock?.release();
    throw thrown;
  }
}

/** A state folder that cannot be looked into would seem to hold no lab and no key, and the machines themselves would be called. */
async function requireStateFolder({ root, stateDir }: LoadedWorkspace, exclusive: boolean): Promise<void> {
  if (!existsSync(stateDir)) return access(root, constants.W_OK);
  await access(stateDir, constants.R_OK | constants.X_OK | (exclusive ? constants.W_OK : 0));
}

const thisComputer: SetStage = async (workspace, how) => {
  const surroundings = await surroundingsOf(workspace);
  // One for all: each secret is decrypted once.
  const secrets = ageSecrets(workspace);
  const transport = transportOf(workspace, surroundings, secrets, how.keepConnections);
  return { transport, ports: await portsOf(workspace, surroundings, { transport, secrets }, how) };
};

function transportOf(
  { stateDir, cluster }: LoadedWorkspace,
  surroundings: Surroundings,
  secrets: Secrets,
  keepConnections: boolean,
): Transport {
  const configFile = join(stateDir, 'ssh_config');
  const identityFile = operatorKeyFile(stateDir);
  const sudoPassword = sudoPasswordsOf(cluster, secrets, surroundings.sudoPassword);
  const ssh = openSshTransport({
    sudoPassword,
    keepConnections,
    nodes: Object.fromEntries(
      cluster.nodes.map(({ name, address, ssh: { port, user } }) => [name, { address, port, user, identityFile }]),
    ),
    knownHostsFile: join(stateDir, 'known_hosts'),
    controlDir: join(stateDir, 'ssh', 'control'),
    ...(existsSync(configFile) ? { configFile } : {}),
  });
  const local = localTransport({ sudoPassword });
  const localNodes = new Set(
    cluster.nodes.filter((node) => node.ssh.local && surroundings.localNodes).map((node) => node.name),
  );
  return routeTransport([ssh, local], (node) => (localNodes.has(node) ? local : ssh));
}

async function portsOf(
  workspace: LoadedWorkspace,
  surroundings: Surroundings,
  { transport, secrets }: { readonly transport: Transport; readonly secrets: Secrets },
  { onEvent, signal, records }: Parameters<SetStage>[1],
): Promise<PlatformPorts> {
  const { stateDir, cluster } = workspace;
  const tryMode = surroundings.tryMode?.(transport);
  const { publicKey } = await sshKeygen(operatorKeyFile(stateDir), `vmstation ${cluster.name}`);
  return {
    workspace,
    host: createHost({ transport, clock: systemClock, ...(tryMode === undefined ? {} : { tryMode }) }),
    power: surroundings.power,
    tryMode,
    kube: kubeConnector({ kubeconfigFile: join(stateDir, 'kubeconfig'), clock: systemClock }),
    probe: endpointProbe(surroundings.dialling),
    processes: surroundings.processes,
    files: workspaceFiles(stateDir),
    secrets,
    journal: (records ? openJournal : readJournal)(journalFile(workspace.root)),
    clock: systemClock,
    ids: randomIds,
    operatorPublicKey: publicKey,
    versions: { vmstation: manifest.version, node: process.versions.node },
    onEvent,
    signal,
  };
}

function operatorKeyFile(stateDir: string): string {
  return join(stateDir, 'ssh', 'id_ed25519');
}

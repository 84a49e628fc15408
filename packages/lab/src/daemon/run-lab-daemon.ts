import { appendFileSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import type { Server } from 'node:http';
import { join } from 'node:path';
import { AppError, type Cluster } from '@vmstation/core';
import { type DiskStore, openDiskStore } from '../disk/disk-store.ts';
import { noRoomError } from '../disk/no-room.ts';
import { FaultFile } from '../faults/fault-file.ts';
import { type FaultTargets, LabFaults } from '../faults/lab-faults.ts';
import type { LabClusterConfig } from '../kubernetes/cluster-config.ts';
import { serveControl } from './control-server.ts';
import { KeptState } from './kept-state.ts';
import { type LabCluster, type LabClusterParts, nodeHostOf } from './lab-cluster.ts';
import { labHandlers } from './lab-handlers.ts';
import { LabNode } from './lab-node.ts';
import { type LabPaths, labPaths } from './lab-paths.ts';
import { LoopbackPorts } from './loopback-ports.ts';
import { machineSpecOf } from './machine-spec-of.ts';
import { createCluster, openKeptCluster } from './open-cluster.ts';
import { notePid } from './pid-file.ts';
import { linkKubeconfig, linkWorkspace, unlinkWorkspace } from './workspace-links.ts';

/** The cluster, where what could not be written is told of. */
const clusterSubject = 'cluster';
/** Effects that no command waits for (units that die, logs) become durable this often. */
const saveEveryMs = 2000;

/**
 * Runs the lab of a workspace in this process until it is told to stop; what `vmstation lab start` starts in the background. Returns at
 * once when another one runs already. Machines and cluster continue from what is on disk, whatever ended the process before.
 */
export async function runLabDaemon(workspaceRoot: string): Promise<void> {
  const paths = labPaths(workspaceRoot);
  const startedAt = new Date();
  if (!(await notePid(paths.pidFile, startedAt))) return;
  const lab = new RunningLab(paths, startedAt);
  process.on('SIGTERM', () => void lab.stop());
  process.on('SIGINT', () => void lab.stop());
  process.on('SIGHUP', () => undefined);
  // Unheard it would end the process; heard, the write that went beyond a limit fails, and is told of.
  process.on('SIGXFSZ', () => undefined);
  process.on('uncaughtException', (error) => lab.uncaught(error));
  try {
    await lab.start();
  } catch (thrown) {
    lab.log(`could not start: ${thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)}`);
    await lab.stop();
    throw thrown;
  }
}

/** Everything that a running lab consists of. */
export class RunningLab {
  readonly paths: LabPaths;
  readonly startedAt: Date;
  readonly model: Cluster;
  readonly nodes = new Map<string, LabNode>();
  readonly faults: LabFaults;
  readonly kept = new KeptState((line) => this.log(line));
  cluster: LabCluster | undefined;
  readonly #ports: LoopbackPorts;
  readonly #store: DiskStore;
  #control: Server | undefined;
  #timer: NodeJS.Timeout | undefined;
  #stopping: Promise<void> | undefined;

  constructor(paths: LabPaths, startedAt: Date) {
    this.paths = paths;
    this.startedAt = startedAt;
    this.model = JSON.parse(readFileSync(paths.modelFile, 'utf8')) as Cluster;
    this.#ports = new LoopbackPorts(paths.portsFile);
    mkdirSync(paths.machinesDir, { recursive: true, mode: 0o700 });
    this.#store = openDiskStore(join(paths.machinesDir, 'machines.sqlite'));
    const kept = new FaultFile(join(paths.machinesDir, 'faults.json'));
    const targets: FaultTargets = {
      machine: (name) => this.nodes.get(name)?.machine,
      nodes: () => this.model.nodes.map(({ name }) => name),
      cluster: () => this.cluster?.faults,
      changed: (faults) => kept.write(faults),
    };
    this.faults = new LabFaults(targets, kept.read());
  }

  log(line: string): void {
    try {
      appendFileSync(this.paths.logFile, `${new Date().toISOString()} ${line}\n`);
    } catch (error) {
      // The status tells it; a lab that cannot write its log is no dead lab.
      if (noRoomError(this.paths.logFile, error) === undefined) throw error;
    }
  }

  async start(): Promise<void> {
    const key = readFileSync(`${this.paths.operatorKeyFile}.pub`, 'utf8').trim();
    for (const node of this.model.nodes) {
      const parts = {
        node,
        spec: machineSpecOf(this.model, node, key),
        store: this.#store,
        network: { find: (word: string) => this.#find(word) },
        sshPort: await this.#ports.take(`ssh/${node.name}`),
        log: (line: string) => this.log(line),
        kept: this.kept,
      };
      this.nodes.set(node.name, await LabNode.open(parts));
    }
    const doors = [...this.nodes.values()].map((lab) => ({
      node: lab.node,
      address: '127.0.0.1',
      port: lab.status().sshPort,
      hostKey: lab.hostKey,
    }));
    linkWorkspace(this.paths, doors);
    this.cluster = await openKeptCluster(await this.#clusterParts());
    if (this.cluster !== undefined) linkKubeconfig(this.paths, this.cluster.kubeconfig);
    this.faults.reapply();
    await this.faultsSettled();
    this.#control = await serveControl(this.paths.socket, labHandlers(this), (line) => this.log(line));
    this.#timer = setInterval(() => this.saveAll(), saveEveryMs);
    this.log(`the lab runs: ${[...this.nodes.keys()].join(', ')}`);
  }

  /** Makes the cluster that an installer decided on. */
  async makeCluster(config: LabClusterConfig): Promise<LabCluster> {
    this.cluster = await createCluster(config, await this.#clusterParts());
    this.faults.reapply();
    return this.cluster;
  }

  async #clusterParts(): Promise<LabClusterParts> {
    return {
      file: this.paths.clusterFile,
      apiPort: await this.#ports.take('api'),
      takePort: (purpose) => this.#ports.take(purpose),
      host: nodeHostOf(this.nodes),
      log: (line) => this.log(line),
      noRoom: (error) => this.kept.missed(clusterSubject, error),
    };
  }

  /** A machine by name. Throws lab/unknown-node. */
  node(name: string): LabNode {
    const found = this.nodes.get(name);
    if (found !== undefined) return found;
    throw new AppError({
      code: 'lab/unknown-node',
      kind: 'user',
      message: `The lab has no machine ${name}; it has ${[...this.nodes.keys()].join(', ')}.`,
      tryThis: 'If the cluster file was changed since the lab started: vmstation lab stop, then vmstation lab start',
    });
  }

  /** Resolves when every machine listens, or does not, as its faults want it. */
  async faultsSettled(): Promise<void> {
    for (const node of this.nodes.values()) await node.faultsSettled;
  }

  saveAll(): void {
    for (const node of this.nodes.values()) node.save();
    const { cluster } = this;
    if (cluster !== undefined && this.kept.isOpen(clusterSubject))
      this.kept.write(clusterSubject, () => cluster.proveRoom());
  }

  /** Something that nobody waited for failed: for want of room it is told by the status; all else ends the lab, as it must. */
  uncaught(error: unknown): void {
    const full = noRoomError(this.paths.labDir, error);
    if (full !== undefined) return this.kept.missed(clusterSubject, full);
    this.log(`ends: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    process.exit(1);
  }

  /** Throws lab/no-room while something is in memory only. */
  requireKept(): void {
    this.saveAll();
    const { trouble } = this.kept;
    if (trouble === undefined) return;
    const { code, kind, message, tryThis = '' } = trouble.error;
    throw new AppError({
      code,
      kind,
      message: `The lab was not stopped: what happened since ${trouble.since.toISOString()} is in memory only, and would be lost. ${message}`,
      tryThis: `${tryThis} If that may be lost: kill ${process.pid}`,
      cause: trouble.error,
    });
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.cluster?.close();
    for (const node of this.nodes.values()) await node.close();
    this.#store.close();
    unlinkWorkspace(this.paths);
    this.#control?.close();
    this.log('the lab is stopped');
    rmSync(this.paths.socket, { force: true });
    rmSync(this.paths.pidFile, { force: true });
    // Sockets of clients that went away may linger; nothing is left that they could wait for.
    setTimeout(() => process.exit(process.exitCode ?? 0), 100);
  }

  #find(word: string): LabNode['machine'] | undefined {
    const found = [...this.nodes.values()].find(({ node }) => node.name === word || node.address === word);
    return found?.isUp === true ? found.machine : undefined;
  }
}

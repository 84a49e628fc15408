import { appendFileSync, readFileSync, rmSync } from 'node:fs';
import type { Server } from 'node:http';
import { AppError, type Cluster } from '@vmstation/core';
import { nodeProcessRunner } from '@vmstation/remote';
import { type LabHandlers, serveControl } from '../daemon/control-server.ts';
import type { LabPaths } from '../daemon/lab-paths.ts';
import type { LabStatus } from '../daemon/lab-protocol.ts';
import { notePid } from '../daemon/pid-file.ts';
import { linkWorkspace, unlinkWorkspace } from '../daemon/workspace-links.ts';
import { type HostsLab, startHostsLab } from './hosts-lab.ts';
import { hostsSettingsOf, notesOn } from './hosts-settings.ts';
import type { LabMachine } from './lab-machine.ts';
import { ownerOf } from './owned-disks.ts';

/**
 * Runs a workspace's lab of real machines in this process until it is told to stop. Returns at once when another one runs already. The
 * machines continue from their disks, whatever ended the process before.
 */
export async function runHostsDaemon(paths: LabPaths, workspaceRoot: string): Promise<void> {
  const startedAt = new Date();
  if (!(await notePid(paths.pidFile, startedAt))) return;
  const daemon = new HostsDaemon(paths, startedAt);
  process.on('SIGTERM', () => void daemon.stop());
  process.on('SIGINT', () => void daemon.stop());
  process.on('SIGHUP', () => undefined);
  try {
    await daemon.start(ownerOf(workspaceRoot));
  } catch (thrown) {
    daemon.log(`could not start: ${thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)}`);
    await daemon.stop();
    throw thrown;
  }
}

class HostsDaemon {
  readonly #paths: LabPaths;
  readonly #startedAt: Date;
  readonly #model: Cluster;
  #starting: Promise<HostsLab> | undefined;
  #control: Server | undefined;
  #stopping: Promise<void> | undefined;

  constructor(paths: LabPaths, startedAt: Date) {
    this.#paths = paths;
    this.#startedAt = startedAt;
    this.#model = JSON.parse(readFileSync(paths.modelFile, 'utf8')) as Cluster;
  }

  log(line: string): void {
    appendFileSync(this.#paths.logFile, `${new Date().toISOString()} ${line}\n`);
  }

  async start(owner: string): Promise<void> {
    const settings = hostsSettingsOf(this.#model, owner, this.#paths.operatorKeyFile);
    this.#starting = startHostsLab(settings, nodeProcessRunner(), (line) => this.log(line));
    const lab = await this.#starting;
    if (this.#stopping !== undefined) return;
    const keys = knownKeys(readFileSync(lab.knownHostsFile, 'utf8'));
    linkWorkspace(
      this.#paths,
      this.#model.nodes.map((node) => {
        const address = lab.machines.find(({ name }) => name === node.name)?.address ?? '';
        return { node, address, port: node.ssh.port, hostKey: keys.get(node.name) ?? '' };
      }),
    );
    const handlers = this.#handlers(lab);
    this.#control = await serveControl(this.#paths.socket, handlers, (line) => this.log(line), cannot);
    this.log(
      `the lab runs on real machines: ${lab.machines.map(({ name, address }) => `${name} ${address}`).join(', ')}`,
    );
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    // A lab that is on its way up is taken down when it is up.
    const lab = await this.#starting?.catch(() => undefined);
    unlinkWorkspace(this.#paths);
    await lab?.down();
    this.#control?.close();
    this.log('the lab is stopped');
    rmSync(this.#paths.socket, { force: true });
    rmSync(this.#paths.pidFile, { force: true });
    // Sockets of clients that went away may linger; nothing is left that they could wait for.
    setTimeout(() => process.exit(process.exitCode ?? 0), 100);
  }

  #handlers(lab: HostsLab): Partial<LabHandlers> {
    return {
      status: async () => this.#status(lab),
      stop: async () => {
        setImmediate(() => void this.stop());
        return {};
      },
      'node.power': async ({ node, order }) => {
        const machine = machineOf(lab, node);
        if (order !== undefined) await machine.order(order);
        const { power, since } = machine;
        const evidence = power === 'on' ? 'lab: on' : `lab: ${power} since ${since.toISOString()}`;
        return { power, state: power === 'on' ? 'awake' : 'asleep', evidence, since };
      },
    };
  }

  #status(lab: HostsLab): LabStatus {
    return {
      provider: 'hosts',
      pid: process.pid,
      startedAt: this.#startedAt.toISOString(),
      nodes: this.#model.nodes.map(({ name, address, ssh }) => {
        const { power, since } = machineOf(lab, name);
        const sshAddress = lab.machines.find((machine) => machine.name === name)?.address ?? '';
        return { name, address, sshAddress, sshPort: ssh.port, power, since: since.toISOString() };
      }),
      cluster: undefined,
      endpoints: [],
      notes: notesOn(this.#model),
    };
  }
}

/** Throws lab/unknown-node. */
function machineOf(lab: HostsLab, name: string): LabMachine {
  const found = lab.running.get(name);
  if (found !== undefined) return found;
  throw new AppError({
    code: 'lab/unknown-node',
    kind: 'user',
    message: `The lab has no machine ${name}; it has ${[...lab.running.keys()].join(', ')}.`,
    tryThis: 'If the cluster file was changed since the lab started: vmstation lab stop, then vmstation lab start',
  });
}

function knownKeys(text: string): ReadonlyMap<string, string> {
  const rows = text.split('\n').filter((line) => line !== '');
  return new Map(rows.map((line) => [line.slice(0, line.indexOf(' ')), line.slice(line.indexOf(' ') + 1)]));
}

function cannot(request: string): AppError {
  return new AppError({
    code: 'lab/provider-cannot',
    kind: 'refused',
    message: `Real machines cannot carry this (${request}): ${reasons[request.split('.')[0] ?? ''] ?? 'only simulated ones can'}.`,
    tryThis: 'Use the embedded lab for it: vmstation lab stop, then vmstation lab start --provider embedded',
  });
}

const reasons: Readonly<Record<string, string>> = {
  fault: 'they have no switches for faults; break them by hand, they are real',
  node: 'they take back by themselves what nobody confirms, and no installer asks after them',
  counters: 'nothing counts the writes of their disks',
  cluster: 'no Kubernetes is installed on them yet',
};

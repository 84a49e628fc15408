import { AppError, type Cluster, type EndpointProbe, type ProbeAnswer } from '@vmstation/core';
import type { KubeExchange, KubeReply, KubeRequest } from '@vmstation/kube';
import type { LabRandom } from '../clock/randomness.ts';
import type { VirtualClock } from '../clock/virtual-clock.ts';
import { nodeHostOf } from '../daemon/lab-cluster.ts';
import type { ClusterOrder } from '../daemon/lab-protocol.ts';
import { clusterConfigOf, leaveTraces, refuseDifference } from '../installer/installed-cluster.ts';
import { createLabCluster, type LabKubernetes } from '../kubernetes/lab-cluster.ts';
import { backendOf, publishedPorts } from '../kubernetes/workloads/published-ports.ts';
import { standInPage } from '../kubernetes/workloads/stand-in-server.ts';
import type { InProcessMachines } from './in-process-machines.ts';

const apiPort = 6443;
/** How long a client of the API waits for a machine that says nothing. */
const silenceMs = 15_000;

/** What {@link InProcessCluster} works with. */
export interface InProcessClusterParts {
  readonly model: Cluster;
  readonly clock: VirtualClock;
  readonly random: LabRandom;
  readonly machines: InProcessMachines;
  /** Called when the cluster has appeared. */
  readonly onCreated: () => void;
  readonly onError: (what: string) => void;
}

/** The cluster of a lab in this process: made by an installer's order, reached without a socket. */
export class InProcessCluster {
  readonly #parts: InProcessClusterParts;
  #live: LabKubernetes | undefined;

  constructor(parts: InProcessClusterParts) {
    this.#parts = parts;
  }

  /** The cluster, once an installer has made one. */
  get live(): LabKubernetes | undefined {
    return this.#live;
  }

  /** Makes the cluster that an installer ordered; an equal second order changes nothing. Throws lab/cluster-differs. */
  async create(order: ClusterOrder): Promise<{ readonly changed: boolean; readonly kubeconfig: string }> {
    const { machines, clock, random } = this.#parts;
    const config = clusterConfigOf((name) => machines.get(name), order);
    if (this.#live !== undefined) {
      refuseDifference(this.#live.config, config);
      return { changed: false, kubeconfig: this.#live.adminKubeconfig() };
    }
    const hosts = machines.names.map((name) => [name, hostOf(machines, name)] as const);
    // Key pairs are made by this computer's own work, whose length must not show.
    this.#live = await clock.hold(
      createLabCluster(config, ':memory:', {
        host: { ...nodeHostOf(new Map(hosts)), onUpChange: (listener) => machines.listen(listener) },
        clock: clock.cluster,
        random,
        listens: false,
        onError: (controller, error) => this.#parts.onError(`${controller}: ${String(error)}`),
      }),
    );
    const kubeconfig = this.#live.adminKubeconfig();
    for (const { name, roles } of config.nodes) leaveTraces(machines.get(name), roles, kubeconfig);
    this.#parts.onCreated();
    return { changed: true, kubeconfig };
  }

  async close(): Promise<void> {
    await this.#live?.close();
  }

  /** Carries a request to the API server on the control plane's machine. Rejects as a connection would. */
  readonly exchange: KubeExchange = async (request) => {
    const { clock } = this.#parts;
    const machine = this.#parts.machines.find(this.#controlPlane());
    if (machine?.power !== 'on' || machine.faults.silent === true) {
      await clock.machines.sleep(silenceMs);
      throw new Error(`no answer within ${silenceMs / 1000} s`);
    }
    const cluster = this.#live;
    const isDown = cluster?.faults.list().some(({ kind }) => kind === 'api-down') === true;
    if (cluster === undefined || isDown || machine.faults.unreachable === true)
      throw Object.assign(new Error(`connect ECONNREFUSED ${this.#address()}:${apiPort}`), { code: 'ECONNREFUSED' });
    const slow = cluster.faults.take('api-slow');
    if (slow !== undefined) await clock.machines.sleep(slow.delayMs);
    return replyOf(cluster, request);
  };

  /** Asks what the cluster publishes on the machines' addresses; nothing is dialled. */
  readonly probe: EndpointProbe = {
    http: async (url) => {
      const { hostname, port, protocol } = new URL(url);
      return this.#ask(hostname, Number(port || (protocol === 'https:' ? 443 : 80)), 'HTTP 200', 200);
    },
    tcp: async (address, port) => this.#ask(address, port, 'accepts connections', undefined),
  };

  async #ask(address: string, port: number, detail: string, status: number | undefined): Promise<ProbeAnswer> {
    const { model, machines } = this.#parts;
    const dialled = `${address}:${port}`;
    const silent = (why: string): ProbeAnswer => {
      return { ok: false, status: undefined, detail: why, dialled, standIn: undefined, body: '' };
    };
    const node = model.nodes.find((one) => one.address === address)?.name ?? '';
    const cluster = this.#live;
    if (!machines.isUp(node)) return silent('EHOSTUNREACH');
    if (port === apiPort && node === this.#controlPlane() && cluster !== undefined)
      return { ok: true, status, detail, dialled, standIn: undefined, body: '' };
    const published = cluster === undefined ? [] : publishedPorts(cluster.store);
    if (!published.some((one) => one.port === port && (one.node ?? node) === node)) return silent('connection refused');
    const backend = cluster === undefined ? undefined : backendOf(cluster.store, port);
    if (backend === undefined) return silent('ECONNRESET');
    return { ok: true, status, detail, dialled, standIn: backend.image, body: standInPage(backend) };
  }

  #controlPlane(): string {
    const planes = this.#parts.model.nodes.filter((node) => node.roles.includes('control-plane'));
    return planes[0]?.name ?? '';
  }

  #address(): string {
    return this.#parts.model.nodes.find((node) => node.name === this.#controlPlane())?.address ?? '';
  }
}

function hostOf(machines: InProcessMachines, name: string) {
  return {
    get isUp() {
      return machines.isUp(name);
    },
    get machine() {
      return machines.get(name);
    },
    save: () => undefined,
  };
}

function replyOf(cluster: LabKubernetes, { method, path, headers, body }: KubeRequest): KubeReply {
  const reply = cluster.request({ method, url: path, headers, body: body ?? '' });
  if ('open' in reply) {
    throw new AppError({
      code: 'lab/no-streams-in-process',
      kind: 'bug',
      message: `${method} ${path} opens a stream, which the in-process exchange does not carry.`,
    });
  }
  const text = typeof reply.body === 'string' ? reply.body : `${JSON.stringify(reply.body)}\n`;
  const seconds = reply.code === 429 && typeof reply.body === 'object' ? retryAfterOf(reply.body.details) : undefined;
  return { status: reply.code, text, retryAfter: seconds };
}

function retryAfterOf(details: unknown): string | undefined {
  if (typeof details !== 'object' || details === null || !('retryAfterSeconds' in details)) return undefined;
  return String(details.retryAfterSeconds);
}

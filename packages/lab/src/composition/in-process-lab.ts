import {
  type Cluster,
  type EndpointProbe,
  type Ids,
  type PowerStates,
  type ProcessRunner,
  Secret,
  type Transport,
  type TryMode,
} from '@vmstation/core';
import type { KubeExchange } from '@vmstation/kube';
import { type LabRandom, seededRandom } from '../clock/randomness.ts';
import { VirtualClock } from '../clock/virtual-clock.ts';
import { labSudoPassword, machineSpecOf } from '../daemon/machine-spec-of.ts';
import { readReadiness } from '../daemon/node-readiness.ts';
import { LabFaults } from '../faults/lab-faults.ts';
import type { LabKubernetes } from '../kubernetes/lab-cluster.ts';
import { InProcessCluster } from './in-process-cluster.ts';
import { inProcessPrograms } from './in-process-installer.ts';
import { InProcessMachines } from './in-process-machines.ts';
import { inProcessTransport } from './in-process-transport.ts';

/** What an in-process lab is made from. */
export interface InProcessLabOptions {
  /** The cluster file's model; its nodes become bare machines. */
  readonly model: Cluster;
  /** Everything random follows from it. */
  readonly seed: string;
  readonly startMs: number;
  /** Hears of a controller of the cluster that failed. */
  readonly onError: (what: string) => void;
}

/**
 * A whole lab in this process: machines, cluster and clock, and the ports by which the product reaches them. No socket, no file, no other process;
 * the same seed gives the same life.
 */
export class InProcessLab {
  readonly clock: VirtualClock;
  readonly model: Cluster;
  readonly machines: InProcessMachines;
  readonly faults: LabFaults;
  readonly #cluster: InProcessCluster;
  readonly #seed: string;
  readonly #operatorKey: string;

  private constructor({ model, seed, startMs, onError }: InProcessLabOptions) {
    this.model = model;
    this.#seed = seed;
    this.clock = new VirtualClock(startMs);
    this.#operatorKey = publicKeyLine(this.random('operator key'), 'operator');
    this.machines = new InProcessMachines({
      clock: this.clock,
      randomOf: (node) => this.random(`machine ${node}`),
      onReplaced: () => this.faults.reapply(),
    });
    this.#cluster = new InProcessCluster({
      model,
      clock: this.clock,
      random: this.random('cluster'),
      machines: this.machines,
      onCreated: () => this.faults.reapply(),
      onError,
    });
    this.faults = new LabFaults({
      machine: (node) => this.machines.find(node),
      nodes: () => this.machines.names,
      cluster: () => this.cluster?.faults,
    });
  }

  /** Makes the machines of a model, bare and booted. */
  static async start(options: InProcessLabOptions): Promise<InProcessLab> {
    const lab = new InProcessLab(options);
    const boot = async (): Promise<void> => {
      for (const node of lab.model.nodes) await lab.machines.add(machineSpecOf(lab.model, node, lab.#operatorKey));
    };
    await lab.clock.until(boot());
    return lab;
  }

  /** The cluster, once the installer has made one. */
  get cluster(): LabKubernetes | undefined {
    return this.#cluster.live;
  }

  /** A source of randomness of its own for each purpose, so that one does not disturb another. */
  random(purpose: string): LabRandom {
    return seededRandom(`${this.#seed}\n${purpose}`);
  }

  /** A transport to the machines; each has its own connections. */
  transport(): Transport {
    const logins = new Map(this.model.nodes.map((node) => [node.name, node.ssh]));
    return inProcessTransport({
      sudoPassword: async (node) => {
        const name = logins.get(node)?.sudoPassword?.secret;
        return name === undefined ? undefined : { name, value: new Secret(labSudoPassword) };
      },
      machineOf: (node) => this.machines.find(node),
      loginOf: (node) => ({ user: logins.get(node)?.user ?? '', publicKey: this.#operatorKey }),
      clock: this.clock.product,
    });
  }

  get exchange(): KubeExchange {
    return this.#cluster.exchange;
  }

  get probe(): EndpointProbe {
    return this.#cluster.probe;
  }

  get power(): PowerStates {
    return this.machines.power;
  }

  tryMode(transport: Transport): TryMode {
    return this.machines.tryMode(transport);
  }

  /** The lab's installer, and no other program. */
  programs(): ProcessRunner {
    return inProcessPrograms({
      machines: {
        readiness: async (node) => readReadiness(this.machines.get(node)),
        createCluster: (order) => this.#cluster.create(order),
      },
      clock: this.clock,
      random: this.random('installer'),
    });
  }

  /** Ids for the product: times from the clock, the rest from the seed. */
  ids(): Ids {
    const random = this.random('ids');
    const nonce = (bytes: number): string => Buffer.from(random.bytes(bytes)).toString('hex');
    return {
      nonce,
      runId: () => {
        const [day = '', time = ''] = new Date(this.clock.now()).toISOString().split(/[T.]/);
        return `${day.replaceAll('-', '')}-${time.replaceAll(':', '')}-${nonce(2)}`;
      },
    };
  }

  /** A public key for the workspace, as OpenSSH writes one. Nothing in this process signs with it. */
  workspaceKey(comment: string): string {
    return publicKeyLine(this.random('workspace key'), comment);
  }

  async close(): Promise<void> {
    await this.#cluster.close();
    this.machines.close();
  }
}

/** An ed25519 public key in OpenSSH's form (RFC 4253 section 6.6, RFC 8709) with random bytes. */
function publicKeyLine(random: LabRandom, comment: string): string {
  const field = (bytes: Uint8Array): Buffer => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    return Buffer.concat([length, bytes]);
  };
  const type = 'ssh-ed25519';
  const blob = Buffer.concat([field(Buffer.from(type)), field(random.bytes(32))]);
  return `${type} ${blob.toString('base64')} ${comment}`;
}

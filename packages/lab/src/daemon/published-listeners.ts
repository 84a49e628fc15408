import type { ObjectStore } from '../kubernetes/storage/object-store.ts';
import { backendOf, publishedPorts } from '../kubernetes/workloads/published-ports.ts';
import { StandInServer } from '../kubernetes/workloads/stand-in-server.ts';

interface Listener {
  readonly server: StandInServer;
  readonly loopbackPort: number;
  readonly node: string | undefined;
  readonly port: number;
}

/** Holds one loopback listener for each port that the cluster publishes now: NodePorts, which answer on every node, and host ports. */
export class PublishedListeners {
  readonly #store: ObjectStore;
  readonly #takePort: (purpose: string) => Promise<number>;
  readonly #log: (line: string) => void;
  readonly #listeners = new Map<string, Listener>();
  readonly #unsubscribe: () => void;
  #work: Promise<void> = Promise.resolve();
  #planned = false;

  constructor(store: ObjectStore, takePort: (purpose: string) => Promise<number>, log: (line: string) => void) {
    this.#store = store;
    this.#takePort = takePort;
    this.#log = log;
    this.#unsubscribe = store.subscribe(({ resource }) => {
      if (resource === 'services' || resource === 'pods') this.#plan();
    });
    this.#plan();
  }

  /** The loopback port behind a published port of a node; undefined when nothing publishes it there. */
  loopbackPortOf(node: string, port: number): number | undefined {
    const found = [...this.#listeners.values()].find(
      (listener) => listener.port === port && (listener.node === undefined || listener.node === node),
    );
    return found?.loopbackPort;
  }

  async close(): Promise<void> {
    this.#unsubscribe();
    this.#planned = true;
    await this.#work;
    await Promise.all([...this.#listeners.values()].map(({ server }) => server.close()));
  }

  /** Many changes in one turn are one look at the whole. */
  #plan(): void {
    if (this.#planned) return;
    this.#planned = true;
    this.#work = this.#afterThat(this.#work);
  }

  async #afterThat(earlier: Promise<void>): Promise<void> {
    await earlier;
    this.#planned = false;
    await this.#synchronise();
  }

  async #synchronise(): Promise<void> {
    const wanted = new Map(publishedPorts(this.#store).map((one) => [`${one.node ?? 'any'}/${one.port}`, one]));
    for (const [key, { server }] of this.#listeners) {
      if (wanted.has(key)) continue;
      this.#listeners.delete(key);
      await server.close();
    }
    for (const [key, { node, port, title }] of wanted) {
      if (this.#listeners.has(key)) continue;
      const server = new StandInServer(() => backendOf(this.#store, port));
      try {
        const loopbackPort = await this.#takePort(`published/${key}`);
        await server.listen(loopbackPort);
        this.#listeners.set(key, { server, loopbackPort, node, port });
        this.#log(`${title}: port ${port} answers at 127.0.0.1:${loopbackPort}`);
      } catch (error) {
        this.#log(`${title}: port ${port} cannot be served: ${String(error)}`);
      }
    }
  }
}

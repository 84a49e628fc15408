import { randomBytes } from 'node:crypto';
import type { KubernetesObject } from '@kubernetes/client-node';
import type { KubernetesSubject } from './kubernetes-subject.ts';
import { thrownRefusal } from './refusal.ts';

/** A case's own place in a cluster: names that nobody else has, namespaces, and what must be taken away again. */
export class Scratch {
  readonly subject: KubernetesSubject;
  readonly #cleanups: (() => Promise<unknown>)[] = [];
  #namespace: Promise<string> | undefined;

  constructor(subject: KubernetesSubject) {
    this.subject = subject;
  }

  /** A name for something cluster-wide. */
  name(part: string): string {
    return `${this.subject.namespacePrefix}-${part}-${randomBytes(3).toString('hex')}`;
  }

  /** The case's namespace, ready for pods; made when first asked for. */
  namespace(): Promise<string> {
    this.#namespace ??= this.newNamespace();
    return this.#namespace;
  }

  /** One more namespace. */
  async newNamespace(): Promise<string> {
    const { core } = this.subject;
    const name = this.name('case');
    await core.createNamespace({ body: { metadata: { name } } });
    this.defer(() => core.deleteNamespace({ name, body: { propagationPolicy: 'Background' } }));
    await this.until(`the default ServiceAccount of ${name}`, async () => {
      const { items } = await core.listNamespacedServiceAccount({ namespace: name });
      return items.some((item) => item.metadata?.name === 'default');
    });
    return name;
  }

  /** Creates something cluster-wide that goes when the case ends. */
  async create<T extends KubernetesObject>(object: T): Promise<T> {
    const created = await this.subject.objects.create(object);
    this.defer(() => this.subject.objects.delete(created));
    return created;
  }

  /** Runs `cleanup` when the case ends; what is gone already is no fault. */
  defer(cleanup: () => Promise<unknown>): void {
    this.#cleanups.push(cleanup);
  }

  /** Polls until `probe` gives something; throws with what was awaited when the subject's deadline is over. */
  async until<T>(awaited: string, probe: () => Promise<T | undefined | false>): Promise<T> {
    const deadline = Date.now() + this.subject.deadlineMs;
    for (;;) {
      const found = await probe();
      if (found !== undefined && found !== false) return found;
      if (Date.now() > deadline) throw new Error(`within ${this.subject.deadlineMs} ms did not come: ${awaited}`);
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
  }

  /** Takes away what the case made, newest first. */
  async clear(): Promise<void> {
    for (const cleanup of this.#cleanups.toReversed()) {
      try {
        await cleanup();
      } catch (error) {
        const { code } = thrownRefusal(error);
        if (code !== 404 && code !== 409) throw error;
      }
    }
  }
}

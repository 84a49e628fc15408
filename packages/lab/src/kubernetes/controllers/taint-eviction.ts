import type { Pod } from '../kinds.ts';
import { tolerates } from '../scheduler/node-fit.ts';
import type { StoreEvent } from '../storage/object-store.ts';
import { type ControlLoop, type ControllerContext, keyOf, splitKey } from './controller.ts';

const component = 'taint-eviction-controller';
/** Those of a lost node are the node controller's. */
const ofLostNodes: ReadonlySet<string> = new Set(['node.kubernetes.io/unreachable', 'node.kubernetes.io/not-ready']);

/** Ends pods on nodes whose taints NoExecute they do not tolerate, or no longer. Keys are pods. */
export class TaintEvictionController implements ControlLoop {
  readonly name = component;
  readonly #context: ControllerContext;
  /** Since when a pod has had to bear its node's taints, by uid. */
  readonly #since = new Map<string, number>();

  constructor(context: ControllerContext) {
    this.#context = context;
  }

  keysOf({ type, resource, object }: StoreEvent): readonly string[] {
    if (resource === 'pods') {
      if (type === 'DELETED') this.#since.delete(object.metadata.uid ?? '');
      return (object as Pod).spec?.nodeName ? [keyOf(object)] : [];
    }
    if (resource !== 'nodes') return [];
    const pods = this.#context.store.list('pods').filter(({ spec }) => spec?.nodeName === object.metadata.name);
    return pods.map(keyOf);
  }

  initialKeys(): readonly string[] {
    return this.#context.store
      .list('pods')
      .filter(({ spec }) => spec?.nodeName)
      .map(keyOf);
  }

  reconcile(key: string): number | undefined {
    const { namespace, name } = splitKey(key);
    const { api, store, clock, recorder } = this.#context;
    const pod = store.get('pods', namespace, name);
    if (!pod?.spec?.nodeName || pod.metadata.deletionTimestamp) return undefined;
    const uid = pod.metadata.uid ?? '';
    const taints = (store.get('nodes', '', pod.spec.nodeName)?.spec?.taints ?? []).filter(
      ({ key: taint, effect }) => effect === 'NoExecute' && !ofLostNodes.has(taint),
    );
    if (taints.length === 0) {
      this.#since.delete(uid);
      return undefined;
    }
    const since = this.#since.get(uid) ?? clock.now();
    this.#since.set(uid, since);
    const wait = since + Math.min(...taints.map((taint) => borneMs(pod, taint))) - clock.now();
    if (wait === Infinity) return undefined;
    if (wait > 0) return wait;
    const message = `Marking for deletion Pod ${namespace}/${name}`;
    recorder.record(pod, { type: 'Normal', reason: 'TaintManagerEviction', message }, component);
    api.remove('pods', namespace, name);
    return undefined;
  }
}

/** How long a pod bears a taint: not at all, for its shortest toleration, or for ever. */
function borneMs(pod: Pod, taint: { readonly key: string; readonly effect: string; readonly value?: string }): number {
  const matching = (pod.spec?.tolerations ?? []).filter((item) => tolerates([item], taint));
  if (matching.length === 0) return 0;
  return Math.min(...matching.map(({ tolerationSeconds = Infinity }) => tolerationSeconds)) * 1000;
}

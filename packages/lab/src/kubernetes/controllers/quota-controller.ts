import { amountText, usedOf } from '../admission/quota-usage.ts';
import { jsonEqual } from '../json.ts';
import type { StoreEvent } from '../storage/object-store.ts';
import { type ControlLoop, type ControllerContext, keyOf, splitKey } from './controller.ts';

/** Keeps the status of each ResourceQuota: what it limits and what is used. */
export class QuotaController implements ControlLoop {
  readonly name = 'resourcequota-controller';
  readonly #context: ControllerContext;

  constructor(context: ControllerContext) {
    this.#context = context;
  }

  keysOf({ object }: StoreEvent): readonly string[] {
    const { namespace } = object.metadata;
    return namespace ? this.#context.store.list('resourcequotas', namespace).map(keyOf) : [];
  }

  initialKeys(): readonly string[] {
    return this.#context.store.list('resourcequotas').map(keyOf);
  }

  reconcile(key: string): number | undefined {
    const { namespace, name } = splitKey(key);
    const { api, store } = this.#context;
    const quota = store.get('resourcequotas', namespace, name);
    if (!quota) return undefined;
    const used = Object.entries(usedOf(store, quota)).map(([item, amount]) => [item, amountText(item, amount)]);
    const status = { hard: quota.spec?.hard ?? {}, used: Object.fromEntries(used) as Record<string, string> };
    if (jsonEqual(status, quota.status)) return undefined;
    const options = { manager: 'kube-controller-manager', subresource: 'status' as const };
    api.mutate('resourcequotas', namespace, name, options, (draft) => {
      draft.status = status;
    });
    return undefined;
  }
}

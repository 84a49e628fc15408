import type { TokenAuthenticator } from '../auth/token-authentication.ts';
import type { KubeObject, Namespace, Secret } from '../kinds.ts';
import { resourceDefinitions } from '../resources.ts';
import type { StoreEvent } from '../storage/object-store.ts';
import { type ControlLoop, type ControllerContext, keyOf, splitKey } from './controller.ts';

const write = { manager: 'kube-controller-manager' };

/** Empties a namespace that is being deleted, then lets it go. */
export class NamespaceController implements ControlLoop {
  readonly name = 'namespace-controller';
  readonly #context: ControllerContext;

  constructor(context: ControllerContext) {
    this.#context = context;
  }

  keysOf({ resource, object }: StoreEvent): readonly string[] {
    return resource === 'namespaces' && object.metadata.deletionTimestamp ? [object.metadata.name] : [];
  }

  initialKeys(): readonly string[] {
    return this.#context.store
      .list('namespaces')
      .filter(({ metadata }) => metadata.deletionTimestamp)
      .map(({ metadata }) => metadata.name);
  }

  reconcile(name: string): number | undefined {
    const { api, store } = this.#context;
    const namespace = store.get('namespaces', '', name);
    if (!namespace?.metadata.deletionTimestamp) return undefined;
    let remaining = 0;
    for (const definition of resourceDefinitions.filter((item) => item.namespaced)) {
      for (const object of store.list(definition.name, name) as KubeObject[]) {
        if (!object.metadata.deletionTimestamp) {
          api.remove(definition.name, name, object.metadata.name, { propagationPolicy: 'Background' });
        }
        if (store.get(definition.name, name, object.metadata.name)) remaining++;
      }
    }
    if (remaining > 0) return 100;
    const next: Namespace = { ...namespace, spec: { finalizers: [] } };
    api.storePrepared('namespaces', next);
    return undefined;
  }
}

/** Gives each namespace its default service account and the cluster's CA. */
export class NamespaceDefaultsController implements ControlLoop {
  readonly name = 'namespace-defaults-controller';
  readonly #context: ControllerContext;
  readonly #ca: string;

  constructor(context: ControllerContext, ca: string) {
    this.#context = context;
    this.#ca = ca;
  }

  keysOf({ type, resource, object }: StoreEvent): readonly string[] {
    if (resource === 'namespaces') return [object.metadata.name];
    const isOurs = object.metadata.name === 'default' || object.metadata.name === 'kube-root-ca.crt';
    return type === 'DELETED' && isOurs && (resource === 'serviceaccounts' || resource === 'configmaps')
      ? [object.metadata.namespace ?? '']
      : [];
  }

  initialKeys(): readonly string[] {
    return this.#context.store.list('namespaces').map(({ metadata }) => metadata.name);
  }

  reconcile(namespace: string): number | undefined {
    const { api, store } = this.#context;
    const found = store.get('namespaces', '', namespace);
    if (!found || found.metadata.deletionTimestamp) return undefined;
    if (!store.get('serviceaccounts', namespace, 'default')) {
      api.create(
        'serviceaccounts',
        { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default', namespace } },
        write,
      );
    }
    if (!store.get('configmaps', namespace, 'kube-root-ca.crt')) {
      const metadata = { name: 'kube-root-ca.crt', namespace };
      api.create('configmaps', { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { 'ca.crt': this.#ca } }, write);
    }
    return undefined;
  }
}

/** Fills the token Secrets that are made for a service account, and removes those of accounts that are gone. */
export class TokenSecretController implements ControlLoop {
  readonly name = 'token-controller';
  readonly #context: ControllerContext;
  readonly #tokens: TokenAuthenticator;
  readonly #ca: string;

  constructor(context: ControllerContext, tokens: TokenAuthenticator, ca: string) {
    this.#context = context;
    this.#tokens = tokens;
    this.#ca = ca;
  }

  keysOf({ resource, object }: StoreEvent): readonly string[] {
    return resource === 'secrets' && (object as Secret).type === 'kubernetes.io/service-account-token'
      ? [keyOf(object)]
      : [];
  }

  initialKeys(): readonly string[] {
    return [];
  }

  reconcile(key: string): number | undefined {
    const { namespace, name } = splitKey(key);
    const { api, store } = this.#context;
    const secret = store.get('secrets', namespace, name);
    const accountName = secret?.metadata.annotations?.['kubernetes.io/service-account.name'] ?? '';
    if (!secret || secret.data?.token) return undefined;
    const account = store.get('serviceaccounts', namespace, accountName);
    if (!account) {
      api.remove('secrets', namespace, name);
      return undefined;
    }
    const uid = account.metadata.uid ?? '';
    const token = this.#tokens.issue({ namespace, name: accountName, uid, expires: undefined, secret: name });
    const encode = (text: string): string => Buffer.from(text).toString('base64');
    api.mutate('secrets', namespace, name, write, (draft) => {
      draft.metadata.annotations = { ...draft.metadata.annotations, 'kubernetes.io/service-account.uid': uid };
      draft.data = { ...draft.data, token: encode(token), 'ca.crt': encode(this.#ca), namespace: encode(namespace) };
    });
    return undefined;
  }
}

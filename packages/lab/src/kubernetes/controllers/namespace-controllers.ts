import type { TokenAuthenticator } from '../auth/token-authentication.ts';
import { timestamp } from '../clock.ts';
import type { KubeObject, Namespace, Secret } from '../kinds.ts';
import { type ResourceDefinition, resourceDefinitions } from '../resources.ts';
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
    const remaining: Remaining[] = [];
    for (const definition of resourceDefinitions.filter((item) => item.namespaced)) {
      for (const object of store.list(definition.name, name) as KubeObject[]) {
        if (!object.metadata.deletionTimestamp) {
          api.remove(definition.name, name, object.metadata.name, { propagationPolicy: 'Background' });
        }
        const left = store.get(definition.name, name, object.metadata.name);
        if (left) remaining.push({ definition, finalizers: left.metadata.finalizers ?? [] });
      }
    }
    if (remaining.length > 0) {
      this.#report(name, remaining);
      return 100;
    }
    const next: Namespace = { ...namespace, spec: { finalizers: [] } };
    api.storePrepared('namespaces', next);
    return undefined;
  }

  /** Says in the namespace's status what it waits for. */
  #report(name: string, remaining: readonly Remaining[]): void {
    const { api, clock } = this.#context;
    const now = timestamp(clock.now());
    api.mutate('namespaces', '', name, { ...write, subresource: 'status' }, (draft) => {
      const before = draft.status?.conditions ?? [];
      const conditions = terminationConditions(remaining).map((item) => {
        const known = before.find(({ type, status }) => type === item.type && status === item.status);
        return { ...item, lastTransitionTime: known?.lastTransitionTime ?? now };
      });
      draft.status = { ...draft.status, conditions };
    });
  }
}

/** An object that a namespace still holds. */
interface Remaining {
  readonly definition: ResourceDefinition;
  readonly finalizers: readonly string[];
}

/** Source: pkg/controller/namespace/deletion/status_condition_utils.go. */
function terminationConditions(
  remaining: readonly Remaining[],
): { type: string; status: string; reason: string; message: string }[] {
  const counted = (names: readonly string[], unit: string): string =>
    [...new Set(names)]
      .toSorted()
      .map((name) => `${name}${unit} ${names.filter((item) => item === name).length} resource instances`)
      .join(', ');
  const kinds = counted(
    remaining.map(({ definition }) => `${definition.plural}.${definition.group}`),
    ' has',
  );
  const finalizers = counted(
    remaining.flatMap((item) => item.finalizers),
    ' in',
  );
  const fine = (type: string, reason: string, message: string): ReturnType<typeof terminationConditions>[number] => ({
    type,
    status: 'False',
    reason,
    message,
  });
  return [
    fine('NamespaceDeletionDiscoveryFailure', 'ResourcesDiscovered', 'All resources successfully discovered'),
    fine(
      'NamespaceDeletionGroupVersionParsingFailure',
      'ParsedGroupVersions',
      'All legacy kube types successfully parsed',
    ),
    fine(
      'NamespaceDeletionContentFailure',
      'ContentDeleted',
      'All content successfully deleted, may be waiting on finalization',
    ),
    {
      type: 'NamespaceContentRemaining',
      status: 'True',
      reason: 'SomeResourcesRemain',
      message: `Some resources are remaining: ${kinds}`,
    },
    finalizers === ''
      ? fine('NamespaceFinalizersRemaining', 'ContentHasNoFinalizers', 'All content-preserving finalizers finished')
      : {
          type: 'NamespaceFinalizersRemaining',
          status: 'True',
          reason: 'SomeFinalizersRemain',
          message: `Some content in the namespace has finalizers remaining: ${finalizers}`,
        },
  ];
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

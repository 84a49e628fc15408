import { jsonEqual } from '../json.ts';
import type { Endpoint, EndpointSlice, Endpoints, Pod, Service, ServicePort } from '../kinds.ts';
import { matchesMap } from '../request/selectors.ts';
import type { StoreEvent } from '../storage/object-store.ts';
import { type ControlLoop, type ControllerContext, keyOf, splitKey } from './controller.ts';
import { controllerReference, isPodReady } from './pod-factory.ts';

const managedBy = 'endpointslice-controller.k8s.io';
const write = { manager: 'kube-controller-manager' };

/** Keeps the EndpointSlice and Endpoints of each Service that has a selector. Others are left to whoever manages them. */
export class EndpointsController implements ControlLoop {
  readonly name = 'endpoint-slice-controller';
  readonly #context: ControllerContext;

  constructor(context: ControllerContext) {
    this.#context = context;
  }

  keysOf({ resource, object, previous }: StoreEvent): readonly string[] {
    if (resource === 'services') return [keyOf(object)];
    if (resource !== 'pods') return [];
    return this.#context.store
      .list('services', object.metadata.namespace)
      .filter(
        ({ spec }) =>
          matchesMap(spec?.selector, object.metadata.labels) || matchesMap(spec?.selector, previous?.metadata.labels),
      )
      .map(keyOf);
  }

  initialKeys(): readonly string[] {
    return this.#context.store.list('services').map(keyOf);
  }

  reconcile(key: string): number | undefined {
    const { namespace, name } = splitKey(key);
    const { store } = this.#context;
    const service = store.get('services', namespace, name);
    if (!service) return this.#forget(namespace, name);
    if (!service.spec?.selector || service.metadata.deletionTimestamp) return undefined;
    const pods = store
      .list('pods', namespace)
      .filter((pod) => matchesMap(service.spec?.selector, pod.metadata.labels) && isReachable(pod));
    this.#writeSlice(service, pods);
    this.#writeEndpoints(service, pods);
    return undefined;
  }

  #forget(namespace: string, name: string): undefined {
    const { api, store } = this.#context;
    const endpoints = store.get('endpoints', namespace, name);
    if (endpoints?.metadata.labels?.['endpoints.kubernetes.io/managed-by'] === 'endpoint-controller')
      api.remove('endpoints', namespace, name);
    for (const slice of store.list('endpointslices.discovery.k8s.io', namespace)) {
      const labels = slice.metadata.labels ?? {};
      if (
        labels['kubernetes.io/service-name'] === name &&
        labels['endpointslice.kubernetes.io/managed-by'] === managedBy
      ) {
        api.remove('endpointslices.discovery.k8s.io', namespace, slice.metadata.name);
      }
    }
    return undefined;
  }

  #writeSlice(service: Service, pods: readonly Pod[]): void {
    const { api, store } = this.#context;
    const { namespace = '', name } = service.metadata;
    const labels = { 'kubernetes.io/service-name': name, 'endpointslice.kubernetes.io/managed-by': managedBy };
    const current = store
      .list('endpointslices.discovery.k8s.io', namespace)
      .find(({ metadata }) => Object.entries(labels).every(([key, value]) => metadata.labels?.[key] === value));
    const ports = slicePorts(service, pods[0]);
    const endpoints = pods.map((pod) => sliceEndpoint(service, pod));
    if (!current) {
      const slice: EndpointSlice = {
        apiVersion: 'discovery.k8s.io/v1',
        kind: 'EndpointSlice',
        metadata: {
          name: '',
          generateName: `${name}-`,
          namespace,
          labels,
          ownerReferences: [controllerReference(service)],
        },
        addressType: 'IPv4',
        endpoints,
        ports,
      };
      api.create('endpointslices.discovery.k8s.io', slice, write);
    } else if (!jsonEqual(current.endpoints ?? [], endpoints) || !jsonEqual(current.ports ?? [], ports)) {
      api.mutate('endpointslices.discovery.k8s.io', namespace, current.metadata.name, write, (draft) => {
        draft.endpoints = endpoints;
        draft.ports = ports;
      });
    }
  }

  #writeEndpoints(service: Service, pods: readonly Pod[]): void {
    const { api, store } = this.#context;
    const { namespace = '', name } = service.metadata;
    const ports = (service.spec?.ports ?? []).flatMap((port) => {
      const target = targetPort(port, pods[0]);
      if (target === undefined) return [];
      return [{ ...(port.name ? { name: port.name } : {}), port: target, protocol: port.protocol ?? 'TCP' }];
    });
    const address = (pod: Pod): { ip: string; nodeName: string; targetRef: object } => ({
      ip: pod.status?.podIP ?? '',
      nodeName: pod.spec?.nodeName ?? '',
      targetRef: targetRef(pod),
    });
    const ready = pods.filter((pod) => isServing(service, pod)).map(address);
    const unready = pods.filter((pod) => !isServing(service, pod)).map(address);
    const subset = {
      ...(ready.length > 0 ? { addresses: ready } : {}),
      ...(unready.length > 0 ? { notReadyAddresses: unready } : {}),
      ports,
    };
    const subsets = (pods.length > 0 ? [subset] : []) as NonNullable<Endpoints['subsets']>;
    const labels = { ...service.metadata.labels, 'endpoints.kubernetes.io/managed-by': 'endpoint-controller' };
    const current = store.get('endpoints', namespace, name);
    if (!current)
      api.create(
        'endpoints',
        { apiVersion: 'v1', kind: 'Endpoints', metadata: { name, namespace, labels }, subsets },
        write,
      );
    else if (!jsonEqual(current.subsets ?? [], subsets)) {
      api.mutate('endpoints', namespace, name, write, (draft) => {
        draft.subsets = subsets;
      });
    }
  }
}

function isReachable(pod: Pod): boolean {
  return Boolean(pod.status?.podIP) && pod.status?.phase !== 'Succeeded' && pod.status?.phase !== 'Failed';
}

function isServing(service: Service, pod: Pod): boolean {
  if (service.spec?.publishNotReadyAddresses) return true;
  return isPodReady(pod) && !pod.metadata.deletionTimestamp;
}

function targetRef(pod: Pod): { kind: string; namespace: string; name: string; uid: string } {
  const { namespace = '', name, uid = '' } = pod.metadata;
  return { kind: 'Pod', namespace, name, uid };
}

function sliceEndpoint(service: Service, pod: Pod): Endpoint {
  return {
    addresses: [pod.status?.podIP ?? ''],
    conditions: {
      ready: isServing(service, pod),
      serving: isPodReady(pod),
      terminating: pod.metadata.deletionTimestamp !== undefined,
    },
    nodeName: pod.spec?.nodeName ?? '',
    targetRef: targetRef(pod),
  };
}

/** Number of the port that a Service's port leads to; a name is looked up in the pod. */
export function targetPort(port: ServicePort, pod: Pod | undefined): number | undefined {
  if (typeof port.targetPort === 'number') return port.targetPort;
  const found = pod?.spec?.containers.flatMap(({ ports }) => ports ?? []).find(({ name }) => name === port.targetPort);
  return found?.containerPort;
}

function slicePorts(service: Service, pod: Pod | undefined): NonNullable<EndpointSlice['ports']> {
  return (service.spec?.ports ?? []).flatMap((port) => {
    const target = targetPort(port, pod);
    return target === undefined ? [] : [{ name: port.name ?? '', port: target, protocol: port.protocol ?? 'TCP' }];
  });
}

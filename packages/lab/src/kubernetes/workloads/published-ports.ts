import { isPodReady } from '../controllers/pod-factory.ts';
import type { Pod, Service } from '../kinds.ts';
import type { ObjectStore } from '../storage/object-store.ts';
import type { Backend } from './stand-in-server.ts';

/** A TCP port that the cluster publishes outside itself. */
export interface PublishedPort {
  readonly port: number;
  /** Undefined for a NodePort, which answers on every node; the node's name for a hostPort. */
  readonly node: string | undefined;
  readonly title: string;
}

/** NodePorts of Services and host ports of pods, as they are declared now. */
export function publishedPorts(store: ObjectStore): readonly PublishedPort[] {
  const nodePorts = store
    .list('services')
    .flatMap((service) =>
      (service.spec?.ports ?? []).flatMap((port) =>
        port.nodePort === undefined || port.protocol === 'UDP'
          ? []
          : [{ port: port.nodePort, node: undefined, title: `${service.metadata.namespace}/${service.metadata.name}` }],
      ),
    );
  const hostPorts = store.list('pods').flatMap((pod) =>
    hostPortsOf(pod).map((port) => ({
      port,
      node: pod.spec?.nodeName,
      title: `${pod.metadata.namespace}/${pod.metadata.name}`,
    })),
  );
  return [...nodePorts, ...hostPorts];
}

/** The ready pod that would answer at a published port, as kube-proxy would choose one; undefined when there is none. */
export function backendOf(store: ObjectStore, published: number): Backend | undefined {
  const service = store
    .list('services')
    .find((one) => one.spec?.ports?.some((port) => port.nodePort === published) === true);
  const pods = store.list('pods').filter(isPodReady);
  const pod =
    service === undefined
      ? pods.find((one) => hostPortsOf(one).includes(published))
      : pods.find((one) => isSelected(one, service));
  if (pod === undefined) return undefined;
  return {
    image: pod.spec?.containers[0]?.image ?? '',
    pod: `${pod.metadata.namespace}/${pod.metadata.name}`,
    node: pod.spec?.nodeName ?? '',
  };
}

function hostPortsOf(pod: Pod): readonly number[] {
  const containers = pod.spec?.containers ?? [];
  return containers.flatMap((container) =>
    (container.ports ?? []).flatMap((port) =>
      port.hostPort === undefined || port.protocol === 'UDP' ? [] : [port.hostPort],
    ),
  );
}

function isSelected(pod: Pod, service: Service): boolean {
  const selector = Object.entries(service.spec?.selector ?? {});
  if (selector.length === 0 || pod.metadata.namespace !== service.metadata.namespace) return false;
  return selector.every(([key, value]) => pod.metadata.labels?.[key] === value);
}

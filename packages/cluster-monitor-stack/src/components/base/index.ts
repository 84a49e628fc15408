import { localStorageClass, namespace } from '@vmstation/kube';
import { type MonitorComponent, monitoringStorageClass } from '../component.ts';

/** What all other components stand on: the namespace and the storage class. */
export const base: MonitorComponent = {
  name: 'base',
  title: 'Monitoring namespace',
  why: 'the namespace and the storage class that monitoring lives in',
  everywhere: true,
  objects: ({ cluster }) => [
    // node-exporter and alloy read the host, which only the privileged level of Pod Security admits.
    namespace(cluster.monitoring.namespace, { 'pod-security.kubernetes.io/enforce': 'privileged' }),
    localStorageClass(monitoringStorageClass),
  ],
};

import type { Cluster, KubeObject } from '@vmstation/core';
import {
  configMap,
  deployment,
  hardenedContainer,
  hardenedPod,
  localVolume,
  pinnedTo,
  secret,
  service,
} from '@vmstation/kube';
import {
  dataPathOf,
  imageOf,
  type MonitorComponent,
  monitoringStorageClass,
  placeOf,
  publishedUrl,
} from '../component.ts';
import { alertmanagerConfig, notifierFile, notifierFolder, notifierUrl } from './config.ts';

const uid = 65534;
const notifiersSecret = 'alertmanager-notifiers';

/** Delivery of alerts to the notifiers of the model. */
export const alertmanager: MonitorComponent = {
  name: 'alertmanager',
  title: 'Alertmanager',
  why: 'tells people of alerts, once and in groups',
  data: { uid },
  objects: async ({ cluster, secrets }) => {
    const place = placeOf(cluster, 'alertmanager');
    const config = configMap(placeOf(cluster, 'alertmanager', 'alertmanager-config'), {
      'alertmanager.yml': alertmanagerConfig(cluster),
    });
    const urls = await Promise.all(
      cluster.monitoring.notify.map(
        async (notifier, index) => [notifierFile(index), await notifierUrl(notifier, secrets)] as const,
      ),
    );
    return [
      config,
      secret(placeOf(cluster, 'alertmanager', notifiersSecret), Object.fromEntries(urls)),
      ...localVolume({
        place,
        node: cluster.monitoring.node,
        path: dataPathOf(cluster, 'alertmanager'),
        size: '1Gi',
        storageClass: monitoringStorageClass,
      }),
      service(place, {
        type: 'NodePort',
        selector: place.labels ?? {},
        ports: [{ name: 'http', port: 9093, targetPort: 'http', nodePort: cluster.monitoring.alertmanager.port }],
      }),
      workload(cluster),
    ];
  },
};

function workload(cluster: Cluster): KubeObject {
  const place = placeOf(cluster, 'alertmanager');
  return deployment(place, {
    replicas: 1,
    strategy: { type: 'Recreate' },
    selector: { matchLabels: place.labels ?? {} },
    template: {
      metadata: { labels: { ...place.labels } },
      spec: hardenedPod({
        uid,
        ...pinnedTo(cluster.monitoring.node),
        containers: [
          hardenedContainer({
            name: 'alertmanager',
            image: imageOf(cluster, 'alertmanager'),
            args: [
              '--config.file=/etc/alertmanager/alertmanager.yml',
              '--storage.path=/alertmanager',
              // One instance: without an empty address it would look for peers.
              '--cluster.listen-address=',
              `--web.external-url=${publishedUrl(cluster, 'alertmanager')}`,
            ],
            ports: [{ name: 'http', containerPort: 9093 }],
            resources: { cpu: '20m', memory: '64Mi', memoryLimit: '128Mi' },
            readinessProbe: { httpGet: { path: '/-/ready', port: 'http' }, periodSeconds: 5 },
            livenessProbe: { httpGet: { path: '/-/healthy', port: 'http' }, periodSeconds: 30 },
            volumeMounts: [
              { name: 'config', mountPath: '/etc/alertmanager', readOnly: true },
              { name: 'notifiers', mountPath: notifierFolder, readOnly: true },
              { name: 'data', mountPath: '/alertmanager' },
            ],
          }),
        ],
        volumes: [
          { name: 'config', configMap: { name: 'alertmanager-config' } },
          { name: 'notifiers', secret: { secretName: notifiersSecret } },
          { name: 'data', persistentVolumeClaim: { claimName: place.name } },
        ],
      }),
    },
  });
}

import type { Cluster, KubeObject } from '@vmstation/core';
import { configMap, deployment, hardenedContainer, hardenedPod, localVolume, pinnedTo, service } from '@vmstation/kube';
import { dataPathOf, imageOf, type MonitorComponent, monitoringStorageClass, placeOf } from '../component.ts';
import { lokiConfig } from './config.ts';

const uid = 10001;

/** Logs of all pods, kept on the monitoring node's own disk. */
export const loki: MonitorComponent = {
  name: 'loki',
  title: 'Loki',
  why: 'keeps the logs of all pods',
  data: { uid },
  objects: ({ cluster }) => {
    const place = placeOf(cluster, 'loki');
    const config = configMap(placeOf(cluster, 'loki', 'loki-config'), { 'loki.yaml': lokiConfig(cluster) });
    return [
      config,
      ...localVolume({
        place,
        node: cluster.monitoring.node,
        path: dataPathOf(cluster, 'loki'),
        size: '20Gi',
        storageClass: monitoringStorageClass,
      }),
      service(place, {
        type: 'ClusterIP',
        selector: place.labels ?? {},
        ports: [{ name: 'http', port: 3100, targetPort: 'http' }],
      }),
      workload(cluster),
    ];
  },
};

function workload(cluster: Cluster): KubeObject {
  const place = placeOf(cluster, 'loki');
  return deployment(place, {
    replicas: 1,
    strategy: { type: 'Recreate' },
    selector: { matchLabels: place.labels ?? {} },
    template: {
      metadata: { labels: { ...place.labels } },
      spec: hardenedPod({
        uid,
        ...pinnedTo(cluster.monitoring.node),
        terminationGracePeriodSeconds: 120,
        containers: [
          hardenedContainer({
            name: 'loki',
            image: imageOf(cluster, 'loki'),
            args: ['-config.file=/etc/loki/loki.yaml', '-target=all'],
            // Its published port is below the range of NodePorts, so it is a port of the monitoring node.
            ports: [{ name: 'http', containerPort: 3100, hostPort: cluster.monitoring.loki.port }],
            resources: { cpu: '100m', memory: '256Mi', memoryLimit: '1Gi' },
            // No liveness probe: replay after an unclean stop may outlast any limit, and would then never end.
            startupProbe: { httpGet: { path: '/ready', port: 'http' }, periodSeconds: 2, failureThreshold: 450 },
            readinessProbe: { httpGet: { path: '/ready', port: 'http' }, periodSeconds: 10 },
            volumeMounts: [
              { name: 'config', mountPath: '/etc/loki', readOnly: true },
              { name: 'data', mountPath: '/loki' },
              { name: 'tmp', mountPath: '/tmp' },
            ],
          }),
        ],
        volumes: [
          { name: 'config', configMap: { name: 'loki-config' } },
          { name: 'data', persistentVolumeClaim: { claimName: place.name } },
          { name: 'tmp', emptyDir: { sizeLimit: '256Mi' } },
        ],
      }),
    },
  });
}

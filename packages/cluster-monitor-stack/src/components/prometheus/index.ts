import type { Cluster, KubeObject } from '@vmstation/core';
import {
  clusterReader,
  configMap,
  deployment,
  hardenedContainer,
  hardenedPod,
  localVolume,
  type PolicyRule,
  pinnedTo,
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
import { prometheusConfig } from './config.ts';
import { prometheusRules } from './rules.ts';

const uid = 65534;
const volumeGibibytes = 25;
/** Prometheus' own advice: at most 80 to 85 percent of the volume. */
const retentionGibibytes = 20;

/** Metrics: scraped, kept on the monitoring node's own disk, and judged by rules. */
export const prometheus: MonitorComponent = {
  name: 'prometheus',
  title: 'Prometheus',
  why: 'collects and keeps metrics, and decides when to alert',
  data: { uid },
  objects: ({ cluster }) => {
    const place = placeOf(cluster, 'prometheus');
    const config = configMap(placeOf(cluster, 'prometheus', 'prometheus-config'), {
      'prometheus.yml': prometheusConfig(cluster),
    });
    const rules = configMap(placeOf(cluster, 'prometheus', 'prometheus-rules'), {
      'vmstation.yml': prometheusRules(cluster),
    });
    return [
      ...clusterReader(place, readRules),
      config,
      rules,
      ...localVolume({
        place,
        node: cluster.monitoring.node,
        path: dataPathOf(cluster, 'prometheus'),
        size: `${volumeGibibytes}Gi`,
        storageClass: monitoringStorageClass,
      }),
      service(place, {
        type: 'NodePort',
        selector: place.labels ?? {},
        ports: [{ name: 'http', port: 9090, targetPort: 'http', nodePort: cluster.monitoring.prometheus.port }],
      }),
      workload(cluster),
    ];
  },
};

const readRules: readonly PolicyRule[] = [
  {
    apiGroups: [''],
    resources: ['nodes', 'nodes/metrics', 'services', 'endpoints', 'pods'],
    verbs: ['get', 'list', 'watch'],
  },
  { nonResourceURLs: ['/metrics'], verbs: ['get'] },
];

function workload(cluster: Cluster): KubeObject {
  const place = placeOf(cluster, 'prometheus');
  const { keepDays } = cluster.monitoring.prometheus;
  return deployment(place, {
    replicas: 1,
    // Two of them would write one directory.
    strategy: { type: 'Recreate' },
    selector: { matchLabels: place.labels ?? {} },
    template: {
      metadata: { labels: { ...place.labels } },
      spec: hardenedPod({
        uid,
        usesApi: true,
        serviceAccountName: place.name,
        ...pinnedTo(cluster.monitoring.node),
        terminationGracePeriodSeconds: 120,
        containers: [
          hardenedContainer({
            name: 'prometheus',
            image: imageOf(cluster, 'prometheus'),
            args: [
              '--config.file=/etc/prometheus/prometheus.yml',
              '--storage.tsdb.path=/prometheus',
              `--storage.tsdb.retention.time=${keepDays}d`,
              `--storage.tsdb.retention.size=${retentionGibibytes}GB`,
              `--web.external-url=${publishedUrl(cluster, 'prometheus')}`,
            ],
            ports: [{ name: 'http', containerPort: 9090 }],
            resources: { cpu: '200m', memory: '512Mi', memoryLimit: '1536Mi' },
            // Replaying the write-ahead log after an unclean stop takes minutes on an old disk.
            startupProbe: { httpGet: { path: '/-/ready', port: 'http' }, periodSeconds: 2, failureThreshold: 450 },
            readinessProbe: { httpGet: { path: '/-/ready', port: 'http' }, periodSeconds: 10 },
            livenessProbe: { httpGet: { path: '/-/healthy', port: 'http' }, periodSeconds: 30, failureThreshold: 6 },
            volumeMounts: [
              { name: 'config', mountPath: '/etc/prometheus', readOnly: true },
              { name: 'rules', mountPath: '/etc/prometheus-rules', readOnly: true },
              { name: 'data', mountPath: '/prometheus' },
            ],
          }),
        ],
        volumes: [
          { name: 'config', configMap: { name: 'prometheus-config' } },
          { name: 'rules', configMap: { name: 'prometheus-rules' } },
          { name: 'data', persistentVolumeClaim: { claimName: place.name } },
        ],
      }),
    },
  });
}

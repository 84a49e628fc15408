import {
  clusterReader,
  deployment,
  hardenedContainer,
  hardenedPod,
  type PolicyRule,
  pinnedTo,
  service,
} from '@vmstation/kube';
import { imageOf, type MonitorComponent, placeOf } from '../component.ts';

/** What is counted, by API group; the rights and the program's list of resources both come from here. */
const counted: Readonly<Record<string, readonly string[]>> = {
  '': [
    'namespaces',
    'nodes',
    'persistentvolumeclaims',
    'persistentvolumes',
    'pods',
    'resourcequotas',
    'services',
    'endpoints',
  ],
  apps: ['daemonsets', 'deployments', 'replicasets', 'statefulsets'],
  batch: ['cronjobs', 'jobs'],
  'networking.k8s.io': ['ingresses', 'networkpolicies'],
  policy: ['poddisruptionbudgets'],
  'storage.k8s.io': ['storageclasses'],
};

/** Metrics of the objects of the cluster: pods, workloads, volumes. */
export const kubeStateMetrics: MonitorComponent = {
  name: 'kube-state-metrics',
  title: 'kube-state-metrics',
  why: 'metrics of pods, workloads and volumes as the cluster sees them',
  objects: ({ cluster }) => {
    const place = placeOf(cluster, 'kube-state-metrics');
    const rules: PolicyRule[] = Object.entries(counted).map(([group, resources]) => ({
      apiGroups: [group],
      resources: [...resources],
      verbs: ['list', 'watch'],
    }));
    return [
      ...clusterReader(place, rules),
      service(place, {
        type: 'ClusterIP',
        selector: place.labels ?? {},
        ports: [{ name: 'metrics', port: 8080, targetPort: 'metrics' }],
      }),
      deployment(place, {
        replicas: 1,
        selector: { matchLabels: place.labels ?? {} },
        template: {
          metadata: { labels: { ...place.labels } },
          spec: hardenedPod({
            uid: 65534,
            usesApi: true,
            serviceAccountName: place.name,
            ...pinnedTo(cluster.monitoring.node),
            containers: [
              hardenedContainer({
                name: 'kube-state-metrics',
                image: imageOf(cluster, 'kube-state-metrics'),
                args: [
                  '--port=8080',
                  '--telemetry-port=8081',
                  `--resources=${Object.values(counted).flat().join(',')}`,
                  '--metric-labels-allowlist=nodes=[vmstation.io/power-class]',
                ],
                ports: [
                  { name: 'metrics', containerPort: 8080 },
                  { name: 'telemetry', containerPort: 8081 },
                ],
                resources: { cpu: '20m', memory: '64Mi', memoryLimit: '256Mi' },
                readinessProbe: { httpGet: { path: '/readyz', port: 'telemetry' }, periodSeconds: 5 },
                livenessProbe: { httpGet: { path: '/livez', port: 'metrics' }, periodSeconds: 30 },
              }),
            ],
          }),
        },
      }),
    ];
  },
};

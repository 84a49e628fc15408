import { deployment, hardenedContainer, hardenedPod, pinnedTo, secret, service } from '@vmstation/kube';
import { imageOf, type MonitorComponent, placeOf } from '../component.ts';
import { bmcsOf, ipmiConfig } from './config.ts';

const uid = 65534;

/** Sensors, power state and consumption from management controllers: they answer also while their machine sleeps. */
export const ipmiExporter: MonitorComponent = {
  name: 'ipmi-exporter',
  title: 'ipmi-exporter',
  why: 'power state, consumption and sensors from management controllers',
  wanted: (cluster) => bmcsOf(cluster).length > 0,
  objects: async ({ cluster, secrets }) => {
    const place = placeOf(cluster, 'ipmi-exporter');
    const config = await ipmiConfig(cluster, secrets);
    return [
      secret(placeOf(cluster, 'ipmi-exporter', 'ipmi-exporter-config'), { 'ipmi.yml': config }),
      service(place, {
        type: 'ClusterIP',
        selector: place.labels ?? {},
        ports: [{ name: 'http', port: 9290, targetPort: 'http' }],
      }),
      deployment(place, {
        replicas: 1,
        selector: { matchLabels: place.labels ?? {} },
        template: {
          metadata: { labels: { ...place.labels } },
          spec: hardenedPod({
            uid,
            ...pinnedTo(cluster.monitoring.node),
            containers: [
              hardenedContainer({
                name: 'ipmi-exporter',
                image: imageOf(cluster, 'ipmi-exporter'),
                args: ['--config.file=/etc/ipmi-exporter/ipmi.yml', '--web.listen-address=:9290'],
                // FreeIPMI keeps its cache of sensors below the home directory.
                env: [{ name: 'HOME', value: '/tmp' }],
                ports: [{ name: 'http', containerPort: 9290 }],
                resources: { cpu: '20m', memory: '32Mi', memoryLimit: '128Mi' },
                readinessProbe: { httpGet: { path: '/', port: 'http' }, periodSeconds: 5 },
                volumeMounts: [
                  { name: 'config', mountPath: '/etc/ipmi-exporter', readOnly: true },
                  { name: 'tmp', mountPath: '/tmp' },
                ],
              }),
            ],
            volumes: [
              { name: 'config', secret: { secretName: 'ipmi-exporter-config' } },
              { name: 'tmp', emptyDir: { sizeLimit: '32Mi' } },
            ],
          }),
        },
      }),
    ];
  },
};

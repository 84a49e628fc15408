import type { Cluster, KubeObject } from '@vmstation/core';
import { configMap, daemonSet, exemption, hardenedContainer, hardenedPod } from '@vmstation/kube';
import { imageOf, type MonitorComponent, placeOf } from '../component.ts';
import { alloyConfig, alloyStateFolder } from './config.ts';

/** Ships the logs of every node's pods to Loki (Promtail, its predecessor, is at its end of life). */
export const alloy: MonitorComponent = {
  name: 'alloy',
  title: 'Alloy',
  why: 'ships the logs of the pods of every node',
  everywhere: true,
  objects: ({ cluster }) => {
    const config = configMap(placeOf(cluster, 'alloy', 'alloy-config'), { 'config.alloy': alloyConfig(cluster) });
    return [config, workload(cluster)];
  },
};

function workload(cluster: Cluster): KubeObject {
  const place = placeOf(cluster, 'alloy');
  const annotations = {
    ...exemption('run-as-root', 'the kubelet writes pod logs for root alone'),
    ...exemption('capabilities', 'DAC_READ_SEARCH reads directories that other users own, and nothing more'),
    ...exemption('host-path', 'the logs and the positions in them lie on the host'),
    'prometheus.io/scrape': 'true',
    'prometheus.io/port': '12345',
  };
  return daemonSet(place, {
    selector: { matchLabels: place.labels ?? {} },
    // A node that sleeps must not hold up the others.
    updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '100%' } },
    template: {
      metadata: { labels: { ...place.labels }, annotations },
      spec: hardenedPod({
        uid: 0,
        tolerations: [{ operator: 'Exists' }],
        containers: [
          hardenedContainer({
            name: 'alloy',
            image: imageOf(cluster, 'alloy'),
            args: [
              'run',
              '/etc/alloy/config.alloy',
              '--storage.path=/var/lib/alloy',
              '--server.http.listen-addr=0.0.0.0:12345',
              '--disable-reporting',
            ],
            env: [
              { name: 'NODE_NAME', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } },
              { name: 'GOMEMLIMIT', value: '450MiB' },
            ],
            ports: [{ name: 'http', containerPort: 12345 }],
            resources: { cpu: '50m', memory: '256Mi', memoryLimit: '512Mi' },
            capabilities: ['DAC_READ_SEARCH'],
            readinessProbe: { httpGet: { path: '/-/ready', port: 'http' }, periodSeconds: 5 },
            volumeMounts: [
              { name: 'config', mountPath: '/etc/alloy', readOnly: true },
              { name: 'logs', mountPath: '/var/log', readOnly: true },
              { name: 'state', mountPath: '/var/lib/alloy' },
              { name: 'tmp', mountPath: '/tmp' },
            ],
          }),
        ],
        volumes: [
          { name: 'config', configMap: { name: 'alloy-config' } },
          { name: 'logs', hostPath: { path: '/var/log', type: 'Directory' } },
          { name: 'state', hostPath: { path: alloyStateFolder, type: 'DirectoryOrCreate' } },
          { name: 'tmp', emptyDir: { sizeLimit: '128Mi' } },
        ],
      }),
    },
  });
}

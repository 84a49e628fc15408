import { daemonSet, exemption, hardenedContainer, hardenedPod } from '@vmstation/kube';
import { imageOf, type MonitorComponent, placeOf } from '../component.ts';

/** Metrics of every machine, clock offset included; the only owner of port 9100. */
export const nodeExporter: MonitorComponent = {
  name: 'node-exporter',
  title: 'node-exporter',
  why: 'metrics of every machine: processor, memory, disks, network, clock',
  everywhere: true,
  objects: ({ cluster }) => {
    const place = placeOf(cluster, 'node-exporter');
    const annotations = {
      ...exemption('host-network', 'the counters of network interfaces are those of the host'),
      ...exemption('host-pid', 'processes are counted on the host'),
      ...exemption('host-path', 'file systems are read where the host mounts them, read-only'),
    };
    return [
      daemonSet(place, {
        selector: { matchLabels: place.labels ?? {} },
        updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '100%' } },
        template: {
          metadata: { labels: { ...place.labels }, annotations },
          spec: hardenedPod({
            uid: 65534,
            hostNetwork: true,
            hostPID: true,
            tolerations: [{ operator: 'Exists' }],
            containers: [
              hardenedContainer({
                name: 'node-exporter',
                image: imageOf(cluster, 'node-exporter'),
                args: [
                  '--path.rootfs=/host/root',
                  '--web.listen-address=:9100',
                  '--collector.filesystem.mount-points-exclude=^/(dev|proc|sys|run|var/lib/(containerd|kubelet)/.+)($|/)',
                  '--collector.netclass.ignored-devices=^(cali|veth|tunl).*$',
                  '--collector.netdev.device-exclude=^(cali|veth|tunl).*$',
                ],
                ports: [{ name: 'metrics', containerPort: 9100, hostPort: 9100 }],
                resources: { cpu: '20m', memory: '32Mi', memoryLimit: '128Mi' },
                readinessProbe: { httpGet: { path: '/', port: 'metrics' }, periodSeconds: 5 },
                volumeMounts: [
                  { name: 'root', mountPath: '/host/root', readOnly: true, mountPropagation: 'HostToContainer' },
                ],
              }),
            ],
            volumes: [{ name: 'root', hostPath: { path: '/', type: 'Directory' } }],
          }),
        },
      }),
    ];
  },
};

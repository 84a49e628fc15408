import { type BootstrapObject, bootstrapObject } from './bootstrap-object.ts';

const everyTaint = [{ operator: 'Exists' }];
/** What CoreDNS and the Calico controllers tolerate: they stay off a node that is lost. */
const controlPlaneTaint = [{ key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' }];

/** A system workload on every node, whatever its taints. */
export function daemonSet(name: string, image: string): BootstrapObject {
  const labels = { 'k8s-app': name };
  return bootstrapObject(
    'daemonsets.apps',
    'apps/v1',
    'DaemonSet',
    { name, namespace: 'kube-system', labels },
    {
      spec: {
        selector: { matchLabels: labels },
        updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 1 } },
        template: { metadata: { labels }, spec: podSpec(name, image, true) },
      },
    },
  );
}

/** A system workload with so many replicas. */
export function deployment(name: string, image: string, replicas: number): BootstrapObject {
  const labels = { 'k8s-app': name };
  return bootstrapObject(
    'deployments.apps',
    'apps/v1',
    'Deployment',
    { name, namespace: 'kube-system', labels },
    {
      spec: {
        replicas,
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: podSpec(name, image, false) },
      },
    },
  );
}

function podSpec(name: string, image: string, hostNetwork: boolean): Readonly<Record<string, unknown>> {
  return {
    ...(hostNetwork ? { hostNetwork: true } : {}),
    priorityClassName: hostNetwork ? 'system-node-critical' : 'system-cluster-critical',
    tolerations: hostNetwork ? everyTaint : controlPlaneTaint,
    containers: [{ name, image, resources: { requests: { cpu: '50m', memory: '64Mi' } } }],
  };
}

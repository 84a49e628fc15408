import { gitVersionOf, type LabClusterConfig } from '../cluster-config.ts';
import { type BootstrapObject, bootstrapObject } from './bootstrap-object.ts';

/** Mirror pods of the control plane's static pods, with the flags that tell what the cluster was installed with. */
export function staticPods(config: LabClusterConfig): readonly BootstrapObject[] {
  return config.nodes
    .filter((node) => node.roles.includes('control-plane'))
    .flatMap((node) => {
      const flags: Readonly<Record<string, readonly string[]>> = {
        'kube-apiserver': [
          `--advertise-address=${node.ip}`,
          '--authorization-mode=Node,RBAC',
          '--secure-port=6443',
          `--service-cluster-ip-range=${config.serviceCidr}`,
        ],
        'kube-controller-manager': [
          '--allocate-node-cidrs=true',
          `--cluster-cidr=${config.podCidr}`,
          `--cluster-name=${config.clusterName}`,
          `--node-cidr-mask-size-ipv4=${config.nodePrefix}`,
          `--service-cluster-ip-range=${config.serviceCidr}`,
        ],
        'kube-scheduler': ['--leader-elect=true'],
      };
      return Object.entries(flags).map(([component, list]) =>
        staticPod(component, list, node.name, gitVersionOf(config)),
      );
    });
}

function staticPod(component: string, flags: readonly string[], node: string, version: string): BootstrapObject {
  const metadata = {
    name: `${component}-${node}`,
    namespace: 'kube-system',
    labels: { component, tier: 'control-plane' },
    annotations: { 'kubernetes.io/config.source': 'file', 'kubernetes.io/config.mirror': `${component}-${version}` },
  };
  return bootstrapObject('pods', 'v1', 'Pod', metadata, {
    spec: {
      nodeName: node,
      hostNetwork: true,
      priorityClassName: 'system-node-critical',
      tolerations: [{ operator: 'Exists' }],
      containers: [
        {
          name: component,
          image: `registry.k8s.io/${component}:${version}`,
          command: [component, ...flags],
          resources: { requests: { cpu: '100m' } },
        },
      ],
    },
  });
}

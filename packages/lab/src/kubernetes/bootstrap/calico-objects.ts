import type { LabClusterConfig } from '../cluster-config.ts';
import { type BootstrapObject, bootstrapObject } from './bootstrap-object.ts';
import { daemonSet, deployment } from './system-workloads.ts';

const api = 'crd.projectcalico.org';

/** Calico as Kubespray installs it: pool, backend, agents. A mode that is Never is left out of the pool, as Calico itself does. */
export function calicoObjects(config: LabClusterConfig): readonly BootstrapObject[] {
  const { calico, calicoVersion = '3.31.5' } = config;
  const image = (name: string): string => `quay.io/calico/${name}:v${calicoVersion.replace(/^v/u, '')}`;
  return [
    bootstrapObject(
      `ippools.${api}`,
      `${api}/v1`,
      'IPPool',
      { name: 'default-pool' },
      {
        spec: {
          cidr: config.podCidr,
          blockSize: calico.blockSize,
          ipipMode: calico.ipipMode,
          vxlanMode: calico.vxlanMode,
          natOutgoing: true,
          nodeSelector: 'all()',
        },
      },
    ),
    ...(calico.backend === 'bird'
      ? [
          bootstrapObject(
            `bgpconfigurations.${api}`,
            `${api}/v1`,
            'BGPConfiguration',
            { name: 'default' },
            {
              spec: { asNumber: 64512, nodeToNodeMeshEnabled: true, logSeverityScreen: 'Info' },
            },
          ),
        ]
      : []),
    bootstrapObject(
      'configmaps',
      'v1',
      'ConfigMap',
      { name: 'calico-config', namespace: 'kube-system' },
      {
        data: {
          calico_backend: calico.backend,
          cluster_type: calico.backend === 'bird' ? 'kubespray,bgp' : 'kubespray',
        },
      },
    ),
    daemonSet('calico-node', image('node')),
    deployment('calico-kube-controllers', image('kube-controllers'), 1),
  ];
}

import { formatIpv4, parseCidr } from '@vmstation/core';
import type { LabClusterConfig } from '../cluster-config.ts';
import { type BootstrapObject, bootstrapObject } from './bootstrap-object.ts';

/** The Service `kubernetes`, through which pods reach the API: the first address of the service range, the control plane behind it. */
export function apiService(config: LabClusterConfig): readonly BootstrapObject[] {
  const range = parseCidr(config.serviceCidr);
  if (!range) return [];
  const metadata = {
    name: 'kubernetes',
    namespace: 'default',
    labels: { component: 'apiserver', provider: 'kubernetes' },
  };
  const addresses = config.nodes.filter(({ roles }) => roles.includes('control-plane')).map(({ ip }) => ip);
  const slice = { name: 'kubernetes', namespace: 'default', labels: { 'kubernetes.io/service-name': 'kubernetes' } };
  const ports = [{ name: 'https', port: 6443, protocol: 'TCP' }];
  return [
    bootstrapObject('services', 'v1', 'Service', metadata, {
      spec: {
        clusterIP: formatIpv4(range.base + 1),
        ports: [{ name: 'https', port: 443, protocol: 'TCP', targetPort: 6443 }],
      },
    }),
    bootstrapObject(
      'endpoints',
      'v1',
      'Endpoints',
      { name: 'kubernetes', namespace: 'default' },
      {
        subsets: [{ addresses: addresses.map((ip) => ({ ip })), ports }],
      },
    ),
    bootstrapObject('endpointslices.discovery.k8s.io', 'discovery.k8s.io/v1', 'EndpointSlice', slice, {
      addressType: 'IPv4',
      endpoints: addresses.map((address) => ({ addresses: [address], conditions: { ready: true } })),
      ports,
    }),
  ];
}

import type { LabClusterConfig } from '../cluster-config.ts';
import { type BootstrapObject, bootstrapObject } from './bootstrap-object.ts';
import { daemonSet, deployment } from './system-workloads.ts';

/** kube-proxy and DNS as Kubespray installs them. CoreDNS' Service is called `coredns` there, not `kube-dns`. */
export function systemServices(config: LabClusterConfig): readonly BootstrapObject[] {
  const version = config.version.replace(/^v/u, '');
  return [
    bootstrapObject(
      'configmaps',
      'v1',
      'ConfigMap',
      { name: 'kube-proxy', namespace: 'kube-system', labels: { app: 'kube-proxy' } },
      {
        data: { 'config.conf': proxyConfig(config) },
      },
    ),
    daemonSet('kube-proxy', `registry.k8s.io/kube-proxy:v${version}`),
    bootstrapObject(
      'configmaps',
      'v1',
      'ConfigMap',
      { name: 'coredns', namespace: 'kube-system' },
      { data: { Corefile: corefile(config) } },
    ),
    deployment(
      'coredns',
      `registry.k8s.io/coredns/coredns:v${(config.coreDnsVersion ?? '1.12.4').replace(/^v/u, '')}`,
      Math.min(2, config.nodes.length),
    ),
    bootstrapObject(
      'services',
      'v1',
      'Service',
      { name: 'coredns', namespace: 'kube-system', labels: { 'k8s-app': 'coredns' } },
      {
        spec: {
          clusterIP: config.dnsServiceIp,
          selector: { 'k8s-app': 'coredns' },
          ports: [
            { name: 'dns', port: 53, protocol: 'UDP', targetPort: 53 },
            { name: 'dns-tcp', port: 53, protocol: 'TCP', targetPort: 53 },
            { name: 'metrics', port: 9153, protocol: 'TCP', targetPort: 9153 },
          ],
        },
      },
    ),
    ...(config.nodeLocalDnsIp === undefined
      ? []
      : [daemonSet('nodelocaldns', 'registry.k8s.io/dns/k8s-dns-node-cache:1.25.0')]),
  ];
}

function proxyConfig(config: LabClusterConfig): string {
  return [
    'apiVersion: kubeproxy.config.k8s.io/v1alpha1',
    `clusterCIDR: ${config.podCidr}`,
    'kind: KubeProxyConfiguration',
    `mode: ${config.proxyMode}`,
    '',
  ].join('\n');
}

function corefile(config: LabClusterConfig): string {
  return [
    '.:53 {',
    '    errors',
    '    health',
    '    ready',
    `    kubernetes ${config.clusterDomain} in-addr.arpa ip6.arpa {`,
    '      pods insecure',
    '    }',
    '    forward . /etc/resolv.conf',
    '    cache 30',
    '    loop',
    '    reload',
    '    loadbalance',
    '}',
    '',
  ].join('\n');
}

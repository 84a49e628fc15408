import type { Cluster, ClusterNode } from '@vmstation/core';
import { serviceAddress } from '../component.ts';
import { bmcsOf } from '../ipmi-exporter/config.ts';
import { yamlText } from '../yaml-text.ts';

const tokenFolder = '/var/run/secrets/kubernetes.io/serviceaccount';
const apiAccess = {
  authorization: { credentials_file: `${tokenFolder}/token` },
  tls_config: { ca_file: `${tokenFolder}/ca.crt` },
};

/**
 * prometheus.yml. Nodes come from the model, also those that sleep: a target that leaves discovery would end its `up` series too.
 * `discovery: false` leaves out discovery through the Kubernetes API, which Debian's promtool does not know.
 */
export function prometheusConfig(
  cluster: Cluster,
  options: { readonly discovery: boolean } = { discovery: true },
): string {
  return yamlText({
    global: {
      scrape_interval: '30s',
      scrape_timeout: '10s',
      evaluation_interval: '30s',
      external_labels: { cluster: cluster.name },
    },
    rule_files: ['/etc/prometheus-rules/*.yml'],
    alerting: { alertmanagers: [{ static_configs: [{ targets: [serviceAddress(cluster, 'alertmanager', 9093)] }] }] },
    scrape_configs: [
      { job_name: 'prometheus', static_configs: [{ targets: ['localhost:9090'] }] },
      serviceJob(cluster, 'alertmanager', 9093),
      serviceJob(cluster, 'grafana', 3000),
      serviceJob(cluster, 'loki', 3100),
      serviceJob(cluster, 'kube-state-metrics', 8080),
      { job_name: 'node-exporter', static_configs: nodeTargets(cluster, 9100) },
      ...kubernetesJobs(cluster),
      ...ipmiJobs(cluster),
      ...(options.discovery ? [podJob(cluster)] : []),
    ],
  });
}

function serviceJob(cluster: Cluster, component: string, port: number): object {
  return { job_name: component, static_configs: [{ targets: [serviceAddress(cluster, component, port)] }] };
}

/** Labels that every series of a node carries. */
function nodeLabels(node: ClusterNode): Record<string, string> {
  return { node: node.name, power_class: node.power.policy };
}

function nodeTargets(cluster: Cluster, port: number): readonly object[] {
  return cluster.nodes.map((node) => ({ targets: [`${node.address}:${port}`], labels: nodeLabels(node) }));
}

function kubernetesJobs(cluster: Cluster): readonly object[] {
  // kubeadm's kubelets sign their serving certificates themselves: the token authenticates us, nothing authenticates them.
  const kubelet = {
    scheme: 'https',
    authorization: apiAccess.authorization,
    tls_config: { insecure_skip_verify: true },
    static_configs: nodeTargets(cluster, 10250),
  };
  return [
    {
      job_name: 'kubernetes-api',
      scheme: 'https',
      ...apiAccess,
      static_configs: [{ targets: ['kubernetes.default.svc:443'] }],
      metric_relabel_configs: [
        {
          source_labels: ['__name__'],
          regex: 'apiserver_request_(duration|sli_duration|body_size)_.*',
          action: 'drop',
        },
      ],
    },
    { job_name: 'kubelet', ...kubelet },
    { job_name: 'cadvisor', metrics_path: '/metrics/cadvisor', ...kubelet },
  ];
}

/** A BMC answers while its host sleeps, so its job is asked at every node that has one. */
function ipmiJobs(cluster: Cluster): readonly object[] {
  const bmcs = bmcsOf(cluster);
  if (bmcs.length === 0) return [];
  return [
    {
      job_name: 'ipmi',
      metrics_path: '/ipmi',
      scrape_interval: '60s',
      scrape_timeout: '30s',
      static_configs: bmcs.map(({ node, address }) => ({
        targets: [address],
        labels: { ...nodeLabels(node), __param_module: node.name },
      })),
      relabel_configs: [
        { source_labels: ['__address__'], target_label: '__param_target' },
        { source_labels: ['__address__'], target_label: 'instance' },
        { target_label: '__address__', replacement: serviceAddress(cluster, 'ipmi-exporter', 9290) },
      ],
    },
  ];
}

/** Pods that ask for it by annotation: `prometheus.io/scrape: "true"`, with `prometheus.io/port` and `prometheus.io/path`. */
function podJob(cluster: Cluster): object {
  const annotation = (name: string) => `__meta_kubernetes_pod_annotation_prometheus_io_${name}`;
  const powerClasses = cluster.nodes.map((node) => ({
    source_labels: ['node'],
    regex: node.name,
    target_label: 'power_class',
    replacement: node.power.policy,
  }));
  return {
    job_name: 'pods',
    kubernetes_sd_configs: [{ role: 'pod' }],
    relabel_configs: [
      { source_labels: [annotation('scrape')], regex: 'true', action: 'keep' },
      { source_labels: ['__meta_kubernetes_pod_phase'], regex: 'Pending|Succeeded|Failed', action: 'drop' },
      { source_labels: [annotation('path')], regex: '(.+)', target_label: '__metrics_path__' },
      {
        source_labels: ['__meta_kubernetes_pod_ip', annotation('port')],
        regex: '(.+);(\\d+)',
        target_label: '__address__',
        replacement: '$1:$2',
      },
      { source_labels: ['__meta_kubernetes_namespace'], target_label: 'namespace' },
      { source_labels: ['__meta_kubernetes_pod_name'], target_label: 'pod' },
      { source_labels: ['__meta_kubernetes_pod_label_app_kubernetes_io_name'], target_label: 'app' },
      { source_labels: ['__meta_kubernetes_pod_node_name'], target_label: 'node' },
      ...powerClasses,
    ],
  };
}

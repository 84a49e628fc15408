import type { Cluster } from '@vmstation/core';
import { yamlText } from '../yaml-text.ts';

interface Alert {
  readonly alert: string;
  readonly expr: string;
  readonly for: string;
  readonly severity: 'critical' | 'warning';
  readonly summary: string;
  readonly description: string;
}

/**
 * The stack's own alerting rules. Nothing here waits for a sleeping node: rules on `up` of a node hold only for nodes whose power
 * class is always-on, so a planned sleep fires nothing.
 */
export function prometheusRules(cluster: Cluster): string {
  const { namespace } = cluster.monitoring;
  return yamlText({
    groups: [
      { name: 'nodes', rules: nodeAlerts().map(ruleOf) },
      { name: 'cluster', rules: clusterAlerts(namespace).map(ruleOf) },
      { name: 'monitoring', rules: monitoringAlerts().map(ruleOf) },
    ],
  });
}

function ruleOf({ severity, summary, description, ...rule }: Alert): object {
  return { ...rule, labels: { severity }, annotations: { summary, description } };
}

function nodeAlerts(): readonly Alert[] {
  const files = '{fstype!~"tmpfs|ramfs|overlay|squashfs|nfs.*"}';
  return [
    {
      alert: 'NodeDown',
      expr: 'up{job="node-exporter", power_class="always-on"} == 0',
      for: '2m',
      severity: 'critical',
      summary: '{{ $labels.node }} does not answer',
      description: 'Its node-exporter has not answered for two minutes, and this node is never meant to sleep.',
    },
    {
      alert: 'NodeDiskFillsUp',
      expr: `node_filesystem_avail_bytes${files} / node_filesystem_size_bytes${files} < 0.1`,
      for: '15m',
      severity: 'warning',
      summary: '{{ $labels.node }}: {{ $labels.mountpoint }} is nearly full',
      description: 'Only {{ $value | humanizePercentage }} of {{ $labels.device }} is free.',
    },
    {
      alert: 'NodeMemoryShort',
      expr: 'node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes < 0.05',
      for: '15m',
      severity: 'warning',
      summary: '{{ $labels.node }} is short of memory',
      description: 'Only {{ $value | humanizePercentage }} of its memory is available.',
    },
    {
      alert: 'NodeClockOff',
      expr: 'abs(node_timex_offset_seconds) > 0.5 or node_timex_sync_status == 0',
      for: '10m',
      severity: 'warning',
      summary: 'The clock of {{ $labels.node }} is wrong',
      description: 'It is more than half a second off, or is not synchronised.',
    },
  ];
}

function clusterAlerts(namespace: string): readonly Alert[] {
  return [
    {
      alert: 'KubernetesApiDown',
      expr: 'up{job="kubernetes-api"} == 0',
      for: '2m',
      severity: 'critical',
      summary: 'The Kubernetes API does not answer',
      description: 'Prometheus could not scrape it for two minutes.',
    },
    {
      alert: 'ContainerRestarts',
      expr: 'increase(kube_pod_container_status_restarts_total[15m]) > 3',
      for: '5m',
      severity: 'warning',
      summary: '{{ $labels.namespace }}/{{ $labels.pod }} restarts again and again',
      description: 'Container {{ $labels.container }} restarted {{ $value | humanize }} times within 15 minutes.',
    },
    {
      alert: 'VolumeClaimPending',
      expr: 'kube_persistentvolumeclaim_status_phase{phase="Pending"} == 1',
      for: '15m',
      severity: 'warning',
      summary: '{{ $labels.namespace }}/{{ $labels.persistentvolumeclaim }} has no volume',
      description: 'The claim has been pending for 15 minutes, so pods that need it cannot start.',
    },
    {
      alert: 'MonitoringIncomplete',
      expr: `kube_deployment_status_replicas_available{namespace="${namespace}"} == 0 and kube_deployment_spec_replicas{namespace="${namespace}"} > 0`,
      for: '10m',
      severity: 'warning',
      summary: '{{ $labels.deployment }} does not run',
      description: 'This part of monitoring has had no available pod for ten minutes.',
    },
  ];
}

function monitoringAlerts(): readonly Alert[] {
  return [
    {
      alert: 'TargetDown',
      expr: 'up{job=~"prometheus|alertmanager|grafana|loki|kube-state-metrics"} == 0',
      for: '5m',
      severity: 'warning',
      summary: '{{ $labels.job }} gives no metrics',
      description: 'Prometheus could not scrape {{ $labels.instance }} for five minutes.',
    },
    {
      alert: 'AlertsNotDelivered',
      expr: 'rate(prometheus_notifications_errors_total[5m]) > 0 or rate(alertmanager_notifications_failed_total[5m]) > 0',
      for: '10m',
      severity: 'critical',
      summary: 'Alerts are not delivered',
      description: 'Sending alerts has failed for ten minutes, so nobody may hear of other faults.',
    },
    {
      alert: 'PrometheusConfigRejected',
      expr: 'prometheus_config_last_reload_successful == 0',
      for: '5m',
      severity: 'warning',
      summary: 'Prometheus refused its configuration',
      description: 'It still works with the last good one.',
    },
  ];
}

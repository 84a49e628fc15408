import type { Dashboard } from './dashboard.ts';

/** The whole cluster on one page. */
export const fleet: Dashboard = {
  uid: 'vmstation-fleet',
  title: 'Fleet',
  panels: [
    {
      title: 'Nodes',
      description:
        'A node that may sleep and does not answer is not broken by that alone: its power class is in its name.',
      type: 'stat',
      source: 'prometheus',
      width: 24,
      height: 4,
      queries: [{ expr: 'up{job="node-exporter"}', legend: '{{node}} ({{power_class}})' }],
      texts: { 0: { text: 'no answer', color: 'orange' }, 1: { text: 'up', color: 'green' } },
    },
    {
      title: 'Alerts that fire',
      type: 'stat',
      source: 'prometheus',
      width: 6,
      height: 4,
      queries: [{ expr: 'sum(ALERTS{alertstate="firing"}) or vector(0)', legend: 'firing' }],
    },
    {
      title: 'Pods that run',
      type: 'stat',
      source: 'prometheus',
      width: 6,
      height: 4,
      queries: [{ expr: 'sum(kube_pod_status_phase{phase="Running"})', legend: 'running' }],
    },
    {
      title: 'Pods that wait or failed',
      type: 'stat',
      source: 'prometheus',
      width: 6,
      height: 4,
      queries: [
        { expr: 'sum(kube_pod_status_phase{phase=~"Pending|Failed|Unknown"}) or vector(0)', legend: 'not running' },
      ],
    },
    {
      title: 'Targets that do not answer',
      type: 'stat',
      source: 'prometheus',
      width: 6,
      height: 4,
      queries: [{ expr: 'count(up == 0) or vector(0)', legend: 'down' }],
    },
    {
      title: 'Processor',
      type: 'timeseries',
      source: 'prometheus',
      width: 12,
      height: 8,
      unit: 'percentunit',
      queries: [{ expr: '1 - avg by (node) (rate(node_cpu_seconds_total{mode="idle"}[5m]))', legend: '{{node}}' }],
    },
    {
      title: 'Memory in use',
      type: 'timeseries',
      source: 'prometheus',
      width: 12,
      height: 8,
      unit: 'percentunit',
      queries: [{ expr: '1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes', legend: '{{node}}' }],
    },
    {
      title: 'Fullest file system',
      type: 'timeseries',
      source: 'prometheus',
      width: 12,
      height: 8,
      unit: 'percentunit',
      queries: [
        {
          expr: 'max by (node) (1 - node_filesystem_avail_bytes{fstype!~"tmpfs|ramfs|overlay"} / node_filesystem_size_bytes{fstype!~"tmpfs|ramfs|overlay"})',
          legend: '{{node}}',
        },
      ],
    },
    {
      title: 'Power',
      description: 'As the management controllers measure it; a machine without one shows nothing, never zero.',
      type: 'timeseries',
      source: 'prometheus',
      width: 12,
      height: 8,
      unit: 'watt',
      queries: [{ expr: 'ipmi_dcmi_power_consumption_watts', legend: '{{node}}' }],
    },
  ],
};

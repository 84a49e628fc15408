import type { Dashboard } from './dashboard.ts';

/** One machine in detail. */
export const node: Dashboard = {
  uid: 'vmstation-node',
  title: 'Node',
  variables: [
    { name: 'node', label: 'Node', source: 'prometheus', values: 'label_values(up{job="node-exporter"}, node)' },
  ],
  panels: [
    {
      title: 'Processor by mode',
      type: 'timeseries',
      source: 'prometheus',
      width: 12,
      height: 8,
      unit: 'percentunit',
      queries: [
        {
          expr: 'avg by (node, mode) (rate(node_cpu_seconds_total{node=~"$node", mode!="idle"}[5m]))',
          legend: '{{node}} {{mode}}',
        },
      ],
    },
    {
      title: 'Load for each processor',
      type: 'timeseries',
      source: 'prometheus',
      width: 12,
      height: 8,
      queries: [
        {
          expr: 'node_load5{node=~"$node"} / on (node) count by (node) (node_cpu_seconds_total{node=~"$node", mode="idle"})',
          legend: '{{node}}',
        },
      ],
    },
    {
      title: 'Memory',
      type: 'timeseries',
      source: 'prometheus',
      width: 12,
      height: 8,
      unit: 'bytes',
      queries: [
        { expr: 'node_memory_MemTotal_bytes{node=~"$node"}', legend: '{{node}} total' },
        { expr: 'node_memory_MemAvailable_bytes{node=~"$node"}', legend: '{{node}} available' },
      ],
    },
    {
      title: 'File systems',
      type: 'timeseries',
      source: 'prometheus',
      width: 12,
      height: 8,
      unit: 'percentunit',
      queries: [
        {
          expr: '1 - node_filesystem_avail_bytes{node=~"$node", fstype!~"tmpfs|ramfs|overlay"} / node_filesystem_size_bytes{node=~"$node", fstype!~"tmpfs|ramfs|overlay"}',
          legend: '{{node}} {{mountpoint}}',
        },
      ],
    },
    {
      title: 'Network',
      type: 'timeseries',
      source: 'prometheus',
      width: 12,
      height: 8,
      unit: 'Bps',
      queries: [
        {
          expr: 'rate(node_network_receive_bytes_total{node=~"$node", device!="lo"}[5m])',
          legend: '{{node}} {{device}} in',
        },
        {
          expr: 'rate(node_network_transmit_bytes_total{node=~"$node", device!="lo"}[5m])',
          legend: '{{node}} {{device}} out',
        },
      ],
    },
    {
      title: 'Disks',
      type: 'timeseries',
      source: 'prometheus',
      width: 12,
      height: 8,
      unit: 'Bps',
      queries: [
        { expr: 'rate(node_disk_read_bytes_total{node=~"$node"}[5m])', legend: '{{node}} {{device}} read' },
        { expr: 'rate(node_disk_written_bytes_total{node=~"$node"}[5m])', legend: '{{node}} {{device}} written' },
      ],
    },
    {
      title: 'Clock offset',
      type: 'timeseries',
      source: 'prometheus',
      width: 12,
      height: 8,
      unit: 's',
      queries: [{ expr: 'node_timex_offset_seconds{node=~"$node"}', legend: '{{node}}' }],
    },
    {
      title: 'Temperature',
      type: 'timeseries',
      source: 'prometheus',
      width: 12,
      height: 8,
      unit: 'celsius',
      queries: [
        { expr: 'node_hwmon_temp_celsius{node=~"$node"}', legend: '{{node}} {{chip}} {{sensor}}' },
        { expr: 'ipmi_temperature_celsius{node=~"$node"}', legend: '{{node}} {{name}}' },
      ],
    },
  ],
};

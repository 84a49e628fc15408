import type { Dashboard } from './dashboard.ts';

/** The logs of all pods. */
export const logs: Dashboard = {
  uid: 'vmstation-logs',
  title: 'Logs',
  variables: [
    { name: 'node', label: 'Node', source: 'loki', values: 'node' },
    { name: 'namespace', label: 'Namespace', source: 'loki', values: 'namespace' },
  ],
  panels: [
    {
      title: 'Lines a minute',
      type: 'timeseries',
      source: 'loki',
      width: 24,
      height: 6,
      queries: [
        {
          expr: 'sum by (namespace) (count_over_time({node=~"$node", namespace=~"$namespace"}[1m]))',
          legend: '{{namespace}}',
        },
      ],
    },
    {
      title: 'Lines that speak of errors',
      type: 'logs',
      source: 'loki',
      width: 24,
      height: 10,
      queries: [{ expr: '{node=~"$node", namespace=~"$namespace"} |~ "(?i)(error|fatal|panic)"' }],
    },
    {
      title: 'All lines',
      type: 'logs',
      source: 'loki',
      width: 24,
      height: 16,
      queries: [{ expr: '{node=~"$node", namespace=~"$namespace"}' }],
    },
  ],
};

import { workloadPhase } from '@vmstation/kube';
import { monitorSets } from './monitor-sets.ts';

/** Phase monitor-stack: metrics, alerts, logs and dashboards on the always-on node. */
export const monitorStackPhase = workloadPhase<'monitor-stack', 'setup' | 'infra' | 'config'>({
  name: 'monitor-stack',
  title: 'Monitoring',
  needs: ['setup', 'infra', 'config'],
  prepare: monitorSets,
  sets: monitorSets,
  whyData: 'data of the monitoring programs, owned by the users they run as',
  codes: { data: 'monitoring/data', sets: 'monitoring/component', endpoints: 'monitoring/endpoint' },
  waitsFor: ({ facts }) => (facts.infra.missing ? 'infra' : undefined),
  fact: ({ workspace }, ready) => ({ namespace: workspace.cluster.monitoring.namespace, ready }),
});

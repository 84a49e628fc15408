import type { Declaration, Workspace } from '@vmstation/core';
import { dataPathOf } from './components/component.ts';
import { componentsFor } from './components/index.ts';

/** The role of the stack's host state, and its tag. */
export const monitoringDataRole = 'monitoring-data';

/** Directories on the monitoring node, each owned by the numeric user that its program runs as: a wrong owner is a crash loop. */
export function declareMonitorStack(workspace: Pick<Workspace, 'cluster'>): readonly Declaration[] {
  const { cluster } = workspace;
  const base = {
    node: cluster.monitoring.node,
    phase: 'monitor-stack',
    role: monitoringDataRole,
    origin: 'vmstation.yaml: monitoring.data',
  } as const;
  const root = cluster.monitoring.dataPath;
  const directories = componentsFor(cluster).flatMap(({ name, data }) =>
    data === undefined ? [] : [{ path: dataPathOf(cluster, name), uid: String(data.uid) }],
  );
  return [
    { ...base, resource: { kind: 'directory', path: root, owner: '0', group: '0', mode: '0755' } },
    ...directories.map(
      ({ path, uid }): Declaration => ({
        ...base,
        resource: { kind: 'directory', path, owner: uid, group: uid, mode: '0750', after: [`directory:${root}`] },
      }),
    ),
  ];
}

import type { Declaration, Workspace } from '@vmstation/core';
import { appKinds } from './apps/index.ts';

/** The role of an application's host state, and its tag. */
export function appDataRole(app: string): string {
  return `${app}-data`;
}

/** Directories on the nodes of applications, each owned by the numeric user that its program runs as. */
export function declareApplicationStack(workspace: Pick<Workspace, 'cluster'>): readonly Declaration[] {
  const { cluster } = workspace;
  return cluster.apps.flatMap((app): readonly Declaration[] => {
    const data = appKinds[app.kind].data(app, cluster);
    if (data === undefined) return [];
    const { path, uid, gid } = data;
    return [
      {
        node: app.node,
        phase: 'application-stack',
        role: appDataRole(app.name),
        origin: `vmstation.yaml: apps.${app.name}`,
        resource: { kind: 'directory', path, owner: String(uid), group: String(gid), mode: '0750' },
      },
    ];
  });
}

import type { ClusterNode } from '../kinds.ts';
import { ageColumn, type ColumnTable, nameColumn } from './column.ts';

function statusText(node: ClusterNode): string {
  const ready = node.status?.conditions?.find(({ type }) => type === 'Ready');
  const text = ready ? (ready.status === 'True' ? 'Ready' : 'NotReady') : 'Unknown';
  return node.spec?.unschedulable ? `${text},SchedulingDisabled` : text;
}

function rolesText(node: ClusterNode): string {
  const prefix = 'node-role.kubernetes.io/';
  const roles = Object.entries(node.metadata.labels ?? {}).flatMap(([key, value]) => {
    if (key.startsWith(prefix)) return [key.slice(prefix.length)];
    return key === 'kubernetes.io/role' && value !== '' ? [value] : [];
  });
  return roles.length === 0 ? '<none>' : roles.toSorted().join(',');
}

function address(node: ClusterNode, kind: string): string {
  return node.status?.addresses?.find(({ type }) => type === kind)?.address ?? '<none>';
}

export const nodeColumns: ColumnTable = {
  nodes: [
    nameColumn,
    { name: 'Status', cell: statusText },
    { name: 'Roles', cell: rolesText },
    ageColumn,
    { name: 'Version', cell: (node) => node.status?.nodeInfo?.kubeletVersion ?? '' },
    { name: 'Internal-IP', wide: true, cell: (node) => address(node, 'InternalIP') },
    { name: 'External-IP', wide: true, cell: (node) => address(node, 'ExternalIP') },
    { name: 'OS-Image', wide: true, cell: (node) => node.status?.nodeInfo?.osImage ?? '<unknown>' },
    { name: 'Kernel-Version', wide: true, cell: (node) => node.status?.nodeInfo?.kernelVersion ?? '<unknown>' },
    {
      name: 'Container-Runtime',
      wide: true,
      cell: (node) => node.status?.nodeInfo?.containerRuntimeVersion ?? '<unknown>',
    },
  ],
};

import type { ClusterNode, NodeDisk, Resource, ResourceId } from '@vmstation/core';

/**
 * Mounts of the node's further disks, by label, UUID or a lasting path. A disk that is missing does not stop the start; no file system is made.
 */
export function localDisks(node: ClusterNode): readonly Resource[] {
  const tools = [...new Set(node.disks.map(toolsOf))];
  return [...tools.map((name): Resource => ({ kind: 'package', name })), ...node.disks.map(mount)];
}

/** The mount that carries a path of the node; undefined when it lies on the system's own disk. */
export function diskBelow(node: ClusterNode, path: string): NodeDisk | undefined {
  return node.disks
    .filter((disk) => path === disk.path || path.startsWith(`${disk.path}/`))
    .toSorted((a, b) => b.path.length - a.path.length)[0];
}

/** Id of a disk's mount. */
export function mountId({ path }: NodeDisk): ResourceId {
  return `mount:${path}`;
}

/** The package of the same name on both families. */
function toolsOf({ type }: NodeDisk): string {
  return type === 'xfs' ? 'xfsprogs' : 'e2fsprogs';
}

function mount(disk: NodeDisk): Resource {
  const { path, device, type, options } = disk;
  const own = options.filter((option) => option !== 'defaults');
  return {
    kind: 'mount',
    path,
    source: device,
    fstype: type,
    options: [...own, 'nofail', 'x-systemd.device-timeout=30'],
    mounted: true,
    after: [`package:${toolsOf(disk)}`],
  };
}

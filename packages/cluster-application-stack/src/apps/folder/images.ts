import type { DocumentPath, KubeObject } from '@vmstation/core';

/** Where the pod of a workload is described, by its kind. */
const podSpecPaths: Readonly<Record<string, readonly string[]>> = {
  Pod: ['spec'],
  Deployment: ['spec', 'template', 'spec'],
  StatefulSet: ['spec', 'template', 'spec'],
  DaemonSet: ['spec', 'template', 'spec'],
  ReplicaSet: ['spec', 'template', 'spec'],
  ReplicationController: ['spec', 'template', 'spec'],
  Job: ['spec', 'template', 'spec'],
  CronJob: ['spec', 'jobTemplate', 'spec', 'template', 'spec'],
};

/** An image that a workload runs, and where its manifest says so. */
export interface NamedImage {
  readonly image: string;
  readonly path: DocumentPath;
}

/** Images of the containers of a workload; none for other kinds. */
export function imagesOf(object: KubeObject): readonly NamedImage[] {
  const specPath = podSpecPaths[object.kind];
  if (specPath === undefined) return [];
  return ['initContainers', 'containers'].flatMap((list) => {
    const path = [...specPath, list];
    const containers = valueAt(object, path);
    if (!Array.isArray(containers)) return [];
    return containers.flatMap((container: unknown, index) => {
      const image = valueAt(container, ['image']);
      return typeof image === 'string' ? [{ image, path: [...path, index, 'image'] }] : [];
    });
  });
}

/** True for an image with a digest or with a tag other than `latest`. A port of the registry is no tag. */
export function isPinned(image: string): boolean {
  if (image.includes('@')) return /@sha256:[0-9a-f]{64}$/.test(image);
  const tag = /:([\w][\w.-]*)$/.exec(image.slice(image.lastIndexOf('/') + 1))?.[1];
  return tag !== undefined && tag !== 'latest';
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  let current = value;
  for (const key of path) {
    if (typeof current !== 'object' || current === null) return undefined;
    current = (current as Readonly<Record<string, unknown>>)[key];
  }
  return current;
}

import type { Container, ContainerStatus, Pod } from '../kinds.ts';

/** What a container's status says of it in every state. */
export function identity(container: Container): Pick<ContainerStatus, 'name' | 'image' | 'imageID'> {
  return { name: container.name, image: container.image ?? '', imageID: '' };
}

/** Statuses of containers that have not started, with the reason. */
export function waiting(pod: Pod, reason: string, message?: string): ContainerStatus[] {
  return (pod.spec?.containers ?? []).map((container) => ({
    ...identity(container),
    ready: false,
    started: false,
    restartCount: 0,
    state: { waiting: { reason, ...(message ? { message } : {}) } },
    lastState: {},
  }));
}

/** Statuses of init containers that have not started. */
export function waitingInit(pod: Pod): ContainerStatus[] {
  return (pod.spec?.initContainers ?? []).map((container) => ({
    ...identity(container),
    ready: false,
    started: false,
    restartCount: 0,
    state: { waiting: { reason: 'PodInitializing' } },
    lastState: {},
  }));
}

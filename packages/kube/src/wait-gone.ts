import { AppError, type Clock, type KubeObject, type KubePort } from '@vmstation/core';
import { refOf, showRef } from './kube-ref.ts';

/** A pod has a minute to end in (a game saves its world), and a claim goes after the last pod that uses it. */
const goneTimeoutMs = 120_000;
const pauseMs = 500;

/** Waits until deleted objects are gone: a finalizer or a pod that still ends holds them. Throws kube/still-there when they are not in time. */
export async function waitGone(port: KubePort, clock: Clock, objects: readonly KubeObject[]): Promise<void> {
  const deadline = clock.now().getTime() + goneTimeoutMs;
  let left = objects;
  for (;;) {
    left = await stillThere(port, left);
    if (left.length === 0) return;
    if (clock.now().getTime() >= deadline) throw stillThereError(left);
    await clock.sleep(pauseMs);
  }
}

/** Those of the objects that are there still, as they are now; one of the same name that was made anew is another object. */
async function stillThere(port: KubePort, objects: readonly KubeObject[]): Promise<readonly KubeObject[]> {
  const now = await Promise.all(objects.map((object) => port.get(refOf(object))));
  return now.flatMap((object, index) =>
    object !== undefined && object.metadata['uid'] === objects[index]?.metadata['uid'] ? [object] : [],
  );
}

function stillThereError(left: readonly KubeObject[]): AppError {
  const told = left.map((object) => {
    const { finalizers } = object.metadata;
    const holders = Array.isArray(finalizers) && finalizers.length > 0 ? ` (held by ${finalizers.join(', ')})` : '';
    return `${showRef(refOf(object))}${holders}`;
  });
  return new AppError({
    code: 'kube/still-there',
    kind: 'remote',
    message: `Deleted, but not gone after ${goneTimeoutMs / 1000} s: ${told.join('; ')}.`,
    tryThis:
      'The cluster ends them by itself once nothing holds them: look for a pod that does not end, or a node that is off.',
    retryable: true,
  });
}

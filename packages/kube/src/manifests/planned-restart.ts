import type { KubeDifference, KubeRef, StepChange } from '@vmstation/core';
import { refKey, refOf, showRef } from '../kube-ref.ts';
import type { ManifestSetState } from './manifest-set.ts';
import { configAnnotation, podInputs, secretsAnnotation } from './pod-inputs.ts';

type PathDifference = KubeDifference['differences'][number];

const templateAnnotations = 'spec.template.metadata.annotations';

/** True for the difference of a digest of what pods read: it says nothing by itself, but that they restart. */
export function isDigest({ path, want, seen }: PathDifference): boolean {
  if (!path.startsWith(templateAnnotations)) return false;
  const text = path === templateAnnotations ? want + seen : path;
  return text.includes(configAnnotation) || text.includes(secretsAnnotation);
}

/** The restart that changed digests of a workload bring about, with what its pods read that changed; none without such digests. */
export function restartOf(
  ref: KubeRef,
  digests: readonly PathDifference[],
  { set, differing }: Pick<ManifestSetState, 'set' | 'differing'>,
): readonly StepChange[] {
  if (digests.length === 0) return [];
  const workload = set.objects.find((object) => refKey(refOf(object)) === refKey(ref));
  const { configMaps, secrets } = workload === undefined ? { configMaps: [], secrets: [] } : podInputs(workload);
  const read = differing.filter(
    ({ ref: { kind, name, namespace } }) =>
      namespace === ref.namespace &&
      (kind === 'Secret' ? secrets : kind === 'ConfigMap' ? configMaps : []).includes(name),
  );
  const names = read.map(({ ref: { kind, name } }) => `${kind === 'Secret' ? 'secret' : 'config map'} ${name}`);
  const because =
    names.length === 0 ? 'its pods started with other values than it has now' : `its ${names.join(', ')} changed`;
  return [
    {
      target: showRef(ref),
      attribute: 'restart',
      want: `${ref.name} restarts: ${because}`,
      seen: 'its pods have the former values',
    },
  ];
}

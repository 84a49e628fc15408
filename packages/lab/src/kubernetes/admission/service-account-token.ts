import type { Pod, Volume } from '../kinds.ts';
import { forbidden } from '../status-error.ts';
import type { AdmissionContext } from './admission-context.ts';

const mountPath = '/var/run/secrets/kubernetes.io/serviceaccount';

/** Gives a pod its service account and mounts that account's token, as the ServiceAccount admission plug-in does. */
export function admitPodServiceAccount(pod: Pod, { store, randomText }: AdmissionContext): void {
  const { spec } = pod;
  if (!spec) return;
  const namespace = pod.metadata.namespace ?? '';
  spec.serviceAccountName ||= 'default';
  spec.serviceAccount = spec.serviceAccountName;
  const account = store.get('serviceaccounts', namespace, spec.serviceAccountName);
  if (!account) {
    throw forbidden(
      { resource: 'pods', name: pod.metadata.name },
      `error looking up service account ${namespace}/${spec.serviceAccountName}: serviceaccount "${spec.serviceAccountName}" not found`,
    );
  }
  if (account.imagePullSecrets && !spec.imagePullSecrets) spec.imagePullSecrets = account.imagePullSecrets;
  if (!(spec.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true)) return;
  const containers = [...(spec.initContainers ?? []), ...spec.containers];
  const needing = containers.filter(
    (container) => !container.volumeMounts?.some((mount) => mount.mountPath === mountPath),
  );
  if (needing.length === 0) return;
  const existing = spec.volumes?.find((volume) => volume.name.startsWith('kube-api-access-'));
  const name = existing?.name ?? `kube-api-access-${randomText(5)}`;
  if (!existing) spec.volumes = [...(spec.volumes ?? []), tokenVolume(name)];
  for (const container of needing) {
    container.volumeMounts = [...(container.volumeMounts ?? []), { name, readOnly: true, mountPath }];
  }
}

function tokenVolume(name: string): Volume {
  return {
    name,
    projected: {
      defaultMode: 420,
      sources: [
        { serviceAccountToken: { expirationSeconds: 3607, path: 'token' } },
        { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
        {
          downwardAPI: {
            items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }],
          },
        },
      ],
    },
  };
}

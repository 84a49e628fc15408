import type { PersistentVolume, PersistentVolumeClaim } from '../kinds.ts';
import { bindClaim, findVolume, storageClassOf } from '../scheduler/claim-binding.ts';
import type { StoreEvent } from '../storage/object-store.ts';
import { type ControlLoop, type ControllerContext, keyOf, splitKey } from './controller.ts';

const component = 'persistentvolume-controller';
const write = { manager: 'kube-controller-manager' };

/** Binds claims to volumes and releases both. */
export class ClaimController implements ControlLoop {
  readonly name = component;
  readonly #context: ControllerContext;

  constructor(context: ControllerContext) {
    this.#context = context;
  }

  keysOf({ resource, object }: StoreEvent): readonly string[] {
    if (resource === 'persistentvolumeclaims') return [keyOf(object), ...this.#volumeKeys()];
    if (resource === 'persistentvolumes') return [keyOf(object), ...this.initialKeys()];
    return resource === 'pods' || resource === 'storageclasses.storage.k8s.io' ? this.initialKeys() : [];
  }

  initialKeys(): readonly string[] {
    return [...this.#context.store.list('persistentvolumeclaims').map(keyOf), ...this.#volumeKeys()];
  }

  #volumeKeys(): string[] {
    return this.#context.store.list('persistentvolumes').map(keyOf);
  }

  reconcile(key: string): number | undefined {
    const { namespace, name } = splitKey(key);
    const { store } = this.#context;
    if (namespace === '') {
      const volume = store.get('persistentvolumes', '', name);
      if (volume) this.#volume(volume);
      return undefined;
    }
    const claim = store.get('persistentvolumeclaims', namespace, name);
    if (!claim) return undefined;
    if (claim.metadata.deletionTimestamp) this.#release(claim);
    else if (claim.status?.phase !== 'Bound') this.#bind(claim);
    return undefined;
  }

  #bind(claim: PersistentVolumeClaim): void {
    const { api, store, recorder } = this.#context;
    const className = claim.spec?.storageClassName ?? '';
    const storageClass = storageClassOf(store, claim);
    const isAwaited = storageClass?.volumeBindingMode === 'WaitForFirstConsumer' && !claim.spec?.volumeName;
    const volume = isAwaited ? undefined : findVolume(store, claim, () => true);
    if (volume) {
      bindClaim(api, claim, volume);
      return;
    }
    if (isAwaited) {
      const message = 'waiting for first consumer to be created before binding';
      recorder.record(claim, { type: 'Normal', reason: 'WaitForFirstConsumer', message }, component);
    } else if (className !== '' && !storageClass) {
      const message = `storageclass.storage.k8s.io "${className}" not found`;
      recorder.record(claim, { type: 'Warning', reason: 'ProvisioningFailed', message }, component);
    } else {
      const message = 'no persistent volumes available for this claim and no storage class is set';
      recorder.record(claim, { type: 'Normal', reason: 'FailedBinding', message }, component);
    }
  }

  /** A claim goes when no pod uses it any more. */
  #release(claim: PersistentVolumeClaim): void {
    const { api, store } = this.#context;
    const { namespace = '', name } = claim.metadata;
    const isUsed = store.list('pods', namespace).some(({ spec, status }) => {
      const over = status?.phase === 'Succeeded' || status?.phase === 'Failed';
      // A pod that has no node yet could not start with a claim that is going away.
      return (
        !over &&
        spec?.nodeName &&
        (spec?.volumes ?? []).some((volume) => volume.persistentVolumeClaim?.claimName === name)
      );
    });
    if (isUsed) return;
    api.mutate('persistentvolumeclaims', namespace, name, write, (draft) => {
      draft.metadata.finalizers = (draft.metadata.finalizers ?? []).filter(
        (item) => item !== 'kubernetes.io/pvc-protection',
      );
    });
  }

  #volume(volume: PersistentVolume): void {
    const { api, store } = this.#context;
    const { name } = volume.metadata;
    const reference = volume.spec?.claimRef;
    const claim = reference
      ? store.get('persistentvolumeclaims', reference.namespace ?? '', reference.name ?? '')
      : undefined;
    const isBound = claim !== undefined && (!reference?.uid || claim.metadata.uid === reference.uid);
    if (volume.metadata.deletionTimestamp && !isBound) {
      api.mutate('persistentvolumes', '', name, write, (draft) => {
        draft.metadata.finalizers = (draft.metadata.finalizers ?? []).filter(
          (item) => item !== 'kubernetes.io/pv-protection',
        );
      });
      return;
    }
    const isReleased = reference?.uid !== undefined && !isBound;
    if (isReleased && volume.spec?.persistentVolumeReclaimPolicy === 'Delete') {
      this.#failDeletion(volume);
      return;
    }
    const phase = isReleased ? 'Released' : reference?.uid && isBound ? 'Bound' : 'Available';
    if (volume.status?.phase === phase) return;
    api.mutate('persistentvolumes', '', name, { ...write, subresource: 'status' }, (draft) => {
      const { message: _message, reason: _reason, ...rest } = draft.status ?? {};
      draft.status = { ...rest, phase };
    });
  }

  /** Nothing here can delete what a volume holds, so the policy Delete fails as it does for every volume without a deleter. */
  #failDeletion(volume: PersistentVolume): void {
    if (volume.status?.phase === 'Failed') return;
    const { api, recorder } = this.#context;
    const { name } = volume.metadata;
    const message = `error getting deleter volume plugin for volume "${name}": no deletable volume plugin matched`;
    api.mutate('persistentvolumes', '', name, { ...write, subresource: 'status' }, (draft) => {
      draft.status = { ...draft.status, phase: 'Failed', message };
    });
    recorder.record(volume, { type: 'Warning', reason: 'VolumeFailedDelete', message }, component);
  }
}

import type { LabClusterConfig } from '../cluster-config.ts';
import type { ResourceDefinition } from '../resources.ts';
import type { ObjectStore } from '../storage/object-store.ts';

/** What admission decides by. */
export interface AdmissionContext {
  readonly store: ObjectStore;
  readonly config: LabClusterConfig;
  readonly definition: ResourceDefinition;
  /** Random text of lower-case letters and digits. */
  readonly randomText: (length: number) => string;
}

import type { Contract } from '../contract-case.ts';
import { access } from './access.ts';
import { serverSideApply } from './apply.ts';
import { deletion } from './deletion.ts';
import { deployments } from './deployments.ts';
import { discovery } from './discovery.ts';
import { events } from './events.ts';
import { eviction } from './eviction.ts';
import { jobs } from './jobs.ts';
import { kubelets } from './kubelets.ts';
import type { KubernetesSubject } from './kubernetes-subject.ts';
import { lists } from './lists.ts';
import { namespaces } from './namespaces.ts';
import { objectCases } from './object-cases.ts';
import { openApi } from './openapi.ts';
import { patches } from './patches.ts';
import { refusals } from './refusals.ts';
import { scheduling } from './scheduling.ts';
import { sets } from './sets.ts';
import { subresources } from './subresources.ts';
import { tables } from './tables.ts';
import { validation } from './validation.ts';
import { volumes } from './volumes.ts';
import { watches } from './watches.ts';

/** The Kubernetes API's promises, one contract for each subject. */
export const kubernetesContracts: readonly Contract<KubernetesSubject>[] = [
  discovery,
  openApi,
  refusals,
  objectCases,
  lists,
  watches,
  patches,
  serverSideApply,
  validation,
  subresources,
  deletion,
  eviction,
  access,
  namespaces,
  tables,
  events,
  scheduling,
  volumes,
  deployments,
  sets,
  jobs,
  kubelets,
];

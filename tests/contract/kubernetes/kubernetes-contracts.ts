import type { Contract } from '../contract-case.ts';
import { serverSideApply } from './apply.ts';
import { discovery } from './discovery.ts';
import type { KubernetesSubject } from './kubernetes-subject.ts';
import { lists } from './lists.ts';
import { objectCases } from './object-cases.ts';
import { openApi } from './openapi.ts';
import { patches } from './patches.ts';
import { refusals } from './refusals.ts';
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
];

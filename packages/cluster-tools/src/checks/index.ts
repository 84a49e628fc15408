import type { Check } from './check.ts';
import { clusterCheck } from './cluster/index.ts';
import { driftCheck } from './drift/index.ts';
import { monitoringCheck } from './monitoring/index.ts';
import { networkCheck } from './network/index.ts';

/** The checks of the tools phase, in the order in which they are shown. */
export const checks: readonly Check[] = [clusterCheck, networkCheck, monitoringCheck, driftCheck];

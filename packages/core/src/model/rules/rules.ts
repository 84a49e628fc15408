import {
  accountNamesAreUsable,
  loginUserMayLogIn,
  rootLoginIsPossible,
  sudoPasswordHasUser,
  userNumbersAreUnique,
} from './access-rules.ts';
import {
  disksAreMountedOnce,
  disksHaveTheirOwnPaths,
  mountsHideNothing,
  systemFoldersAreNotMountPoints,
} from './disk-rules.ts';
import {
  kerberosProviderIsDescribed,
  kerberosServicesAreEnrolled,
  kerberosUsersAreAccounts,
} from './kerberos-rules.ts';
import { appsAreKnown, namesAreLabels, referredNodesExist, referredStorageExists } from './name-rules.ts';
import {
  addressesAreInTheirNetwork,
  openPortsExist,
  podsAreRouted,
  rangesAreDisjoint,
  rangesHaveNoHostBits,
  rangesHaveUsableSizes,
} from './network-rules.ts';
import {
  addressesAreUnique,
  controlPlanesAreOdd,
  macsAreUnique,
  monitoringHasOneNode,
  oneNodeIsLocal,
} from './node-rules.ts';
import { playbooksHaveNodes } from './playbook-rules.ts';
import { portsAreInTheirRange, portsAreUnique } from './port-rules.ts';
import {
  alwaysOnServicesStayAwake,
  controlPlanesStayAwake,
  sleepersCanBeWoken,
  sleepSettingsApply,
} from './power-rules.ts';
import type { Rule } from './rule.ts';
import {
  alwaysOnDataStaysAwake,
  mountedStorageIsShared,
  mountPathsDoNotCollide,
  mountsFromSleepersAreKnown,
  nodesDoNotMountThemselves,
  storageHasNoCycles,
} from './storage-rules.ts';
import { installerKnowsKubernetes, keepIsWholeDays, lockMatchesFile, rhel10IsSupported } from './version-rules.ts';

/** Every rule over the cluster file. The order is that of the file's sections; faults are sorted by place anyway. */
export const clusterFileRules: readonly Rule[] = [
  namesAreLabels,
  lockMatchesFile,
  installerKnowsKubernetes,
  rhel10IsSupported,
  rangesHaveNoHostBits,
  rangesAreDisjoint,
  rangesHaveUsableSizes,
  addressesAreInTheirNetwork,
  openPortsExist,
  podsAreRouted,
  addressesAreUnique,
  macsAreUnique,
  controlPlanesAreOdd,
  monitoringHasOneNode,
  oneNodeIsLocal,
  controlPlanesStayAwake,
  alwaysOnServicesStayAwake,
  sleepersCanBeWoken,
  sleepSettingsApply,
  referredNodesExist,
  referredStorageExists,
  playbooksHaveNodes,
  nodesDoNotMountThemselves,
  mountedStorageIsShared,
  mountPathsDoNotCollide,
  disksAreMountedOnce,
  disksHaveTheirOwnPaths,
  mountsHideNothing,
  systemFoldersAreNotMountPoints,
  storageHasNoCycles,
  alwaysOnDataStaysAwake,
  mountsFromSleepersAreKnown,
  portsAreInTheirRange,
  portsAreUnique,
  appsAreKnown,
  keepIsWholeDays,
  accountNamesAreUsable,
  userNumbersAreUnique,
  loginUserMayLogIn,
  sudoPasswordHasUser,
  rootLoginIsPossible,
  kerberosProviderIsDescribed,
  kerberosServicesAreEnrolled,
  kerberosUsersAreAccounts,
];

export type { HostRecap, TaskFailure } from './installer/ansible-events.ts';
export { installerFinding } from './installer/installer-finding.ts';
export { inventoryData, renderInventory } from './inventory/render-inventory.ts';
export type { CalicoModes, KubesprayAccess, RenderedFile } from './kubespray/render-kubespray.ts';
export { clusterMembers, inventoryDirectory, powerClassLabel, renderKubespray } from './kubespray/render-kubespray.ts';
export { accessOf, compareRendered, writeRendered } from './kubespray/write-kubespray.ts';
export { createInfraPhase, infraPhase } from './phase/infra-phase.ts';
export { infraSteps } from './phase/plan-infra.ts';

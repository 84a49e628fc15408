export { labTryMode } from './composition/lab-try-mode.ts';

export { askLab, labAnswers } from './daemon/lab-client.ts';
export type { LabPaths } from './daemon/lab-paths.ts';
export { labPaths } from './daemon/lab-paths.ts';
export type {
  ClusterOrder,
  LabCounters,
  LabEndpoint,
  LabNodeStatus,
  LabPower,
  LabRequest,
  LabRequests,
  LabStatus,
  NodeReadiness,
  PowerOrder,
} from './daemon/lab-protocol.ts';
export { runLabDaemon } from './daemon/run-lab-daemon.ts';
export type { LabStart } from './daemon/start-lab.ts';
export { resetLab, startLab, stopLab } from './daemon/start-lab.ts';
export { runLabInstaller } from './installer/run-lab-installer.ts';
export { standInHeader } from './kubernetes/workloads/stand-in-server.ts';
export type { MachineFaults } from './machine/machine-spec.ts';

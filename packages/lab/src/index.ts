export type { InProcessLabOptions } from './composition/in-process-lab.ts';
export { InProcessLab } from './composition/in-process-lab.ts';
export { labTryMode } from './composition/lab-try-mode.ts';

export { askLab, labAnswers } from './daemon/lab-client.ts';
export type { LabPaths } from './daemon/lab-paths.ts';
export { labPaths } from './daemon/lab-paths.ts';
export type {
  ClusterOrder,
  FaultPlace,
  LabCounters,
  LabEndpoint,
  LabNodeStatus,
  LabPower,
  LabProvider,
  LabRequest,
  LabRequests,
  LabStatus,
  NodeReadiness,
  PowerOrder,
} from './daemon/lab-protocol.ts';
export { labProviders } from './daemon/lab-protocol.ts';
export { labSudoPassword } from './daemon/machine-spec-of.ts';
export { runLab } from './daemon/run-lab.ts';

export type { LabStart } from './daemon/start-lab.ts';
export { rememberedProvider, resetLab, startLab, stopLab } from './daemon/start-lab.ts';
export type {
  ApiFaultKind,
  FaultKind,
  FaultParameter,
  FaultSubject,
  FaultValues,
  LabFault,
  NodeFaultKind,
} from './faults/fault-kinds.ts';
export { faultKinds } from './faults/fault-kinds.ts';
export type { FaultTargets } from './faults/lab-faults.ts';
export { LabFaults } from './faults/lab-faults.ts';
export { runLabInstaller } from './installer/run-lab-installer.ts';
export type { ClusterClock } from './kubernetes/clock.ts';
export type { CalicoConfig, LabClusterConfig, LabClusterNode } from './kubernetes/cluster-config.ts';
export type { ClusterFault } from './kubernetes/faults/cluster-faults.ts';
export { ClusterFaults } from './kubernetes/faults/cluster-faults.ts';
export type { KubeletTiming } from './kubernetes/kubelet/kubelet.ts';
export type { LabClusterPorts, LabKubernetes } from './kubernetes/lab-cluster.ts';
export { createLabCluster, openLabCluster } from './kubernetes/lab-cluster.ts';
export type { NodeHost, NodeListener, PathFacts } from './kubernetes/node-host.ts';
export { standInHeader } from './kubernetes/workloads/stand-in-server.ts';
export type { ConsoleCommand, ConsoleResult } from './machine/console.ts';
export { runAtConsole } from './machine/console.ts';
export type { MachineOptions, PowerState } from './machine/machine.ts';
export { Machine } from './machine/machine.ts';
export type { LabNetwork, MachineFaults, MachineSpec } from './machine/machine-spec.ts';
export { parseScenario } from './scenario/parse-scenario.ts';
export type { ScenarioEnd, ScenarioProduct, ScenarioRun } from './scenario/run-scenario.ts';
export { runScenario } from './scenario/run-scenario.ts';
export type { Scenario } from './scenario/scenario-statement.ts';
export type { LabSshServer, SshServerOptions } from './ssh/ssh-server.ts';
export { startSshServer } from './ssh/ssh-server.ts';

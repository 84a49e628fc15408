export type { Declaration, DesiredResource, DesiredState } from './desired/desired-state.ts';
export type { HostRole, PlacedResource } from './desired/host-role.ts';
export { declareRoles } from './desired/host-role.ts';
export type { ReadingSources } from './desired/memoized-readings.ts';
export { memoizedReadings } from './desired/memoized-readings.ts';
export { mergeDeclarations } from './desired/merge-declarations.ts';
export type { NodeReading, NodeReadings } from './desired/node-readings.ts';
export type { SliceState } from './desired/slice-state.ts';
export { readNodes, sliceFindings, sliceOf, sliceState } from './desired/slice-state.ts';
export type { AppErrorDetails, ErrorCode, ErrorContext, ErrorRecord } from './errors/app-error.ts';
export { AppError, causeChain, errorRecord } from './errors/app-error.ts';
export type { ErrorKind } from './errors/error-kind.ts';
export { errorKindTable } from './errors/error-kind.ts';
export { diskFullError, systemError } from './errors/system-error.ts';
export { toAppError } from './errors/to-app-error.ts';
export type { Finding } from './finding/finding.ts';
export { worstFinding } from './finding/finding.ts';
export type { AppFolderEntry, AppFolderSettings } from './model/app-folder-file.ts';
export { appFolderSchema } from './model/app-folder-file.ts';
export type {
  Cluster,
  ClusterApp,
  ClusterKerberos,
  ClusterMonitoring,
  ClusterNetwork,
  ClusterNode,
  ClusterPlaybook,
  ClusterSystem,
  ClusterUser,
  Endpoint,
  NodeDisk,
  NodeInterface,
  NodeLogin,
  NodeOs,
  NodePower,
  NodeRole,
  Notifier,
  OpenPort,
  PowerDriver,
  SecretRef,
  SharedStorage,
  SshAccess,
  Versions,
} from './model/cluster.ts';
export { maySleep, nodeOf, nodesWithRole } from './model/cluster.ts';
export type { ClusterFile, ClusterFileInput } from './model/cluster-file.ts';
export { clusterFileJsonSchema, clusterFileSchema } from './model/cluster-file.ts';
export { defaultVersions } from './model/default-versions.ts';
export { didYouMean, suggestion } from './model/did-you-mean.ts';
export type { DriftIgnore } from './model/drift-ignore.ts';
export { driftIgnoreFileSchema, isDate, isIgnoredAt } from './model/drift-ignore.ts';
export { durationDays, durationSeconds } from './model/duration.ts';
export type { EffectiveSettings, PackageSetting, Sourced } from './model/effective-settings.ts';
export { effectiveSettings, overlayFilesOf, overlaysOf } from './model/effective-settings.ts';
export { exampleCluster, exampleClusterData, exampleClusterFile } from './model/example.ts';
export {
  exampleFacts,
  exampleReading,
  exampleTime,
  exampleWorkspace,
  fixedReadings,
} from './model/example-workspace.ts';
export type { DocumentPath, Fault } from './model/fault.ts';
export { formatPath, pathStartsWith } from './model/fault.ts';
export { namePattern } from './model/field.ts';
export { nodeOsNames, nodeRoleNames, powerPolicies } from './model/node-schema.ts';
export type { OverlaySettingsFile } from './model/overlay-settings.ts';
export { overlaySettingsSchema } from './model/overlay-settings.ts';
export { groupsOf, resolveCluster } from './model/resolve-cluster.ts';
export { nodePortRange } from './model/rules/port-rules.ts';
export type { SchemaFaultCodes } from './model/schema-faults.ts';
export { schemaFaults } from './model/schema-faults.ts';
export type { SecretReference } from './model/secret-references.ts';
export { secretName, secretNamesOf, secretReferences, writtenSecretReferences } from './model/secret-references.ts';
export type { ClusterFileVerdict } from './model/validate-cluster-file.ts';
export { validateClusterFile } from './model/validate-cluster-file.ts';
export { versionsLockSchema } from './model/versions-lock.ts';
export type { Cidr } from './net/cidr.ts';
export {
  cidrContains,
  cidrCovers,
  cidrsOverlap,
  formatCidr,
  formatIpv4,
  hasHostBits,
  nthAddress,
  parseCidr,
  parseIpv4,
} from './net/cidr.ts';
export type { DriftState, FindingState, Outcome } from './outcome/outcome.ts';
export {
  exitCodeOfDrift,
  exitCodeOfFindings,
  exitCodeOfRun,
  exitCodes,
  outcomeOf,
  outcomes,
} from './outcome/outcome.ts';
export { exampleContext } from './phase/example-context.ts';
export type {
  ConfiguredCluster,
  DeployedApplications,
  MissingBecause,
  MonitoredCluster,
  Observed,
  PhaseFacts,
  PreparedNodes,
  RunningCluster,
  ValidatedCluster,
} from './phase/facts.ts';
export { missing, present } from './phase/facts.ts';
export type { Phase, PhaseContext, StepHistory, StepProgress } from './phase/phase.ts';
export { orderPhases } from './phase/phase-graph.ts';
export type { PhaseName } from './phase/phase-name.ts';
export { isPhaseName, phaseNames } from './phase/phase-name.ts';
export type { HostSlice } from './plan/host-steps.ts';
export { hostStepId, planHostSteps } from './plan/host-steps.ts';
export { canonicalJson, inputHash, sha256Hex } from './plan/input-hash.ts';
export type { Plan, PlanScope, Step, StepAction, StepChange, StepEffect } from './plan/step.ts';
export { countEffects } from './plan/step.ts';
export type { StepBlock } from './plan/step-block.ts';
export { asleepBlock, blockOf, blockOfUnread } from './plan/step-block.ts';
export type { Clock, Ids } from './ports/clock.ts';
export type {
  AppliedResource,
  ApplyReport,
  ApplyRequest,
  Difference,
  GuardedAttempt,
  HostPort,
  NodeCheck,
  NodeFacts,
  ResourceState,
  RollbackReport,
  TryMode,
} from './ports/host.ts';
export type { Journal, RunRecord } from './ports/journal.ts';
export type {
  KubeApplied,
  KubeConnector,
  KubeDifference,
  KubeObject,
  KubePort,
  KubeReadiness,
  KubeRef,
  KubeWait,
} from './ports/kube.ts';
export type { EndpointProbe, PowerReading, PowerStates, ProbeAnswer } from './ports/probe.ts';
export type { FollowedProcess, ProcessResult, ProcessRunner } from './ports/process-runner.ts';
export type { RemoteCommand, RemoteResult, Transport } from './ports/transport.ts';
export type {
  AppFolder,
  Overlay,
  OverlayFile,
  OverlaySettings,
  Secrets,
  Workspace,
  WorkspaceFiles,
} from './ports/workspace.ts';
export { Secret } from './ports/workspace.ts';
export type {
  AuthorizedKeyResource,
  BlockResource,
  CommandResource,
  DirectoryResource,
  FileResource,
  FilesystemResource,
  FileValidation,
  GroupResource,
  GuardArea,
  HostnameResource,
  HostsEntriesResource,
  HostsEntry,
  HostsEntryResource,
  KerberosPrincipalResource,
  KernelModuleResource,
  Labelling,
  LineResource,
  LinkResource,
  MountResource,
  NetworkInterfaceResource,
  Ownership,
  PackageRepositoryResource,
  PackageResource,
  ResolverResource,
  Resource,
  ResourceBase,
  ResourceId,
  ResourceKind,
  SelinuxResource,
  ServiceResource,
  SwapResource,
  SymlinkResource,
  SysctlResource,
  TimezoneResource,
  UnitAction,
  UnitResource,
  UserResource,
} from './resource/resource.ts';
export { resourceId } from './resource/resource.ts';
export type { RunOptions } from './run/execute-run.ts';
export { executeRun } from './run/execute-run.ts';
export type { FactStore } from './run/fact-store.ts';
export { factStore } from './run/fact-store.ts';
export { planPhase, planRun } from './run/plan-run.ts';
export type { RunEvent, RunSummary } from './run/run-event.ts';
export type { AnyPhase, HostStepPerformer, RunPorts } from './run/run-ports.ts';
export type { StepResult } from './run/step-result.ts';

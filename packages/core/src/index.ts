export type { AppErrorDetails, ErrorCode, ErrorContext, ErrorRecord } from './errors/app-error.ts';
export { AppError, causeChain, errorRecord, toAppError } from './errors/app-error.ts';
export type { ErrorKind } from './errors/error-kind.ts';
export { errorKindTable } from './errors/error-kind.ts';
export type { DriftState, FindingState, Outcome } from './outcome/outcome.ts';
export {
  exitCodeOfDrift,
  exitCodeOfFindings,
  exitCodeOfRun,
  exitCodes,
  outcomeOf,
  outcomes,
} from './outcome/outcome.ts';
export type {
  AppliedResource,
  ApplyReport,
  ApplyRequest,
  Difference,
  HostPort,
  NodeCheck,
  NodeFacts,
  ResourceState,
  RollbackReport,
  TryMode,
} from './ports/host.ts';
export type { RemoteCommand, RemoteResult, Transport } from './ports/transport.ts';
export type {
  AuthorizedKeyResource,
  CommandResource,
  DirectoryResource,
  FileResource,
  FileValidation,
  GroupResource,
  GuardArea,
  HostnameResource,
  HostsEntryResource,
  KernelModuleResource,
  LineResource,
  MountResource,
  Ownership,
  PackageResource,
  Resource,
  ResourceBase,
  ResourceId,
  ResourceKind,
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
export type {
  Cluster, ClusterApp, ClusterMonitoring, ClusterNetwork, ClusterNode, Endpoint, NodeOs, NodePower, NodeRole, Notifier,
  PowerDriver, SecretRef, SharedStorage, Versions,
} from './model/cluster.ts';
export { maySleep, nodeOf, nodesWithRole } from './model/cluster.ts';
export type { AppFolder, Overlay, OverlayFile, OverlaySettings, Secrets, Workspace, WorkspaceFiles } from './ports/workspace.ts';
export { Secret } from './ports/workspace.ts';

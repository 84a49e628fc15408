export { clusterFileName, findWorkspace } from './find-workspace.ts';
export type { LoadedWorkspace, LoadResult } from './load-workspace.ts';
export { loadWorkspace, openWorkspace, stateFolderName } from './load-workspace.ts';
export type { FilePosition, LocatedFault } from './located-fault.ts';
export { renderFaults } from './located-fault.ts';
export { versionsLockText } from './versions-lock-file.ts';
export type { YamlDocument } from './yaml-document.ts';

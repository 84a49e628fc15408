import {
  type ClusterNode,
  type Declaration,
  declareRoles,
  effectiveSettings,
  overlayFilesOf,
  type Workspace,
} from '@vmstation/core';
import { withOverlays } from './overlays/overlay-declarations.ts';
import { configRoles } from './roles/config-roles.ts';
import { defaultKernelSettings } from './roles/system/index.ts';

const replaceableKernelSettings: ReadonlySet<string> = new Set(Object.keys(defaultKernelSettings));

/** The host state that config wants on every node: its roles and the overlays. The time service is declared for the phase setup. */
export async function declareConfig(workspace: Workspace): Promise<readonly Declaration[]> {
  return workspace.cluster.nodes.flatMap((node) =>
    withOverlays(
      node,
      roleDeclarations(workspace, node),
      overlayFilesOf(workspace.overlays, node),
      replaceableKernelSettings,
    ),
  );
}

/** What the roles declare for a node, before overlay files replace any of it. */
export function roleDeclarations(workspace: Workspace, node: ClusterNode): readonly Declaration[] {
  const { cluster, overlays } = workspace;
  return declareRoles(configRoles, [node], () => ({ cluster, settings: effectiveSettings(overlays, node) }));
}

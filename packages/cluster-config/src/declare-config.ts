import {
  type ClusterNode,
  type Declaration,
  declareRoles,
  effectiveSettings,
  overlayFilesOf,
  type Secrets,
  type Workspace,
} from '@vmstation/core';
import { withOverlays } from './overlays/overlay-declarations.ts';
import { configRoles } from './roles/config-roles.ts';
import { type RealmSecrets, realmSecrets } from './roles/kerberos/realm-secrets.ts';
import { defaultKernelSettings } from './roles/system/kernel.ts';

const replaceableKernelSettings: ReadonlySet<string> = new Set(Object.keys(defaultKernelSettings));

/**
 * The host state that config wants on every node: its roles and the overlays. The time service is declared for the phase setup.
 * `secrets` are needed where Kerberos is on. Throws secret/missing, secret/cannot-decrypt, config/kerberos-keys-too-short.
 */
export async function declareConfig(
  workspace: Workspace,
  secrets?: Pick<Secrets, 'get'>,
): Promise<readonly Declaration[]> {
  const ofRealm = secrets === undefined ? undefined : await realmSecrets(workspace.cluster, secrets);
  return workspace.cluster.nodes.flatMap((node) =>
    withOverlays(
      node,
      roleDeclarations(workspace, node, ofRealm),
      overlayFilesOf(workspace.overlays, node),
      replaceableKernelSettings,
    ),
  );
}

/** What the roles declare for a node, before overlay files replace any of it. */
export function roleDeclarations(
  workspace: Workspace,
  node: ClusterNode,
  ofRealm?: RealmSecrets,
): readonly Declaration[] {
  const { cluster, overlays } = workspace;
  return declareRoles(configRoles, [node], () => ({
    cluster,
    settings: effectiveSettings(overlays, node),
    realmSecrets: ofRealm,
  }));
}

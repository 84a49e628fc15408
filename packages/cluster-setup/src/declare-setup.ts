import { type Declaration, declareRoles, type Workspace } from '@vmstation/core';
import { setupRoles } from './roles/setup-roles.ts';

/** What setup's declarations are made of besides the workspace. */
export interface SetupInputs {
  /** OpenSSH public key of the workspace, `type base64 [comment]`; undefined when there is none, then no key is added. */
  readonly operatorPublicKey: string | undefined;
}

/** The host state that setup wants on every node of the model. Other packages may declare more for the same phase (role ntp does). */
export async function declareSetup(workspace: Workspace, inputs: SetupInputs): Promise<readonly Declaration[]> {
  const { cluster } = workspace;
  return declareRoles(setupRoles, cluster.nodes, () => ({ cluster, publicKey: inputs.operatorPublicKey }));
}

import type { Cluster, Secret, Secrets } from '@vmstation/core';
import type { SudoPasswords } from '@vmstation/remote';

/**
 * What sudo asks for on the nodes of a cluster: from its secrets, decrypted when somebody is to become root there for the first time, or one `instead` of all
 * of them.
 */
export function sudoPasswordsOf({ nodes }: Cluster, secrets: Secrets, instead: Secret | undefined): SudoPasswords {
  const names = new Map(nodes.map(({ name, ssh }) => [name, ssh.sudoPassword?.secret]));
  return async (node) => {
    const name = names.get(node);
    return name === undefined ? undefined : { name, value: instead ?? (await secrets.get(name)) };
  };
}

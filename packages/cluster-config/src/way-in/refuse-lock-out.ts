import { AppError, type Cluster, type ClusterNode, type Declaration } from '@vmstation/core';
import { accountShuts } from './account-way-in.ts';
import { firewallShuts } from './firewall-way-in.ts';
import { sshdShuts } from './sshd-way-in.ts';
import { sudoShuts } from './sudo-way-in.ts';
import type { ShutWayIn, WayIn } from './way-in.ts';

/**
 * Refuses declarations that would shut the product's own way into a node: login, keys, sshd, sudo, SSH port. `operatorPublicKey` is the
 * workspace's, in OpenSSH's one-line form; undefined while it has none. Pure. Only what is certain from what is declared is refused; what depends on the
 * machine is left to the proof after the change. Throws plan/locks-you-out, which names each node and both places.
 */
export function refuseLockOut(
  cluster: Cluster,
  declarations: readonly Declaration[],
  operatorPublicKey: string | undefined,
): void {
  const byNode = Map.groupBy(declarations, ({ node }) => node);
  const found = cluster.nodes.flatMap((node) => {
    const shut = waysShut(wayInto(node, byNode.get(node.name) ?? [], operatorPublicKey));
    return shut.map(({ origin, does, against }) => `${node.name}: ${origin} ${does}, but ${against}`);
  });
  if (found.length === 0) return;
  throw new AppError({
    code: 'plan/locks-you-out',
    kind: 'refused',
    message: `This would shut your own way in, so nothing was changed:\n${[...new Set(found)].map((line) => `  - ${line}`).join('\n')}`,
    tryThis:
      'Change one of the two places that each line names. To log in in another way, first change the ssh settings of the cluster file.',
  });
}

function waysShut(way: WayIn): readonly ShutWayIn[] {
  // The node that the product itself runs on is changed without SSH.
  if (way.node.ssh.local) return [];
  return [...accountShuts(way), ...sshdShuts(way), ...sudoShuts(way), ...firewallShuts(way)];
}

function wayInto(node: ClusterNode, declared: readonly Declaration[], publicKey: string | undefined): WayIn {
  const { user, port } = node.ssh;
  const declaredHome = declared
    .map(({ resource }) => (resource.kind === 'user' && resource.name === user ? resource.home : undefined))
    .find((home) => home !== undefined);
  const home = declaredHome ?? (user === 'root' ? '/root' : `/home/${user}`);
  return { node, user, port, home, key: publicKey?.trim().split(/\s+/)[1], declared };
}

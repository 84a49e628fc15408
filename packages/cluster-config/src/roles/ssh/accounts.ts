import type {
  AuthorizedKeyResource,
  Cluster,
  ClusterNode,
  ClusterUser,
  PlacedResource,
  Resource,
} from '@vmstation/core';

/** Accounts that the model wants on a node. */
export function usersOf(node: ClusterNode, { users }: Cluster): readonly ClusterUser[] {
  return users.filter((user) => user.nodes.includes(node.name));
}

/** Who may not log in on a node any more, whether or not the account is there. */
export function lockedUsersOf(node: ClusterNode, cluster: Cluster): readonly string[] {
  return usersOf(node, cluster)
    .filter(({ locked }) => locked)
    .map(({ name }) => name);
}

/**
 * Accounts, groups and keys of a node. Keys that are there stay, and an account that is named no longer stays as it is; of a locked one the
 * declared keys are taken away. Where logins are limited to groups, the user that the tool logs in as is put into the first of them.
 */
export function accountsOf(node: ClusterNode, cluster: Cluster): readonly (Resource | PlacedResource)[] {
  const login = node.ssh.user;
  const [firstGroup] = cluster.access.allowGroups ?? [];
  const users = usersOf(node, cluster);
  const groups = new Set(users.filter(({ locked }) => !locked).flatMap((user) => user.groups));
  return [
    ...[...groups, ...(firstGroup === undefined || groups.has(firstGroup) ? [] : [firstGroup])].map(
      (name): Resource => ({ kind: 'group', name }),
    ),
    ...users.flatMap(accountOf),
    ...(firstGroup === undefined
      ? []
      : [placed({ kind: 'user', name: login, groups: [firstGroup] }, 'ssh.allow-groups')]),
    ...cluster.access.keys.map((key) => placed({ kind: 'authorized-key', user: login, key: key.trim() }, 'ssh.keys')),
  ];
}

function accountOf(user: ClusterUser): readonly PlacedResource[] {
  const { name, uid, shell, groups, keys, locked } = user;
  const key = (line: string): AuthorizedKeyResource => ({ kind: 'authorized-key', user: name, key: line });
  const place = `users.${name}`;
  if (locked) {
    return keys.map((line) => placed({ ...key(line), ensure: 'absent', guard: 'login-key' }, place));
  }
  const account: Resource = {
    kind: 'user',
    name,
    ...(uid === undefined ? {} : { uid }),
    ...(groups.length === 0 ? {} : { groups }),
    ...(shell === undefined ? {} : { shell }),
  };
  return [placed(account, place), ...keys.map((line) => placed(key(line), place))];
}

function placed(resource: Resource, field: string): PlacedResource {
  return { resource, origin: `vmstation.yaml: ${field}` };
}

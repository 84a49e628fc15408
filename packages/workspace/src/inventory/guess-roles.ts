import { type NodeRole, namePattern, nodeRoleNames, powerPolicies } from '@vmstation/core';

/** Groups that say nothing of a machine that a role does not say. */
const structural = new Set(['all', 'ungrouped', 'etcd', 'k8s_cluster', 'kube_cluster', 'k3s_cluster', 'calico_rr']);

/** Names of groups that operators give their machines: Kubespray's of all releases, kubeadm's, k3s' and plain words. */
const roleNames: readonly (readonly [RegExp, NodeRole])[] = [
  [/^(?:(?:kube|k8s|k3s|kubernetes)_)?(?:control_?planes?|masters?)(?:_nodes?)?$/, 'control-plane'],
  [
    /^(?:(?:kube|k8s|k3s|kubernetes)_)(?:workers?|nodes?|agents?|minions?)$|^(?:workers?|minions?)(?:_nodes?)?$/,
    'worker',
  ],
  [/^(?:monitoring|monitors?|prometheus|grafana)(?:_(?:nodes?|servers?|hosts?))?$/, 'monitoring'],
  [/^(?:storage|nfs|nas)(?:_(?:nodes?|servers?|hosts?))?$/, 'storage'],
  [/^compute(?:_(?:nodes?|servers?|hosts?))?$/, 'compute'],
];

/** What the groups of a machine say of it. */
export interface GuessedPlace {
  /** In the order of the cluster file's reference. */
  readonly roles: readonly NodeRole[];
  readonly power: (typeof powerPolicies)[number] | undefined;
  /** Groups that are neither, as names of the cluster file. */
  readonly groups: readonly string[];
  /** Groups whose names the cluster file cannot have. */
  readonly unnamed: readonly string[];
}

/** Guesses what a machine is for from the names of its groups. `allGroups` are the inventory's: a compute machine is a worker where no group names the workers. */
export function guessPlace(groups: readonly string[], allGroups: readonly string[]): GuessedPlace {
  const roles = new Set(groups.map(roleOf).filter((role) => role !== undefined));
  if (roles.has('compute') && !allGroups.some((group) => roleOf(group) === 'worker')) roles.add('worker');
  const others = groups.filter(
    (group) =>
      !structural.has(group.replaceAll('-', '_')) && roleOf(group) === undefined && powerOf(group) === undefined,
  );
  const names = new Map(others.map((group) => [group, nameOf(group)]));
  return {
    roles: nodeRoleNames.filter((role) => roles.has(role)),
    power: groups.map(powerOf).find((policy) => policy !== undefined),
    groups: [...new Set(names.values())].filter((name) => namePattern.test(name)).toSorted(),
    unnamed: others.filter((group) => !namePattern.test(names.get(group) ?? '')),
  };
}

function roleOf(group: string): NodeRole | undefined {
  const name = group.toLowerCase().replaceAll('-', '_');
  return roleNames.find(([pattern]) => pattern.test(name))?.[1];
}

function powerOf(group: string): (typeof powerPolicies)[number] | undefined {
  const name = group
    .toLowerCase()
    .replaceAll('_', '-')
    .replace(/^power-/, '');
  return powerPolicies.find((policy) => policy === name);
}

/** `group_` stands before names that Ansible or the export keep for themselves. */
function nameOf(group: string): string {
  return group
    .replace(/^group_/, '')
    .toLowerCase()
    .replaceAll('_', '-');
}

import type { PolicyRule, RoleBinding } from '../kinds.ts';
import type { RequestInfo } from '../request/request-info.ts';
import { StatusError } from '../status-error.ts';
import type { ObjectStore } from '../storage/object-store.ts';
import { type ApiUser, serviceAccountUser } from './api-user.ts';

/** What somebody wants to do. Resource fields are '' for a plain path. */
export interface AccessAttributes {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  readonly path: string;
}

/** Attributes of a request. */
export function attributesOf(info: RequestInfo): AccessAttributes {
  const { verb, group, resource, subresource, namespace, name } = info;
  const scope = resource === 'namespaces' && name !== '' ? name : namespace;
  return { verb, group, resource, subresource, namespace: scope, name, path: info.isResource ? '' : info.path };
}

type Subject = NonNullable<RoleBinding['subjects']>[number];

function isSubject(subject: Subject, user: ApiUser, bindingNamespace: string): boolean {
  if (subject.kind === 'User') return subject.name === user.name;
  if (subject.kind === 'Group') return user.groups.includes(subject.name);
  return serviceAccountUser(subject.namespace ?? bindingNamespace, subject.name) === user.name;
}

/** The rules that a user has in a namespace; with '' only those that hold cluster-wide. */
export function rulesFor(store: ObjectStore, user: ApiUser, namespace: string): PolicyRule[] {
  const rules: PolicyRule[] = [];
  const clusterRules = (name: string): PolicyRule[] =>
    store.get('clusterroles.rbac.authorization.k8s.io', '', name)?.rules ?? [];
  for (const binding of store.list('clusterrolebindings.rbac.authorization.k8s.io')) {
    if (binding.subjects?.some((subject) => isSubject(subject, user, '')))
      rules.push(...clusterRules(binding.roleRef.name));
  }
  if (namespace === '') return rules;
  for (const binding of store.list('rolebindings.rbac.authorization.k8s.io', namespace)) {
    if (!binding.subjects?.some((subject) => isSubject(subject, user, namespace))) continue;
    const { kind, name } = binding.roleRef;
    const role =
      kind === 'Role' ? store.get('roles.rbac.authorization.k8s.io', namespace, name)?.rules : clusterRules(name);
    rules.push(...(role ?? []));
  }
  return rules;
}

function covers(list: readonly string[] | undefined, value: string): boolean {
  return list?.includes('*') === true || list?.includes(value) === true;
}

function coversPath(patterns: readonly string[] | undefined, path: string): boolean {
  return (patterns ?? []).some((pattern) =>
    pattern.endsWith('*') ? path.startsWith(pattern.slice(0, -1)) : pattern === path,
  );
}

/** True when a rule permits the access. */
export function ruleAllows(rule: PolicyRule, wanted: AccessAttributes): boolean {
  if (!covers(rule.verbs, wanted.verb)) return false;
  if (wanted.path !== '') return coversPath(rule.nonResourceURLs, wanted.path);
  if (!covers(rule.apiGroups, wanted.group)) return false;
  const full = wanted.subresource === '' ? wanted.resource : `${wanted.resource}/${wanted.subresource}`;
  const named = covers(rule.resources, full) || rule.resources?.includes(`*/${wanted.subresource}`) === true;
  if (!named) return false;
  return !rule.resourceNames?.length || rule.resourceNames.includes(wanted.name);
}

/** True when the user may do it. Members of `system:masters` may do everything. */
export function isAllowed(store: ObjectStore, user: ApiUser, wanted: AccessAttributes): boolean {
  if (user.groups.includes('system:masters')) return true;
  return rulesFor(store, user, wanted.namespace).some((rule) => ruleAllows(rule, wanted));
}

/** 403 in the words of the API server. */
export function accessDenied(user: ApiUser, wanted: AccessAttributes): StatusError {
  if (wanted.path !== '') {
    return new StatusError({
      code: 403,
      reason: 'Forbidden',
      message: `forbidden: User "${user.name}" cannot ${wanted.verb} path "${wanted.path}"`,
    });
  }
  const resource = wanted.subresource === '' ? wanted.resource : `${wanted.resource}/${wanted.subresource}`;
  const scope = wanted.namespace === '' ? 'at the cluster scope' : `in the namespace "${wanted.namespace}"`;
  const qualified = wanted.group === '' ? wanted.resource : `${wanted.resource}.${wanted.group}`;
  const name = wanted.name === '' ? '' : ` "${wanted.name}"`;
  return new StatusError({
    code: 403,
    reason: 'Forbidden',
    message: `${qualified}${name} is forbidden: User "${user.name}" cannot ${wanted.verb} resource "${resource}" in API group "${wanted.group}" ${scope}`,
    subject: { group: wanted.group, resource: wanted.resource, name: wanted.name },
  });
}

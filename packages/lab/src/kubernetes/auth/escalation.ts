import type { KubeObject, PolicyRule, Role, RoleBinding } from '../kinds.ts';
import type { ResourceDefinition } from '../resources.ts';
import { forbidden } from '../status-error.ts';
import type { ObjectStore } from '../storage/object-store.ts';
import type { ApiUser } from './api-user.ts';
import { type AccessAttributes, isAllowed, ruleAllows, rulesFor } from './rbac.ts';

const group = 'rbac.authorization.k8s.io';

/**
 * Refuses a role or a binding that grants what its author does not have, unless the author may `escalate` (roles) or `bind`
 * (bindings). Source: kubernetes.io/docs/reference/access-authn-authz/rbac, «Privilege escalation prevention». Throws 403.
 */
export function refuseEscalation(
  store: ObjectStore,
  user: ApiUser,
  object: KubeObject,
  definition: ResourceDefinition,
): void {
  if (definition.group !== group || user.groups.includes('system:masters')) return;
  const { name, namespace = '' } = object.metadata;
  const isBinding = definition.plural.endsWith('bindings');
  if (isBinding ? !(object as RoleBinding).roleRef : !(object as Role).rules) return;
  const exemption: AccessAttributes = {
    verb: isBinding ? 'bind' : 'escalate',
    group,
    resource: isBinding ? roleResource(object as RoleBinding) : definition.plural,
    subresource: '',
    namespace,
    name: isBinding ? (object as RoleBinding).roleRef.name : name,
    path: '',
  };
  if (isAllowed(store, user, exemption)) return;
  const wanted = isBinding ? rulesBehind(store, object as RoleBinding) : ((object as Role).rules ?? []);
  const held = rulesFor(store, user, namespace);
  const missing = wanted.flatMap(singleRules).filter((rule) => !held.some((own) => ruleAllows(own, rule)));
  if (missing.length === 0) return;
  const list = missing.map(ruleText).join('\n');
  throw forbidden(
    { group, resource: definition.plural, name },
    `user ${JSON.stringify(user.name)} (groups=${JSON.stringify(user.groups)}) is attempting to grant RBAC permissions not currently held:\n${list}`,
  );
}

function roleResource({ roleRef }: RoleBinding): string {
  return roleRef.kind === 'Role' ? 'roles' : 'clusterroles';
}

function rulesBehind(store: ObjectStore, { metadata, roleRef }: RoleBinding): readonly PolicyRule[] {
  const role =
    roleRef.kind === 'Role'
      ? store.get(`roles.${group}`, metadata.namespace ?? '', roleRef.name)
      : store.get(`clusterroles.${group}`, '', roleRef.name);
  return role?.rules ?? [];
}

/** Every single permission of a rule; `*` stays what only `*` covers. */
function singleRules(rule: PolicyRule): AccessAttributes[] {
  const none = { group: '', resource: '', subresource: '', namespace: '', name: '', path: '' };
  const paths = (rule.nonResourceURLs ?? []).flatMap((path) => rule.verbs.map((verb) => ({ ...none, verb, path })));
  const names = rule.resourceNames?.length ? rule.resourceNames : [''];
  const objects = rule.verbs.flatMap((verb) =>
    (rule.apiGroups ?? []).flatMap((apiGroup) =>
      (rule.resources ?? []).flatMap((full) => {
        const [resource = '', subresource = ''] = full.split('/');
        return names.map((name) => ({ ...none, verb, group: apiGroup, resource, subresource, name }));
      }),
    ),
  );
  return [...paths, ...objects];
}

function ruleText({ verb, group: apiGroup, resource, subresource, name, path }: AccessAttributes): string {
  if (path !== '') return `{NonResourceURLs:["${path}"], Verbs:["${verb}"]}`;
  const full = subresource === '' ? resource : `${resource}/${subresource}`;
  const named = name === '' ? '' : `, ResourceNames:["${name}"]`;
  return `{APIGroups:["${apiGroup}"], Resources:["${full}"]${named}, Verbs:["${verb}"]}`;
}

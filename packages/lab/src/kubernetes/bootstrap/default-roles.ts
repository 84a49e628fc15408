import type { PolicyRule } from '../kinds.ts';
import { type BootstrapObject, bootstrapObject } from './bootstrap-object.ts';

const group = 'rbac.authorization.k8s.io';
const read = ['get', 'list', 'watch'];
const write = ['create', 'delete', 'deletecollection', 'patch', 'update'];

const namespaced: readonly PolicyRule[] = [
  {
    apiGroups: [''],
    resources: [
      'configmaps',
      'endpoints',
      'events',
      'limitranges',
      'persistentvolumeclaims',
      'persistentvolumeclaims/status',
      'pods',
      'pods/log',
      'pods/status',
      'resourcequotas',
      'resourcequotas/status',
      'serviceaccounts',
      'services',
      'services/status',
    ],
    verbs: [],
  },
  { apiGroups: [''], resources: ['namespaces'], verbs: [] },
  { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: [] },
  { apiGroups: ['apps', 'batch', 'networking.k8s.io', 'policy'], resources: ['*'], verbs: [] },
];

function rules(verbs: readonly string[]): PolicyRule[] {
  return namespaced.map((rule) => ({
    ...rule,
    verbs: rule.resources?.includes('namespaces') ? [...read] : [...verbs],
  }));
}

function clusterRole(name: string, list: readonly PolicyRule[]): BootstrapObject {
  const labels = { 'kubernetes.io/bootstrapping': 'rbac-defaults' };
  const object = bootstrapObject(
    `clusterroles.${group}`,
    `${group}/v1`,
    'ClusterRole',
    { name, labels },
    { rules: list },
  );
  return object;
}

function groupBinding(role: string, subject: string): BootstrapObject {
  const fields = {
    roleRef: { apiGroup: group, kind: 'ClusterRole', name: role },
    subjects: [{ apiGroup: group, kind: 'Group', name: subject }],
  };
  const labels = { 'kubernetes.io/bootstrapping': 'rbac-defaults' };
  return bootstrapObject(
    `clusterrolebindings.${group}`,
    `${group}/v1`,
    'ClusterRoleBinding',
    { name: role, labels },
    fields,
  );
}

/**
 * The roles that every API server makes and that users bind to: view, edit, admin, and what each authenticated user may do (discovery, asking
 * about oneself). Source: plugin/pkg/auth/authorizer/rbac/bootstrappolicy, shortened to what the lab serves.
 */
export function defaultRoles(): readonly BootstrapObject[] {
  const secrets = { apiGroups: [''], resources: ['secrets'], verbs: [...read, ...write] };
  const bindings = { apiGroups: [group], resources: ['roles', 'rolebindings'], verbs: [...read, ...write] };
  const eviction = { apiGroups: [''], resources: ['pods/eviction'], verbs: ['create'] };
  const discovery = [
    '/api',
    '/api/*',
    '/apis',
    '/apis/*',
    '/healthz',
    '/livez',
    '/openapi',
    '/openapi/*',
    '/readyz',
    '/version',
    '/version/',
  ];
  return [
    clusterRole('view', rules(read)),
    clusterRole('edit', [...rules([...read, ...write]), secrets, eviction]),
    clusterRole('admin', [...rules([...read, ...write]), secrets, eviction, bindings]),
    clusterRole('system:discovery', [{ nonResourceURLs: discovery, verbs: ['get'] }]),
    clusterRole('system:basic-user', [
      {
        apiGroups: ['authorization.k8s.io'],
        resources: ['selfsubjectaccessreviews', 'selfsubjectrulesreviews'],
        verbs: ['create'],
      },
      { apiGroups: ['authentication.k8s.io'], resources: ['selfsubjectreviews'], verbs: ['create'] },
    ]),
    groupBinding('system:discovery', 'system:authenticated'),
    groupBinding('system:basic-user', 'system:authenticated'),
  ];
}

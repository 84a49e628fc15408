import type { KubeConfig } from '@kubernetes/client-node';
import { expect } from 'vitest';
import type { Contract } from '../contract-case.ts';
import { KeptKubeConfig } from './kept-kubeconfig.ts';
import { kubernetesCase } from './kubernetes-case.ts';
import { clientsOf, type KubernetesSubject } from './kubernetes-subject.ts';
import { readRefusal, refusal } from './refusal.ts';
import type { Scratch } from './scratch.ts';
import type { WireReply } from './wire.ts';

type Rule = {
  apiGroups?: string[];
  resources?: string[];
  resourceNames?: string[];
  nonResourceURLs?: string[];
  verbs: string[];
};

const group = 'rbac.authorization.k8s.io';

/** The same cluster with a token, or with none. */
function withToken({ subject }: Scratch, token: string | undefined): KubeConfig {
  const cluster = subject.kubeconfig.getCurrentCluster();
  if (!cluster) throw new Error('the kubeconfig names no cluster');
  const config = new KeptKubeConfig();
  config.loadFromClusterAndUser(cluster, { name: 'somebody', ...(token === undefined ? {} : { token }) });
  return config;
}

/** A token of a service account of the case, made when absent. */
async function accountToken(scratch: Scratch, name: string): Promise<string> {
  const namespace = await scratch.namespace();
  const { core } = scratch.subject;
  await core.createNamespacedServiceAccount({ namespace, body: { metadata: { name } } });
  const body = { spec: { audiences: [], expirationSeconds: 3600 } };
  const { status } = await core.createNamespacedServiceAccountToken({ name, namespace, body });
  return status?.token ?? '';
}

async function grant(scratch: Scratch, account: string, rules: Rule[]): Promise<void> {
  const namespace = await scratch.namespace();
  const { rbac } = scratch.subject;
  const metadata = { name: account };
  await rbac.createNamespacedRole({ namespace, body: { metadata, rules } });
  const roleRef = { apiGroup: group, kind: 'Role', name: account };
  const subjects = [{ kind: 'ServiceAccount', name: account, namespace }];
  await rbac.createNamespacedRoleBinding({ namespace, body: { metadata, roleRef, subjects } });
}

/** Calls until it is allowed: a grant reaches the authorizer a moment after it is stored. */
async function onceAllowed<T>(scratch: Scratch, call: () => Promise<T>): Promise<T> {
  return scratch.until('the grant', async () => {
    try {
      return await call();
    } catch (error) {
      if ((error as { code?: number }).code === 403) return undefined;
      throw error;
    }
  });
}

async function as(scratch: Scratch, headers: Record<string, string>, path: string): Promise<WireReply> {
  return scratch.subject.wire({ path, headers });
}

const accounts = [
  kubernetesCase('nobody is let in without credentials, nor with wrong ones', async (scratch) => {
    const wrong = clientsOf(withToken(scratch, 'no-such-token'));
    expect(await wrong.wire({ path: '/api/v1/nodes' })).toMatchObject({
      code: 401,
      body: { kind: 'Status', reason: 'Unauthorized', code: 401 },
    });
    const nobody = clientsOf(withToken(scratch, undefined));
    expect([401, 403]).toContain((await nobody.wire({ path: '/api/v1/nodes' })).code);
    expect((await nobody.wire({ path: '/version' })).code).toBe(200);
  }),
  kubernetesCase('an account may do what its role says, in its namespace, and nothing else', async (scratch) => {
    const namespace = await scratch.namespace();
    const token = await accountToken(scratch, 'reader');
    await grant(scratch, 'reader', [{ apiGroups: [''], resources: ['pods'], verbs: ['list'] }]);
    const reader = clientsOf(withToken(scratch, token)).core;
    await onceAllowed(scratch, () => reader.listNamespacedPod({ namespace }));
    const denied = await refusal(reader.listNamespacedSecret({ namespace }));
    expect(denied).toMatchObject({
      code: 403,
      reason: 'Forbidden',
      message: `secrets is forbidden: User "system:serviceaccount:${namespace}:reader" cannot list resource "secrets" in API group "" in the namespace "${namespace}"`,
    });
    const everywhere = await refusal(reader.listPodForAllNamespaces());
    expect(everywhere.message).toContain('cannot list resource "pods" in API group "" at the cluster scope');
    const verb = await refusal(reader.readNamespacedPod({ name: 'x', namespace }));
    expect(verb.message).toMatch(/^pods "x" is forbidden: User ".*" cannot get resource "pods"/u);
  }),
  kubernetesCase('a rule may name objects, subresources and paths', async (scratch) => {
    const namespace = await scratch.namespace();
    const token = await accountToken(scratch, 'narrow');
    await grant(scratch, 'narrow', [
      { apiGroups: [''], resources: ['configmaps'], resourceNames: ['mine'], verbs: ['get'] },
      { apiGroups: [''], resources: ['pods/log'], verbs: ['get'] },
    ]);
    const narrow = clientsOf(withToken(scratch, token)).core;
    const read = (name: string) => narrow.readNamespacedConfigMap({ name, namespace });
    const mine = await onceAllowed(scratch, async () => {
      const seen = await refusal(read('mine'));
      return seen.code === 404 && seen;
    });
    expect(mine).toMatchObject({ code: 404 });
    expect((await refusal(read('theirs'))).code).toBe(403);
    expect((await refusal(narrow.readNamespacedPod({ name: 'x', namespace }))).code).toBe(403);
    expect((await refusal(narrow.readNamespacedPodLog({ name: 'x', namespace }))).code).toBe(404);
    const path = await clientsOf(withToken(scratch, token)).wire({ path: '/metrics' });
    expect(path).toMatchObject({ code: 403, body: { reason: 'Forbidden' } });
    expect((path.body as { message: string }).message).toContain('cannot get path "/metrics"');
  }),
  kubernetesCase(
    'a cluster role bound in a namespace counts there, bound in the cluster everywhere',
    async (scratch) => {
      const namespace = await scratch.namespace();
      const other = await scratch.newNamespace();
      const token = await accountToken(scratch, 'viewer');
      const { rbac } = scratch.subject;
      const name = scratch.name('role');
      const rules = [{ apiGroups: [''], resources: ['configmaps'], verbs: ['list'] }];
      await scratch.create({ apiVersion: `${group}/v1`, kind: 'ClusterRole', metadata: { name }, rules } as never);
      const roleRef = { apiGroup: group, kind: 'ClusterRole', name };
      const subjects = [{ kind: 'ServiceAccount', name: 'viewer', namespace }];
      await rbac.createNamespacedRoleBinding({ namespace, body: { metadata: { name: 'here' }, roleRef, subjects } });
      const viewer = clientsOf(withToken(scratch, token)).core;
      await onceAllowed(scratch, () => viewer.listNamespacedConfigMap({ namespace }));
      expect((await refusal(viewer.listNamespacedConfigMap({ namespace: other }))).code).toBe(403);
      const binding = { apiVersion: `${group}/v1`, kind: 'ClusterRoleBinding', metadata: { name }, roleRef, subjects };
      await scratch.create(binding as never);
      await onceAllowed(scratch, () => viewer.listNamespacedConfigMap({ namespace: other }));
    },
  ),
  kubernetesCase('the end of an account ends its tokens', async (scratch) => {
    const namespace = await scratch.namespace();
    const token = await accountToken(scratch, 'leaver');
    const leaver = clientsOf(withToken(scratch, token));
    const path = `/api/v1/namespaces/${namespace}/pods`;
    expect((await leaver.wire({ path })).code).toBe(403);
    await scratch.subject.core.deleteNamespacedServiceAccount({ name: 'leaver', namespace });
    await scratch.until('401', async () => (await leaver.wire({ path })).code === 401);
  }),
  kubernetesCase('a role that names nothing is 422, and a binding keeps its role', async (scratch) => {
    const namespace = await scratch.namespace();
    const { rbac } = scratch.subject;
    const body = { metadata: { name: 'empty' }, rules: [{ verbs: ['get'] }] };
    expect(await refusal(rbac.createNamespacedRole({ namespace, body }))).toMatchObject({ code: 422 });
    const binding = { metadata: { name: 'bound' }, roleRef: { apiGroup: group, kind: 'Role', name: 'a' } };
    await rbac.createNamespacedRoleBinding({ namespace, body: binding });
    const moved = { ...binding, roleRef: { ...binding.roleRef, name: 'b' } };
    const refused = await refusal(rbac.replaceNamespacedRoleBinding({ name: 'bound', namespace, body: moved }));
    expect(refused).toMatchObject({ code: 422, reason: 'Invalid' });
    expect(refused.message).toContain('cannot change roleRef');
  }),
  kubernetesCase('nobody grants more than they have', async (scratch) => {
    const namespace = await scratch.namespace();
    const token = await accountToken(scratch, 'climber');
    await grant(scratch, 'climber', [{ apiGroups: [group], resources: ['roles'], verbs: ['create', 'list'] }]);
    const climber = clientsOf(withToken(scratch, token)).rbac;
    await onceAllowed(scratch, () => climber.listNamespacedRole({ namespace }));
    const rules = [{ apiGroups: [''], resources: ['secrets'], verbs: ['get'] }];
    const refused = await refusal(
      climber.createNamespacedRole({ namespace, body: { metadata: { name: 'more' }, rules } }),
    );
    expect(refused).toMatchObject({ code: 403, reason: 'Forbidden' });
    expect(refused.message).toContain('attempting to grant RBAC permissions not currently held');
  }),
];

const impersonation = [
  kubernetesCase('an administrator may act as somebody else, with that one’s rights alone', async (scratch) => {
    const namespace = await scratch.namespace();
    const path = `/api/v1/namespaces/${namespace}/pods`;
    const reply = await as(scratch, { 'impersonate-user': 'contract-somebody' }, path);
    const refused = readRefusal(reply.code, reply.body);
    expect(refused).toMatchObject({ code: 403, reason: 'Forbidden' });
    expect(refused.message).toContain('User "contract-somebody" cannot list resource "pods"');
    const master = { 'impersonate-user': 'contract-somebody', 'impersonate-group': 'system:masters' };
    expect((await as(scratch, master, path)).code).toBe(200);
  }),
  kubernetesCase('who may not impersonate is refused for that', async (scratch) => {
    const token = await accountToken(scratch, 'pretender');
    const pretender = clientsOf(withToken(scratch, token));
    const reply = await pretender.wire({ path: '/api/v1/nodes', headers: { 'impersonate-user': 'admin' } });
    const refused = readRefusal(reply.code, reply.body);
    expect(refused.code).toBe(403);
    expect(refused.message).toContain('cannot impersonate resource "users"');
  }),
];

interface Review {
  readonly status: {
    readonly allowed?: boolean;
    readonly resourceRules?: readonly Rule[];
    readonly authenticated?: boolean;
    readonly user?: { readonly username: string; readonly groups: readonly string[] };
    readonly userInfo?: { readonly username: string; readonly groups: readonly string[] };
  };
}

async function review(
  scratch: Scratch,
  token: string | undefined,
  api: string,
  kind: string,
  spec: object,
): Promise<Review['status']> {
  const { wire } = token === undefined ? scratch.subject : clientsOf(withToken(scratch, token));
  const reply = await wire({
    method: 'POST',
    path: `/apis/${api}/${kind.toLowerCase()}s`,
    body: { apiVersion: api, kind, spec },
  });
  expect(reply).toMatchObject({ code: 201, body: { kind } });
  return (reply.body as Review).status;
}

const reviews = [
  kubernetesCase('an account asks what it may, and is told the truth', async (scratch) => {
    const namespace = await scratch.namespace();
    const token = await accountToken(scratch, 'asker');
    await grant(scratch, 'asker', [{ apiGroups: ['apps'], resources: ['deployments'], verbs: ['get', 'list'] }]);
    const api = 'authorization.k8s.io/v1';
    const may = async (verb: string, resource: string) => {
      const resourceAttributes = { namespace, verb, group: 'apps', resource };
      return (await review(scratch, token, api, 'SelfSubjectAccessReview', { resourceAttributes })).allowed;
    };
    await scratch.until('the grant', () => may('list', 'deployments'));
    expect(await may('delete', 'deployments')).toBe(false);
    expect(await may('list', 'statefulsets')).toBe(false);
    const rules = await review(scratch, token, api, 'SelfSubjectRulesReview', { namespace });
    expect(rules.resourceRules).toContainEqual({
      apiGroups: ['apps'],
      resources: ['deployments'],
      verbs: ['get', 'list'],
    });
    const other = {
      user: `system:serviceaccount:${namespace}:asker`,
      resourceAttributes: { namespace, verb: 'get', group: 'apps', resource: 'deployments' },
    };
    expect((await review(scratch, undefined, api, 'SubjectAccessReview', other)).allowed).toBe(true);
  }),
  kubernetesCase('a token is reviewed: whose it is, or that it is nobody’s', async (scratch) => {
    const namespace = await scratch.namespace();
    const token = await accountToken(scratch, 'known');
    const api = 'authentication.k8s.io/v1';
    const known = await review(scratch, undefined, api, 'TokenReview', { token });
    expect(known.authenticated).toBe(true);
    expect(known.user?.username).toBe(`system:serviceaccount:${namespace}:known`);
    expect(known.user?.groups).toEqual(
      expect.arrayContaining(['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated']),
    );
    const unknown = await review(scratch, undefined, api, 'TokenReview', { token: 'no-such-token' });
    expect(unknown.authenticated ?? false).toBe(false);
  }),
  kubernetesCase(
    'an account asks who it is',
    async (scratch) => {
      const namespace = await scratch.namespace();
      const token = await accountToken(scratch, 'self');
      const found = await review(scratch, token, 'authentication.k8s.io/v1', 'SelfSubjectReview', {});
      expect(found.userInfo?.username).toBe(`system:serviceaccount:${namespace}:self`);
    },
    { holds: '>=1.28' },
  ),
  kubernetesCase('a token for less than ten minutes is 422, one for an absent account 404', async (scratch) => {
    const namespace = await scratch.namespace();
    const { core } = scratch.subject;
    const ask = (name: string, expirationSeconds: number) =>
      core.createNamespacedServiceAccountToken({
        name,
        namespace,
        body: { spec: { audiences: [], expirationSeconds } },
      });
    expect(await refusal(ask('default', 60))).toMatchObject({ code: 422, reason: 'Invalid' });
    expect(await refusal(ask('absent', 3600))).toMatchObject({ code: 404, reason: 'NotFound' });
  }),
];

/** Who may do what. Source: kubernetes.io/docs/reference/access-authn-authz/rbac and /authentication. */
export const access: Contract<KubernetesSubject> = {
  port: 'Kubernetes API: access',
  cases: [...accounts, ...impersonation, ...reviews],
};

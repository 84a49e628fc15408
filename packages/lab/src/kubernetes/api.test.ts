import {
  AppsV1Api,
  CoreV1Api,
  type KubernetesObject,
  KubernetesObjectApi,
  PatchStrategy,
  PolicyV1Api,
  RbacAuthorizationV1Api,
  Watch,
} from '@kubernetes/client-node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { LabKubernetes } from './lab-cluster.ts';
import { clientOf, eventually, exampleCluster, type MemoryHost, refusal } from './testing/example-cluster.ts';

let cluster: LabKubernetes;
let host: MemoryHost;
let core: CoreV1Api;
let apps: AppsV1Api;
let objects: KubernetesObjectApi;
const namespace = 'default';

beforeAll(async () => {
  ({ cluster, host } = await exampleCluster());
  const config = clientOf(cluster);
  core = config.makeApiClient(CoreV1Api);
  apps = config.makeApiClient(AppsV1Api);
  objects = KubernetesObjectApi.makeApiClient(config);
  await eventually(async () => {
    const { items } = await core.listNamespacedServiceAccount({ namespace });
    return items.length > 0;
  });
});

afterAll(() => cluster.close());

function deployment(name: string, image = 'nginx:1.27', more: object = {}, spec: object = {}): KubernetesObject {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace },
    spec: {
      replicas: 2,
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: { containers: [{ name: 'main', image, ports: [{ containerPort: 80 }], ...more }], ...spec },
      },
    },
  } as KubernetesObject;
}

function apply(object: KubernetesObject, manager = 'vmstation', force = false): Promise<KubernetesObject> {
  return objects.patch(object, undefined, undefined, manager, force, PatchStrategy.ServerSideApply);
}

async function podsOf(app: string): Promise<Awaited<ReturnType<CoreV1Api['listNamespacedPod']>>['items']> {
  return (await core.listNamespacedPod({ namespace, labelSelector: `app=${app}` })).items;
}

test('a Deployment rolls out, and an equal apply does not raise its resourceVersion', async () => {
  await apply(deployment('web'));
  await eventually(
    async () => (await apps.readNamespacedDeployment({ name: 'web', namespace })).status?.availableReplicas === 2,
  );
  const settled = await apps.readNamespacedDeployment({ name: 'web', namespace });
  const again = await apply(deployment('web'));
  expect(again.metadata?.resourceVersion).toBe(settled.metadata?.resourceVersion);
  expect(settled.metadata?.annotations?.['deployment.kubernetes.io/revision']).toBe('1');
});

test('another manager is refused by name and field, and force takes the field', async () => {
  await apply(deployment('owned'));
  const other = deployment('owned', 'nginx:1.28');
  const refused = await refusal(apply(other, 'somebody'));
  expect(refused).toMatchObject({ code: 409, reason: 'Conflict' });
  expect(refused.message).toContain('conflict with "vmstation"');
  expect(refused.message).toContain('.spec.template.spec.containers[name="main"].image');
  const forced = await apply(other, 'somebody', true);
  const owners = forced.metadata?.managedFields
    ?.filter(({ operation }) => operation === 'Apply')
    .map(({ manager }) => manager);
  expect(owners).toEqual(expect.arrayContaining(['somebody', 'vmstation']));
});

test('a field that is no longer applied is removed', async () => {
  await apply(
    deployment('shrinks', 'nginx:1.27', {
      env: [
        { name: 'A', value: '1' },
        { name: 'B', value: '2' },
      ],
    }),
  );
  await apply(deployment('shrinks', 'nginx:1.27', { env: [{ name: 'B', value: '2' }] }));
  const live = await apps.readNamespacedDeployment({ name: 'shrinks', namespace });
  expect(live.spec?.template.spec?.containers[0]?.env).toEqual([{ name: 'B', value: '2' }]);
});

test('unknown and mistyped fields are refused with their path', async () => {
  // The client's own serializer drops what its models lack, so this goes as it would from kubectl.
  const token = /token: (\w+)/u.exec(cluster.adminKubeconfig())?.[1] ?? '';
  const raw = cluster.request({
    method: 'PATCH',
    url: `/apis/apps/v1/namespaces/${namespace}/deployments/bad?fieldManager=kubectl&fieldValidation=Strict`,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/apply-patch+yaml' },
    body: JSON.stringify(deployment('bad', 'nginx:1.27', { imagee: 'x' })),
  });
  const unknown = 'body' in raw && typeof raw.body === 'object' ? raw.body : {};
  expect(unknown.message).toContain('.spec.template.spec.containers[0].imagee: field not declared in schema');
  const strict = await refusal(
    core.createNamespacedConfigMap({
      namespace,
      fieldValidation: 'Strict',
      body: { metadata: { name: 'x' }, data: { key: 5 as unknown as string } },
    }),
  );
  expect(strict).toMatchObject({ code: 400 });
  const mismatch = deployment('mismatch');
  Object.assign((mismatch as { spec: object }).spec, { selector: { matchLabels: { app: 'other' } } });
  expect(await refusal(apply(mismatch))).toMatchObject({ code: 422, reason: 'Invalid' });
});

test('a stale update is refused, a dry run stores nothing', async () => {
  const made = await core.createNamespacedConfigMap({
    namespace,
    body: { metadata: { generateName: 'gen-' }, data: { a: '1' } },
  });
  const name = made.metadata?.name ?? '';
  await core.replaceNamespacedConfigMap({
    name,
    namespace,
    body: Object.assign(structuredClone(made), { data: { a: '2' } }),
  });
  const stale = await refusal(
    core.replaceNamespacedConfigMap({
      name,
      namespace,
      body: Object.assign(structuredClone(made), { data: { a: '3' } }),
    }),
  );
  expect(stale).toMatchObject({ code: 409, reason: 'Conflict' });
  await core.createNamespacedConfigMap({ namespace, dryRun: 'All', body: { metadata: { name: 'ghost' } } });
  expect(await refusal(core.readNamespacedConfigMap({ name: 'ghost', namespace }))).toMatchObject({
    code: 404,
    reason: 'NotFound',
  });
});

test('a watch tells of what is added, changed and deleted, and an old version is 410', async () => {
  const seen: string[] = [];
  const { metadata } = await core.listNamespacedConfigMap({ namespace });
  const watch = new Watch(clientOf(cluster));
  const controller = await watch.watch(
    `/api/v1/namespaces/${namespace}/configmaps`,
    { resourceVersion: metadata?.resourceVersion ?? '', labelSelector: 'watched=yes' },
    (type: string) => seen.push(type),
    () => undefined,
  );
  const body = { metadata: { name: 'watched', labels: { watched: 'yes' } }, data: {} };
  await core.createNamespacedConfigMap({ namespace, body });
  await core.replaceNamespacedConfigMap({ name: 'watched', namespace, body: { ...body, data: { a: '1' } } });
  await core.deleteNamespacedConfigMap({ name: 'watched', namespace });
  await eventually(async () => seen.length === 3);
  expect(seen).toEqual(['ADDED', 'MODIFIED', 'DELETED']);
  controller.abort();
});

test('eviction respects a disruption budget', async () => {
  const policy = clientOf(cluster).makeApiClient(PolicyV1Api);
  await apply(deployment('guarded'));
  await eventually(
    async () => (await apps.readNamespacedDeployment({ name: 'guarded', namespace })).status?.availableReplicas === 2,
  );
  const spec = { minAvailable: 2, selector: { matchLabels: { app: 'guarded' } } };
  await policy.createNamespacedPodDisruptionBudget({ namespace, body: { metadata: { name: 'guarded' }, spec } });
  await eventually(async () => {
    const { status } = await policy.readNamespacedPodDisruptionBudget({ name: 'guarded', namespace });
    return status?.currentHealthy === 2;
  });
  const name = (await podsOf('guarded'))[0]?.metadata?.name ?? '';
  const evict = (): Promise<unknown> =>
    core.createNamespacedPodEviction({ name, namespace, body: { metadata: { name, namespace } } });
  expect(await refusal(evict())).toMatchObject({ code: 429, reason: 'TooManyRequests' });
  await policy.deleteNamespacedPodDisruptionBudget({ name: 'guarded', namespace });
  await evict();
  await eventually(async () => !(await podsOf('guarded')).some((pod) => pod.metadata?.name === name));
});

test('a claim that waits for its consumer is bound to the volume of the node that is chosen', async () => {
  host.makeDirectory('homelab', '/srv/data', 0o755);
  await objects.create({
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name: 'local' },
    provisioner: 'kubernetes.io/no-provisioner',
    volumeBindingMode: 'WaitForFirstConsumer',
  } as KubernetesObject);
  const match = { matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: ['homelab'] }] };
  const volume = {
    capacity: { storage: '10Gi' },
    accessModes: ['ReadWriteOnce'],
    storageClassName: 'local',
    local: { path: '/srv/data' },
  };
  await core.createPersistentVolume({
    body: {
      metadata: { name: 'data' },
      spec: { ...volume, nodeAffinity: { required: { nodeSelectorTerms: [match] } } },
    },
  });
  const claim = {
    accessModes: ['ReadWriteOnce'],
    storageClassName: 'local',
    resources: { requests: { storage: '5Gi' } },
  };
  await core.createNamespacedPersistentVolumeClaim({ namespace, body: { metadata: { name: 'data' }, spec: claim } });
  const mounts = { volumeMounts: [{ name: 'data', mountPath: '/data' }] };
  await apply(
    deployment('stored', 'nginx:1.27', mounts, {
      volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }],
    }),
  );
  await eventually(
    async () => (await apps.readNamespacedDeployment({ name: 'stored', namespace })).status?.availableReplicas === 2,
  );
  expect((await podsOf('stored')).map((pod) => pod.spec?.nodeName)).toEqual(['homelab', 'homelab']);
  expect((await core.readNamespacedPersistentVolumeClaim({ name: 'data', namespace })).status?.phase).toBe('Bound');
});

test('a pod that may not write to its directory crashes, and its log says why', async () => {
  host.makeDirectory('storagenodet3500', '/srv/grafana', 0o755);
  const spec = {
    nodeSelector: { 'kubernetes.io/hostname': 'storagenodet3500' },
    securityContext: { runAsUser: 472 },
    volumes: [{ name: 'data', hostPath: { path: '/srv/grafana', type: 'Directory' } }],
  };
  await apply(
    deployment(
      'grafana',
      'grafana/grafana:12.0.0',
      { volumeMounts: [{ name: 'data', mountPath: '/var/lib/grafana' }] },
      spec,
    ),
  );
  const pod = await eventually(async () =>
    (await podsOf('grafana')).find(
      (item) => item.status?.containerStatuses?.[0]?.state?.waiting?.reason === 'CrashLoopBackOff',
    ),
  );
  const log = await core.readNamespacedPodLog({ name: pod.metadata?.name ?? '', namespace });
  expect(log).toContain('permission denied');
  expect(log).toContain('/srv/grafana on storagenodet3500 belongs to 0:0, mode 0755');
});

test('a directory that is missing keeps the pod from starting, with FailedMount', async () => {
  const spec = { volumes: [{ name: 'data', hostPath: { path: '/srv/nowhere', type: 'Directory' } }] };
  await apply(deployment('unmounted', 'nginx:1.27', { volumeMounts: [{ name: 'data', mountPath: '/data' }] }, spec));
  const event = await eventually(async () =>
    (await core.listNamespacedEvent({ namespace, fieldSelector: 'reason=FailedMount' })).items.find(({ message }) =>
      message?.includes('/srv/nowhere'),
    ),
  );
  expect(event.message).toContain('hostPath type check failed: /srv/nowhere is not a directory');
  expect((await podsOf('unmounted'))[0]?.status?.containerStatuses?.[0]?.state?.waiting?.reason).toBe(
    'ContainerCreating',
  );
});

test('a pod that no node can take says so', async () => {
  await apply(deployment('huge', 'nginx:1.27', { resources: { requests: { cpu: '64' } } }));
  const event = await eventually(async () =>
    (await core.listNamespacedEvent({ namespace, fieldSelector: 'reason=FailedScheduling' })).items.find(
      ({ involvedObject }) => involvedObject.name?.startsWith('huge'),
    ),
  );
  expect(event.message).toContain(
    '0/3 nodes are available: 1 node(s) had untolerated taint {node-role.kubernetes.io/control-plane: }, 2 Insufficient cpu.',
  );
});

test('an image that cannot be pulled is reported, and the pod recovers when the fault ends', async () => {
  const heal = cluster.faults.inject({ kind: 'image-pull', image: 'broken' });
  await apply(deployment('pulls', 'broken:1'));
  await eventually(async () =>
    (await podsOf('pulls')).some(
      (pod) => pod.status?.containerStatuses?.[0]?.state?.waiting?.reason === 'ErrImagePull',
    ),
  );
  heal();
  await eventually(
    async () => (await apps.readNamespacedDeployment({ name: 'pulls', namespace })).status?.availableReplicas === 2,
  );
});

test('ports outside the NodePort range are refused', async () => {
  const body = {
    metadata: { name: 'low' },
    spec: { type: 'NodePort', selector: { app: 'web' }, ports: [{ port: 80, nodePort: 3100 }] },
  };
  const refused = await refusal(core.createNamespacedService({ namespace, body }));
  expect(refused).toMatchObject({ code: 422 });
  expect(refused.message).toContain('The range of valid ports is 30000-32767');
});

test('a service account may do what its role says and nothing else; nobody without a token', async () => {
  const config = clientOf(cluster);
  const rbac = config.makeApiClient(RbacAuthorizationV1Api);
  await rbac.createNamespacedRole({
    namespace,
    body: { metadata: { name: 'reader' }, rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['list'] }] },
  });
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'reader' };
  const subjects = [{ kind: 'ServiceAccount', name: 'default', namespace }];
  await rbac.createNamespacedRoleBinding({ namespace, body: { metadata: { name: 'reader' }, roleRef, subjects } });
  const token = await core.createNamespacedServiceAccountToken({
    name: 'default',
    namespace,
    body: { spec: { audiences: [] } },
  });
  config.users = [{ name: 'kubernetes-admin', token: token.status?.token ?? '' }];
  const limited = config.makeApiClient(CoreV1Api);
  expect((await limited.listNamespacedPod({ namespace })).kind).toBe('PodList');
  const denied = await refusal(limited.listNamespacedSecret({ namespace }));
  expect(denied).toMatchObject({ code: 403, reason: 'Forbidden' });
  expect(denied.message).toContain('User "system:serviceaccount:default:default" cannot list resource "secrets"');
  config.users = [{ name: 'kubernetes-admin' }];
  expect(await refusal(config.makeApiClient(CoreV1Api).listNode())).toMatchObject({ code: 401 });
});

test('what an owner leaves behind is collected', async () => {
  await apply(deployment('gone'));
  await eventually(async () => (await podsOf('gone')).length === 2);
  await apps.deleteNamespacedDeployment({ name: 'gone', namespace });
  await eventually(async () => (await podsOf('gone')).length === 0);
  const { items } = await apps.listNamespacedReplicaSet({ namespace, labelSelector: 'app=gone' });
  expect(items).toEqual([]);
});

test('a StatefulSet gets its pods in order and a claim for each; an equal apply changes nothing', async () => {
  for (const name of ['disk-a', 'disk-b']) {
    const spec = { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], hostPath: { path: `/srv/${name}` } };
    await core.createPersistentVolume({ body: { metadata: { name }, spec } });
  }
  const set = {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name: 'store', namespace },
    spec: {
      serviceName: 'store',
      replicas: 2,
      selector: { matchLabels: { app: 'store' } },
      template: {
        metadata: { labels: { app: 'store' } },
        spec: {
          containers: [{ name: 'main', image: 'redis:8', volumeMounts: [{ name: 'disk', mountPath: '/data' }] }],
        },
      },
      volumeClaimTemplates: [
        {
          metadata: { name: 'disk' },
          spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
        },
      ],
    },
  } as KubernetesObject;
  await apply(set);
  const settled = await eventually(async () => {
    const live = await apps.readNamespacedStatefulSet({ name: 'store', namespace });
    return live.status?.readyReplicas === 2 && live;
  });
  expect((await podsOf('store')).map((pod) => pod.metadata?.name)).toEqual(['store-0', 'store-1']);
  const claim = await core.readNamespacedPersistentVolumeClaim({ name: 'disk-store-1', namespace });
  expect(claim.status?.phase).toBe('Bound');
  expect((await apply(set)).metadata?.resourceVersion).toBe(settled.metadata?.resourceVersion);
});

import { CoreV1Api } from '@kubernetes/client-node';
import { expect, onTestFinished, test } from 'vitest';
import { clientOf, exampleCluster, refusal } from '../testing/example-cluster.ts';

test('a quota that would not be counted is refused, not stored', async () => {
  const { cluster } = await exampleCluster();
  onTestFinished(() => cluster.close());
  const core = clientOf(cluster).makeApiClient(CoreV1Api);
  const create = (spec: object) =>
    refusal(core.createNamespacedResourceQuota({ namespace: 'default', body: { metadata: { name: 'q' }, spec } }));
  const matchExpressions = [{ scopeName: 'PriorityClass', operator: 'Exists' }];
  expect(await create({ hard: { pods: '1' }, scopeSelector: { matchExpressions } })).toMatchObject({ code: 422 });
  expect(await create({ hard: { pods: '1' }, scopes: ['CrossNamespacePodAffinity'] })).toMatchObject({ code: 422 });
});

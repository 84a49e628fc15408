import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AppsV1Api, CoreV1Api, KubeConfig } from '@kubernetes/client-node';
import { expect, test } from 'vitest';
import { openLabCluster } from './lab-cluster.ts';
import { clientOf, eventually, MemoryHost } from './testing/example-cluster.ts';

test('a cluster survives kill -9 with its objects, its identity and growing resourceVersions', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'lab-cluster-'));
  try {
    const file = join(folder, 'cluster.db');
    const module = join(import.meta.dirname, 'testing', 'example-cluster.ts');
    const script = `const { exampleCluster } = await import(${JSON.stringify(module)});
      const { cluster } = await exampleCluster(${JSON.stringify(file)});
      process.stdout.write(cluster.adminKubeconfig() + '---');
      setInterval(() => undefined, 1e6);`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let printed = '';
    child.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()));
    await eventually(async () => printed.endsWith('---'), 120_000);
    const config = new KubeConfig();
    config.loadFromString(printed.slice(0, -3));
    const core = config.makeApiClient(CoreV1Api);
    const made = await core.createNamespacedConfigMap({
      namespace: 'default',
      body: { metadata: { name: 'kept' }, data: { a: '1' } },
    });
    child.kill('SIGKILL');
    await new Promise((resolve) => child.once('exit', resolve));
    const reopened = await openLabCluster(file, { host: new MemoryHost() });
    if (!reopened) throw new Error('the file holds no cluster');
    const again = clientOf(reopened).makeApiClient(CoreV1Api);
    const kept = await again.readNamespacedConfigMap({ name: 'kept', namespace: 'default' });
    expect(kept.metadata?.uid).toBe(made.metadata?.uid);
    expect(kept.metadata?.resourceVersion).toBe(made.metadata?.resourceVersion);
    const later = await again.createNamespacedConfigMap({
      namespace: 'default',
      body: { metadata: { name: 'later' } },
    });
    expect(Number(later.metadata?.resourceVersion)).toBeGreaterThan(Number(made.metadata?.resourceVersion));
    const apps = clientOf(reopened).makeApiClient(AppsV1Api);
    await eventually(
      async () =>
        (await apps.readNamespacedDeployment({ name: 'coredns', namespace: 'kube-system' })).status
          ?.availableReplicas === 2,
    );
    await reopened.close();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('a file without a cluster opens as nothing', async () => {
  expect(await openLabCluster(':memory:', { host: new MemoryHost() })).toBeUndefined();
});

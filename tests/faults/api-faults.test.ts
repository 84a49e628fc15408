import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CoreV1Api, KubeConfig, makeInformer } from '@kubernetes/client-node';
import type { Clock, KubeObject, KubePort } from '@vmstation/core';
import {
  kubeConnector,
  type ManifestSet,
  manifestSet,
  performManifestSets,
  planManifestSets,
  refOf,
} from '@vmstation/kube';
import { createLabCluster, LabFaults, type LabKubernetes } from '@vmstation/lab';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { exampleConfig, MemoryHost } from '../../packages/lab/src/kubernetes/testing/example-cluster.ts';

// What goes wrong in the API and behind it: the Kubernetes port and the manifest sets say what it is, and go on when it ends.

const slept: number[] = [];
/** Waiting passes sixty times faster, so that patience is no matter of minutes here; what was waited is kept. */
const clock: Clock = {
  now: () => new Date(),
  sleep: (ms) => {
    slept.push(ms);
    return new Promise((resolve) => {
      setTimeout(resolve, ms / 60);
    });
  },
};

let folder: string;
let lab: LabKubernetes;
let faults: LabFaults;
let port: KubePort;
let connector: ReturnType<typeof kubeConnector>;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'api-faults-'));
  lab = await createLabCluster(exampleConfig, ':memory:', { host: new MemoryHost() });
  faults = new LabFaults({
    machine: () => undefined,
    nodes: () => exampleConfig.nodes.map(({ name }) => name),
    cluster: () => lab.faults,
  });
  const kubeconfigFile = join(folder, 'kubeconfig');
  await writeFile(kubeconfigFile, lab.adminKubeconfig());
  connector = kubeConnector({ kubeconfigFile, clock, callTimeoutMs: 2000 });
  port = await connector.connect();
  await port.waitReady([{ apiVersion: 'v1', kind: 'ServiceAccount', name: 'default', namespace: 'default' }], {
    timeoutMs: 10_000,
  });
});
beforeEach(() => {
  slept.length = 0;
});
afterEach(() => faults.clear());
afterAll(async () => {
  port.close();
  await lab.close();
  await rm(folder, { recursive: true });
});

const settings = (value: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'settings', namespace: 'default' },
  data: { value },
});
const liveValue = async (): Promise<unknown> =>
  ((await port.get(refOf(settings(''))))?.['data'] as { value?: string } | undefined)?.value;

test('an API server that is not there is named, and is found again', async () => {
  faults.onApi('down');
  await expect(port.apply([settings('down')])).rejects.toMatchObject({
    code: 'kube/unreachable',
    message: expect.stringContaining(lab.url),
    tryThis: expect.stringContaining('control plane'),
  });
  faults.clear();
  expect(await port.apply([settings('up')])).toMatchObject([{ changed: true }]);
  expect(await liveValue()).toBe('up');
});

test('an API server that is slow is waited for, one that is too slow is not', async () => {
  faults.onApi('slow', { 'latency-ms': 300 });
  expect(await port.apply([settings('slow')])).toMatchObject([{ changed: true }]);
  faults.onApi('slow', { 'latency-ms': 5000 });
  await expect(port.get(refOf(settings('')))).rejects.toMatchObject({
    code: 'kube/unreachable',
    cause: { message: 'no answer within 2 s' },
  });
});

test('who lost against another writer tries again, and says so when it goes on', async () => {
  faults.onApi('conflicts', { times: 3 });
  expect(await port.apply([settings('once more')])).toMatchObject([{ changed: true }]);
  expect(await liveValue()).toBe('once more');
  expect(faults.list()).toEqual([]);
  faults.onApi('conflicts');
  await expect(port.apply([settings('never')])).rejects.toMatchObject({
    code: 'kube/conflict',
    message: expect.stringContaining('apply ConfigMap default/settings'),
    tryThis: expect.stringContaining('who else changes this object'),
  });
  expect(await liveValue()).toBe('once more');
});

test('Retry-After is kept to, and patience has an end', async () => {
  faults.onApi('throttled', { times: 6, 'retry-after-seconds': 7 });
  expect(await port.apply([settings('throttled')])).toMatchObject([{ changed: true }]);
  expect(slept.filter((ms) => ms === 7000)).toHaveLength(6);
  faults.onApi('throttled', { 'retry-after-seconds': 20 });
  await expect(port.apply([settings('never')])).rejects.toMatchObject({
    code: 'kube/refused',
    message: expect.stringContaining('Too many requests'),
    tryThis: expect.stringContaining('overloaded'),
    retryable: true,
  });
});

test('an internal error is tried again, and is told when it stays', async () => {
  faults.onApi('errors', { times: 2 });
  expect(await port.apply([settings('errors')])).toMatchObject([{ changed: true }]);
  faults.onApi('errors');
  await expect(port.apply([settings('never')])).rejects.toMatchObject({
    code: 'kube/refused',
    message: expect.stringContaining('etcdserver: request timed out'),
  });
  faults.clear();
  expect(await liveValue()).toBe('errors');
});

const image = 'docker.io/library/nginx:1.29.3';
const web = (name: string): ManifestSet =>
  manifestSet({
    phase: 'application-stack',
    name,
    title: name,
    why: 'a test',
    node: undefined,
    needs: [],
    objects: [
      {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name, namespace: 'default' },
        spec: {
          replicas: 1,
          selector: { matchLabels: { app: name } },
          template: {
            metadata: { labels: { app: name } },
            spec: { containers: [{ name: 'web', image, resources: { requests: { cpu: '100m', memory: '64Mi' } } }] },
          },
        },
      },
    ],
  });

const planned = (set: ManifestSet) => planManifestSets([set], { kube: connector, unknownUntil: undefined });

async function perform(set: ManifestSet, timeoutMs: number, onReason?: (reason: string) => void) {
  const steps = await planned(set);
  const progress = (_step: string, text: string): void => onReason?.(text);
  const signal = new AbortController().signal;
  const [result] = await performManifestSets([set], steps, { kube: connector, progress, signal, timeoutMs });
  return result;
}

test.each([
  ['image-pull', { image: 'nginx' }, /(ImagePullBackOff|ErrImagePull)/],
  ['crash-loop', { image: 'nginx' }, /(CrashLoopBackOff|exit code 1|Error)/],
] as const)(
  '%s: the set has failed with the cluster’s own reason, and the next run completes',
  async (kind, values, reason) => {
    faults.onApi(kind, values);
    const result = await perform(web(kind), 2500);
    expect(result).toMatchObject({ outcome: 'failed', error: { code: 'kube/not-ready' } });
    expect(result?.reason).toMatch(reason);
    expect(result?.error?.tryThis).toContain('vmstation up');
    faults.clear();
    // Its pods may have become ready before the run looks.
    expect(await perform(web(kind), 30_000)).toMatchObject({ outcome: expect.stringMatching(/^(un)?changed$/) });
    expect(await planned(web(kind))).toMatchObject([{ effect: 'none' }]);
  },
);

test('without room on any node a pod stays pending, and the set says for want of what', async () => {
  for (const { name } of exampleConfig.nodes) faults.onNode(name, 'no-capacity');
  await expect
    .poll(async () => (await port.get({ apiVersion: 'v1', kind: 'Node', name: 'homelab' }))?.['status'], {
      timeout: 5000,
    })
    .toMatchObject({ capacity: { cpu: '4' }, allocatable: { cpu: '0', memory: '0' } });
  const result = await perform(web('pending'), 2500);
  expect(result).toMatchObject({ outcome: 'failed', error: { code: 'kube/not-ready' } });
  expect(result?.reason).toMatch(/not scheduled: 0\/3 nodes are available: .*Insufficient cpu/);
  faults.clear();
  expect(await perform(web('pending'), 30_000)).toMatchObject({ outcome: expect.stringMatching(/^(un)?changed$/) });
});

test('an API server that goes away while something is waited for is waited for too', async () => {
  faults.onApi('image-pull', { image: 'nginx' });
  const reasons: string[] = [];
  const waiting = perform(web('away'), 60_000, (reason) => reasons.push(reason));
  await expect.poll(() => reasons.some((reason) => reason.includes('Image'))).toBe(true);
  faults.onApi('down');
  await expect.poll(() => reasons.at(-1), { timeout: 60_000 }).toContain('does not answer');
  faults.clear();
  expect(await waiting).toMatchObject({ outcome: 'changed' });
});

test('a watch that breaks is begun again where it ended: kubectl and controllers live with it', async () => {
  faults.onApi('drops-watches', { 'after-ms': 50 });
  const kubeconfig = new KubeConfig();
  kubeconfig.loadFromString(lab.adminKubeconfig());
  const seen: string[] = [];
  const informer = makeInformer(kubeconfig, '/api/v1/namespaces/default/configmaps', () =>
    kubeconfig.makeApiClient(CoreV1Api).listNamespacedConfigMap({ namespace: 'default' }),
  );
  informer.on('error', () => void setTimeout(() => void informer.start(), 20));
  const note = (object: { data?: Record<string, string> }): number => seen.push(object.data?.['value'] ?? '');
  informer.on('add', note);
  informer.on('update', note);
  await informer.start();
  await new Promise((resolve) => setTimeout(resolve, 200));
  await port.apply([settings('after the watch broke')]);
  await expect.poll(() => seen.at(-1), { timeout: 60_000 }).toBe('after the watch broke');
  await informer.stop();
});

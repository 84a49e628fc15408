import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { KubeObject, KubePort } from '@vmstation/core';
import { kubeConnector } from '@vmstation/kube';
import { writeSecret } from '@vmstation/workspace';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type LabWorkspace, openLabWorkspace } from './lab-workspace.ts';

const clock = { now: () => new Date(), sleep: (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms)) };
const patience = 300_000;

let lab: LabWorkspace;
let kube: KubePort;

/** An application of the operator's own, whose program takes its environment from a secret and mounts a config map. */
function manifests({ token, mode }: { readonly token: string; readonly mode: string }): string {
  return `apiVersion: v1
kind: Secret
metadata: { name: token }
stringData: { token: "${token}" }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: mode }
data: { mode: ${mode} }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: reader }
spec:
  selector: { matchLabels: { app: reader } }
  template:
    metadata: { labels: { app: reader } }
    spec:
      containers:
        - name: main
          image: registry.example/reader:1
          envFrom: [{ secretRef: { name: token } }]
          volumeMounts: [{ name: mode, mountPath: /mode }]
      volumes: [{ name: mode, configMap: { name: mode } }]
`;
}

const writeReader = (values: { readonly token: string; readonly mode: string }) =>
  writeFile(join(lab.root, 'apps/reader/reader.yaml'), manifests(values));

beforeAll(async () => {
  lab = await openLabWorkspace(async (root) => {
    await mkdir(join(root, 'apps/reader'), { recursive: true });
    await writeFile(join(root, 'apps/reader/reader.yaml'), manifests({ token: '1234', mode: 'calm' }));
  });
  const { exitCode, text } = await lab.vmstation(['up', '--yes', '--to', 'application-stack']);
  if (exitCode !== 0) throw new Error(text);
  kube = await kubeConnector({ kubeconfigFile: join(lab.root, '.vmstation/kubeconfig'), clock }).connect();
}, patience);
afterAll(async () => {
  kube?.close();
  await lab?.remove();
});

/** Names and uids of the pods of an application or component that are not going. */
async function pods(namespace: string, selector: string): Promise<readonly string[]> {
  const found = await kube.list({ apiVersion: 'v1', kind: 'Pod', namespace, labelSelector: selector });
  return found
    .filter(({ metadata }) => metadata['deletionTimestamp'] === undefined)
    .map(({ metadata }) => `${metadata.name} ${String(metadata['uid'])}`)
    .toSorted();
}

const grafana = () => pods('monitoring', 'app.kubernetes.io/name=grafana');
const reader = () => pods('reader', 'app=reader');
const up = (...args: readonly string[]) =>
  lab.vmstation(['up', '--from', 'monitor-stack', '--to', 'application-stack', ...args]);

async function valueOf(namespace: string, name: string, key: string): Promise<string> {
  const secret = (await kube.get({ apiVersion: 'v1', kind: 'Secret', name, namespace })) as KubeObject;
  return Buffer.from((secret['data'] as Record<string, string>)[key] ?? '', 'base64').toString('utf8');
}

test(
  'a changed secret of monitoring restarts what reads it, and the plan says so beforehand',
  async () => {
    const before = { grafana: await grafana(), reader: await reader() };
    await writeSecret(lab.root, 'grafana-admin-password', 'another password');
    const planned = await up('--dry-run');
    expect(planned.text).toContain('grafana restarts: its secret grafana-admin changed');
    expect(planned.exitCode).toBe(2);
    expect(await grafana()).toEqual(before.grafana);
    expect((await up('--yes')).exitCode).toBe(0);
    expect(await grafana()).toHaveLength(1);
    expect(await grafana()).not.toEqual(before.grafana);
    expect(await valueOf('monitoring', 'grafana-admin', 'password')).toBe('another password');
    expect(await reader()).toEqual(before.reader);
  },
  patience,
);

test(
  'run again, nothing restarts',
  async () => {
    const before = [await grafana(), await reader()];
    const again = await up('--yes');
    expect(again.text).toContain('Nothing to change');
    expect(again.exitCode).toBe(0);
    expect([await grafana(), await reader()]).toEqual(before);
  },
  patience,
);

test.each([
  ['secret', { token: '1235', mode: 'calm' }, 'reader restarts: its secret token changed'],
  ['config map', { token: '1235', mode: 'wild' }, 'reader restarts: its config map mode changed'],
] as const)(
  'a changed %s of an application of one’s own restarts it, once',
  async (_what, values, says) => {
    const before = { grafana: await grafana(), reader: await reader() };
    await writeReader(values);
    const shown = await up('--yes');
    expect(shown.text).toContain(says);
    expect(shown.exitCode).toBe(0);
    const after = await reader();
    expect(after).toHaveLength(1);
    expect(after).not.toEqual(before.reader);
    expect(await grafana()).toEqual(before.grafana);
    expect((await up('--yes')).exitCode).toBe(0);
    expect(await reader()).toEqual(after);
  },
  patience,
);

test('the digest is of no use to somebody who can read pods but no secrets', async () => {
  const deployments = await kube.list({ apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'reader' });
  const digest = /"vmstation.io\/secrets":"([0-9a-f]+)"/.exec(JSON.stringify(deployments[0]))?.[1];
  expect(digest).toHaveLength(16);
  const key = await kube.get({
    apiVersion: 'v1',
    kind: 'Secret',
    name: 'vmstation-digest-key',
    namespace: 'kube-system',
  });
  expect(Buffer.from((key?.['data'] as Record<string, string> | undefined)?.['key'] ?? '', 'base64')).toHaveLength(32);
});

test(
  'what restarts is known also after the run was cut off between the secret and the pods',
  async () => {
    const before = await reader();
    await writeReader({ token: '9999', mode: 'wild' });
    // As a run leaves it that ends here: the new value is there, the pods run with the old one.
    const secret = (await kube.get({
      apiVersion: 'v1',
      kind: 'Secret',
      name: 'token',
      namespace: 'reader',
    })) as KubeObject;
    const {
      managedFields: _managed,
      resourceVersion: _version,
      uid: _uid,
      creationTimestamp: _at,
      ...metadata
    } = secret.metadata;
    await kube.apply([{ ...secret, metadata, data: { token: Buffer.from('9999').toString('base64') } }]);
    const shown = await up('--yes');
    expect(shown.text).toContain('reader restarts: its pods started with other values than it has now');
    expect(shown.exitCode).toBe(0);
    expect(await reader()).not.toEqual(before);
  },
  patience,
);

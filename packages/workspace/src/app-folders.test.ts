import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { initWorkspace } from './init-workspace.ts';
import { loadWorkspace, openWorkspace } from './load-workspace.ts';

let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'vmstation-apps-'));
  await initWorkspace(root, { example: true });
});

afterEach(async () => {
  await rm(root, { recursive: true, force: true });
});

async function put(path: string, content: string): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), content);
}

async function faults(): Promise<readonly string[]> {
  return ((await loadWorkspace(root)).faults ?? []).map((fault) => `${fault.file}:${fault.line} ${fault.code}`);
}

const service = `apiVersion: v1
kind: Service
metadata: { name: whoami }
spec: { type: NodePort, ports: [{ port: 80, nodePort: 30010 }] }
`;

test('a folder of manifests becomes an application with its endpoint', async () => {
  await put('apps/whoami/service.yaml', service);
  await put('apps/whoami/app.yaml', 'port: 30010\nnode: homelab\nwakes: true\ntitle: Who am I\n');
  const { cluster, apps } = await openWorkspace(root);
  expect(cluster.apps.find((app) => app.name === 'whoami')).toMatchObject({
    kind: 'folder',
    namespace: 'whoami',
    port: 30_010,
    node: 'homelab',
  });
  expect(cluster.endpoints.find((endpoint) => endpoint.name === 'whoami')).toMatchObject({
    title: 'Who am I',
    url: 'http://192.168.4.63:30010',
    phase: 'application-stack',
  });
  expect(apps).toEqual([
    { name: 'whoami', path: 'apps/whoami', manifests: [{ origin: 'apps/whoami/service.yaml', text: service }] },
  ]);
});

test('rules over the cluster name the app.yaml that breaks them', async () => {
  await put('apps/whoami/service.yaml', service.replace('30010', '30001'));
  await put('apps/whoami/app.yaml', 'port: 30001\nnode: homelab\n');
  expect(await faults()).toEqual([
    'apps/whoami/app.yaml:1 cluster-file/port-clash',
    'apps/whoami/app.yaml:2 cluster-file/always-on-service-on-sleeper',
  ]);
});

test('manifests are judged before anything is applied', async () => {
  await put('apps/empty/app.yaml', '');
  await put('apps/Upper/x.yaml', service);
  await put('apps/stray.yaml', service);
  await put('apps/jellyfin/x.yaml', service);
  await put('apps/broken/x.yaml', 'kind: [Service\n');
  await put('apps/nameless/x.yaml', 'apiVersion: v1\nkind: Service\n---\n');
  await put('apps/odd/x.yaml', '- apiVersion: v1\n');
  await put('apps/odd/y.yaml', service.replace('[{ port: 80, nodePort: 30010 }]', 'text'));
  await put('apps/twice/a.yaml', service);
  await put('apps/twice/b.yaml', service);
  await put('apps/other/app.yaml', 'port: 30011\nnamspace: x\n');
  await put('apps/other/a.yaml', service);
  await put('apps/other/chart.tgz', 'x');
  expect(await faults()).toEqual([
    'vmstation.yaml:64 cluster-file/duplicate-name',
    'apps/Upper:1 app-folder/invalid-name',
    'apps/broken/x.yaml:2 app-folder/invalid-manifest',
    'apps/empty:1 app-folder/empty',
    'apps/nameless/x.yaml:1 app-folder/invalid-manifest',
    'apps/odd/x.yaml:1 app-folder/invalid-manifest',
    'apps/other/app.yaml:2 app-folder/invalid-settings',
    'apps/other/chart.tgz:1 app-folder/refused-file',
    'apps/stray.yaml:1 app-folder/refused-file',
    'apps/twice/b.yaml:1 app-folder/invalid-manifest',
  ]);
});

test('a port that no Service publishes is told', async () => {
  await put('apps/whoami/service.yaml', service);
  await put('apps/whoami/app.yaml', 'port: 30011\n');
  const { faults: found } = await loadWorkspace(root);
  expect(found?.map((fault) => `${fault.code} ${fault.tryThis}`)).toEqual([
    'app-folder/port-mismatch Write port: 30010.',
  ]);
});

test('dashboards are JSON with a title', async () => {
  await put('dashboards/mine.json', '{"title":"Mine","panels":[]}');
  expect((await openWorkspace(root)).dashboards).toEqual([{ name: 'mine.json', text: '{"title":"Mine","panels":[]}' }]);
  await put('dashboards/broken.json', '{');
  await put('dashboards/nameless.json', '{}');
  await put('dashboards/notes.txt', '');
  expect(await faults()).toEqual([
    'dashboards/broken.json:1 dashboard/invalid',
    'dashboards/nameless.json:1 dashboard/invalid',
    'dashboards/notes.txt:1 dashboard/invalid',
  ]);
});

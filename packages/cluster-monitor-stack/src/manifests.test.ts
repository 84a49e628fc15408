import { type Cluster, exampleCluster, type KubeObject, Secret } from '@vmstation/core';
import { renderManifests } from '@vmstation/kube';
import { expect, test } from 'vitest';
import { declareMonitorStack } from './declare-monitor-stack.ts';
import { monitorSets } from './monitor-sets.ts';

const secrets = { get: async (name: string) => new Secret(`value of ${name}`) };

interface ContainerTemplate {
  readonly image: string;
  readonly readinessProbe?: object;
  readonly securityContext: {
    readonly allowPrivilegeEscalation: boolean;
    readonly readOnlyRootFilesystem: boolean;
    readonly capabilities: { readonly drop: readonly string[]; readonly add?: readonly string[] };
  };
  readonly resources: { readonly requests: object; readonly limits: object };
}

interface PodTemplate {
  readonly metadata: { readonly annotations?: Readonly<Record<string, string>> };
  readonly spec: {
    readonly nodeSelector?: Readonly<Record<string, string>>;
    readonly automountServiceAccountToken: boolean;
    readonly serviceAccountName?: string;
    readonly hostNetwork?: boolean;
    readonly hostPID?: boolean;
    readonly securityContext: { readonly runAsNonRoot?: boolean; readonly seccompProfile: { readonly type: string } };
    readonly initContainers?: readonly ContainerTemplate[];
    readonly containers: readonly ContainerTemplate[];
    readonly volumes?: readonly { readonly hostPath?: object }[];
  };
}

async function rendered(cluster: Cluster = exampleCluster(), dashboards: { name: string; text: string }[] = []) {
  return monitorSets({ workspace: { cluster, dashboards }, secrets });
}

async function templates(): Promise<readonly (readonly [string, PodTemplate])[]> {
  const sets = await rendered();
  return sets
    .flatMap((set) => set.objects)
    .filter((object) => ['Deployment', 'DaemonSet', 'StatefulSet'].includes(object.kind))
    .map((object) => [object.metadata.name, (object['spec'] as { template: PodTemplate }).template] as const);
}

function configOf(objects: readonly KubeObject[], name: string): string {
  const template = objects.find((object) => object.metadata.name === name && object.kind === 'Deployment');
  const spec = template?.['spec'] as { template: PodTemplate } | undefined;
  return spec?.template.metadata.annotations?.['vmstation.io/config'] ?? '';
}

test('the manifests of the example cluster', async () => {
  for (const set of await rendered())
    await expect(renderManifests(set.objects)).toMatchFileSnapshot(`./components/${set.name}/example.yaml`);
});

test('rendering twice gives the same bytes', async () => {
  expect(JSON.stringify(await rendered())).toBe(JSON.stringify(await rendered()));
});

test('every container is unprivileged, bounded and probed, and every exception has a written reason', async () => {
  const all = await templates();
  expect(all.length).toBe(8);
  for (const [name, { metadata, spec }] of all) {
    const exempt = (rule: string) => metadata.annotations?.[`vmstation.io/exempt-${rule}`] !== undefined;
    expect(spec.securityContext.runAsNonRoot === true || exempt('run-as-root'), `${name} runs as root`).toBe(true);
    expect(spec.securityContext.seccompProfile.type).toBe('RuntimeDefault');
    expect(spec.hostNetwork !== true || exempt('host-network'), `${name} uses the host's network`).toBe(true);
    expect(spec.hostPID !== true || exempt('host-pid'), `${name} sees the host's processes`).toBe(true);
    const onHost = spec.volumes?.some((volume) => volume.hostPath !== undefined) === true;
    expect(!onHost || exempt('host-path'), `${name} mounts paths of the host`).toBe(true);
    expect(spec.automountServiceAccountToken).toBe(spec.serviceAccountName !== undefined);
    for (const container of [...(spec.initContainers ?? []), ...spec.containers]) {
      const { capabilities, ...security } = container.securityContext;
      expect(security).toEqual({ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true });
      expect(capabilities.drop).toEqual(['ALL']);
      expect(capabilities.add === undefined || exempt('capabilities'), `${name} has capabilities`).toBe(true);
      expect(container.resources).toMatchObject({
        requests: { cpu: expect.any(String) as string, memory: expect.any(String) as string },
        limits: { memory: expect.any(String) as string },
      });
      expect(container.image).toMatch(/^[a-z0-9.-]+\/.+:v?\d/);
    }
    for (const { readinessProbe } of spec.containers)
      expect(readinessProbe, `${name} has no readiness probe`).toBeDefined();
  }
});

test('what keeps data runs on the monitoring node, on a directory that belongs to its user', async () => {
  const cluster = exampleCluster();
  const owners = new Map(
    declareMonitorStack({ cluster }).map(({ node, resource }) => {
      expect(node).toBe('masternode');
      return resource.kind === 'directory' ? [resource.path, resource.owner] : [];
    }) as [string, string][],
  );
  const sets = await rendered(cluster);
  const volumes = sets.flatMap((set) =>
    set.objects.filter((object) => object.kind === 'PersistentVolume').map((object) => ({ set, object })),
  );
  expect(volumes.length).toBe(4);
  for (const { set, object } of volumes) {
    const path = (object['spec'] as { local: { path: string } }).local.path;
    const pod = set.objects.find(({ kind }) => kind === 'Deployment')?.['spec'] as {
      template: { spec: { securityContext: { runAsUser: number }; nodeSelector: object } };
    };
    expect(owners.get(path)).toBe(String(pod.template.spec.securityContext.runAsUser));
    expect(pod.template.spec.nodeSelector).toEqual({ 'kubernetes.io/hostname': 'masternode' });
  }
});

test('Grafana’s database is told the password of the secret before every start, and no argument holds it', async () => {
  const [, grafana] = (await templates()).find(([name]) => name === 'grafana') ?? [];
  expect(grafana?.spec.initContainers).toMatchObject([
    {
      name: 'admin-password',
      image: grafana?.spec.containers[0]?.image,
      command: [
        'sh',
        '-c',
        'if [ -e /var/lib/grafana/grafana.db ]; then grafana cli --homepath /usr/share/grafana admin reset-admin-password --password-from-stdin </etc/grafana-admin/password; fi',
      ],
    },
  ]);
});

test('secrets stand in Secret objects and nowhere else', async () => {
  const objects = (await rendered()).flatMap((set) => set.objects);
  const others = JSON.stringify(objects.filter((object) => object.kind !== 'Secret'));
  expect(others).not.toMatch(/value of|dmFsdWUgb2/);
  expect(objects.filter((object) => object.kind === 'Secret').map(({ metadata }) => metadata.name)).toEqual([
    'alertmanager-notifiers',
    'ipmi-exporter-config',
    'grafana-admin',
  ]);
});

test('a change of configuration rolls the pods that read it, and no others', async () => {
  const cluster = exampleCluster();
  const { monitoring } = cluster;
  const longer = { ...cluster, monitoring: { ...monitoring, loki: { ...monitoring.loki, keepDays: 60 } } };
  const before = (await rendered(cluster)).flatMap((set) => set.objects);
  const after = (await rendered(longer)).flatMap((set) => set.objects);
  expect(configOf(after, 'loki')).not.toBe(configOf(before, 'loki'));
  expect(configOf(after, 'prometheus')).toBe(configOf(before, 'prometheus'));
});

test('without a management controller there is no ipmi-exporter', async () => {
  const cluster = exampleCluster();
  const nodes = cluster.nodes.map((node) => ({
    ...node,
    power: { ...node.power, driver: { kind: 'wake-on-lan' } as const },
  }));
  const sets = await rendered({ ...cluster, nodes });
  expect(sets.map((set) => set.name)).not.toContain('ipmi-exporter');
  expect(renderManifests(sets.flatMap((set) => set.objects))).not.toContain('ipmi-exporter.');
});

test('a dashboard of the workspace replaces ours of the same uid; a faulty one blocks Grafana alone', async () => {
  const own = await rendered(undefined, [{ name: 'my-fleet.json', text: '{"uid":"vmstation-fleet","title":"Mine"}' }]);
  const maps = own
    .flatMap((set) => set.objects)
    .filter((object) => object.metadata.name.startsWith('grafana-dashboard-'));
  expect(maps.map((map) => map.metadata.name)).toEqual([
    'grafana-dashboard-vmstation-node',
    'grafana-dashboard-vmstation-logs',
    'grafana-dashboard-my-fleet',
  ]);
  const faulty = await rendered(undefined, [{ name: 'broken.json', text: '{' }]);
  const blocked = faulty.filter((set) => set.blockedBy !== undefined);
  expect(blocked.map((set) => set.name)).toEqual(['grafana']);
  expect(blocked[0]?.blockedBy).toMatchObject({ code: 'monitoring/bad-dashboard' });
});

import type { AppFolderEntry } from './app-folder-file.ts';
import type { Cluster, ClusterApp, Endpoint } from './cluster.ts';
import { appKinds } from './derived.ts';

type Unpublished = Omit<Cluster, 'endpoints'>;

/**
 * Everything of the model that answers at an address, and where. NodePorts and the API are on the control plane's address
 * (every node carries them, but only that one is always on); Loki is a port of the monitoring node itself.
 */
export function resolveEndpoints(model: Unpublished, appFolders: readonly AppFolderEntry[]): readonly Endpoint[] {
  const front = model.nodes.find((node) => node.roles.includes('control-plane'));
  const monitor = model.nodes.find((node) => node.name === model.monitoring.node);
  if (front === undefined || monitor === undefined) throw new Error('the model has no control plane');
  const { monitoring } = model;
  const monitored = (name: string, title: string, port: number, path: string): Endpoint =>
    endpoint({ name, title, address: front.address, port, node: monitor.name, phase: 'monitor-stack' }, 'http', path);
  const api = { name: 'kubernetes-api', title: 'Kubernetes API', address: front.address, port: 6443, node: front.name };
  const loki = {
    name: 'loki',
    title: 'Loki',
    address: monitor.address,
    port: monitoring.loki.port,
    node: monitor.name,
  };
  return [
    endpoint({ ...api, phase: 'infra' }, 'kubernetes', '/readyz'),
    monitored('grafana', 'Grafana', monitoring.grafana.port, '/api/health'),
    monitored('prometheus', 'Prometheus', monitoring.prometheus.port, '/-/ready'),
    monitored('alertmanager', 'Alertmanager', monitoring.alertmanager.port, '/-/ready'),
    endpoint({ ...loki, phase: 'monitor-stack' }, 'http', '/ready'),
    ...model.apps.flatMap((app) => appEndpoint(app, front.address, appFolders)),
  ];
}

function appEndpoint(app: ClusterApp, address: string, appFolders: readonly AppFolderEntry[]): readonly Endpoint[] {
  if (app.port === undefined) return [];
  const place = { name: app.name, address, port: app.port, node: app.node, phase: 'application-stack' as const };
  if (app.kind === 'folder') {
    const settings = appFolders.find((folder) => folder.name === app.name)?.settings;
    const probe = settings?.probe ?? { kind: 'http' as const, path: '/' };
    return [endpoint({ ...place, title: settings?.title ?? app.name }, probe.kind, probe.path)];
  }
  const { title, probe } = appKinds[app.kind];
  return [endpoint({ ...place, title: app.name === app.kind ? title : `${title} (${app.name})` }, probe, '/health')];
}

function endpoint(place: Omit<Endpoint, 'url' | 'probe'>, kind: Endpoint['probe']['kind'], path: string): Endpoint {
  const scheme = kind === 'kubernetes' ? 'https' : kind;
  return {
    ...place,
    url: `${scheme}://${place.address}:${place.port}`,
    probe: { kind, path: kind === 'tcp' ? '' : path },
  };
}

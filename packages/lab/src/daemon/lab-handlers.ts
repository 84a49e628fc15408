import { clusterConfigOf, leaveTraces, refuseDifference } from '../installer/installed-cluster.ts';
import type { LabHandlers } from './control-server.ts';
import type { LabNode } from './lab-node.ts';
import type { ClusterOrder, LabEndpoint, LabStatus } from './lab-protocol.ts';
import { readReadiness } from './node-readiness.ts';
import type { RunningLab } from './run-lab-daemon.ts';

/** What a running lab answers at its control socket. */
export function labHandlers(lab: RunningLab): LabHandlers {
  return {
    status: async () => statusOf(lab),
    stop: async () => {
      // What is in memory only would be lost.
      lab.requireKept();
      setImmediate(() => void lab.stop());
      return {};
    },
    counters: async () => ({
      machines: Object.fromEntries([...lab.nodes].map(([name, node]) => [name, node.machine.writes])),
      api: lab.cluster?.writes() ?? {},
    }),
    'node.readiness': async ({ node }) => readReadiness(lab.node(node).machine),
    'node.power': async ({ node, order }) => {
      const found = lab.node(node);
      if (order !== undefined) await found.order(order);
      return powerReading(found);
    },
    'fault.set': async ({ on, kind, words }) => {
      const fault = lab.faults.set(on, kind, words);
      await lab.faultsSettled();
      return { fault };
    },
    'fault.clear': async ({ on, kind }) => {
      const cleared = lab.faults.clear(on, kind);
      await lab.faultsSettled();
      return { cleared };
    },
    'fault.list': async () => ({ faults: lab.faults.list() }),
    'node.snapshot': async ({ node }) => {
      lab.node(node).snapshot();
      return { snapshot: node };
    },
    'node.restore': async ({ node, discard }) => {
      if (discard === true) lab.node(node).discardSnapshot();
      else await lab.node(node).restore();
      lab.faults.reapply();
      return {};
    },
    'cluster.create': async ({ order }) => createCluster(lab, order),
  };
}

function statusOf(lab: RunningLab): LabStatus {
  const { cluster } = lab;
  return {
    provider: 'embedded',
    pid: process.pid,
    startedAt: lab.startedAt.toISOString(),
    nodes: [...lab.nodes.values()].map((node) => node.status()),
    cluster: cluster === undefined ? undefined : { version: `v${cluster.config.version}`, server: cluster.server },
    endpoints: endpointsOf(lab),
    notes: [],
    ...notKept(lab),
  };
}

function notKept({ kept }: RunningLab): Pick<LabStatus, 'notKept'> {
  const { trouble } = kept;
  if (trouble === undefined) return {};
  const { message, tryThis = '' } = trouble.error;
  return { notKept: { since: trouble.since.toISOString(), message, tryThis } };
}

/** Endpoints of the model that something publishes now, with the loopback port that answers. */
function endpointsOf(lab: RunningLab): readonly LabEndpoint[] {
  const { cluster, model } = lab;
  if (cluster === undefined) return [];
  return model.endpoints.flatMap(({ name, url, address, port }) => {
    const node = model.nodes.find((candidate) => candidate.address === address);
    const api = `https://127.0.0.1:${port}` === cluster.server ? port : undefined;
    const loopbackPort = api ?? loopbackOf(lab, node?.name ?? '', port);
    if (loopbackPort === undefined) return [];
    const target = new URL(url);
    target.hostname = '127.0.0.1';
    target.port = String(loopbackPort);
    return [{ name, model: url, address, port, loopbackPort, loopback: target.href }];
  });
}

function loopbackOf({ cluster }: RunningLab, node: string, port: number): number | undefined {
  const controlPlane = cluster?.config.nodes.find((member) => member.roles.includes('control-plane'));
  if (port === 6443 && controlPlane?.name === node) return Number(new URL(cluster?.server ?? '').port);
  return cluster?.loopbackPortOf(node, port);
}

function powerReading(node: LabNode): Awaited<ReturnType<LabHandlers['node.power']>> {
  const { power, since } = node.status();
  if (power === 'on') return { power, state: 'awake', evidence: 'lab: on', since: new Date(since) };
  return { power, state: 'asleep', evidence: `lab: ${power} since ${since}`, since: new Date(since) };
}

async function createCluster(
  lab: RunningLab,
  order: ClusterOrder,
): Promise<{ readonly changed: boolean; readonly kubeconfig: string }> {
  const config = clusterConfigOf((name) => lab.node(name).machine, order);
  const { cluster } = lab;
  if (cluster !== undefined) {
    refuseDifference(cluster.config, config);
    return { changed: false, kubeconfig: cluster.kubeconfig };
  }
  const made = await lab.makeCluster(config);
  for (const { name, roles } of config.nodes) {
    leaveTraces(lab.node(name).machine, roles, made.kubeconfig);
    lab.node(name).save();
  }
  lab.log(`Kubernetes v${config.version} was installed`);
  return { changed: true, kubeconfig: made.kubeconfig };
}

import { appPortOf } from '../derived.ts';
import { type DocumentPath, type Fault, formatPath } from '../fault.ts';
import { fault, type Rule, type RuleInput } from './rule.ts';

/** Kubernetes' default range of NodePorts. */
export const nodePortRange = { from: 30_000, to: 32_767 } as const;

/** Ports of a node that something else has already. */
const takenHostPorts: Readonly<Record<number, string>> = {
  22: 'SSH',
  111: 'the port mapper of NFS',
  123: 'the time service',
  179: 'BGP',
  514: 'the syslog server',
  2049: 'NFS',
  2379: 'etcd',
  2380: 'etcd',
  6443: 'the Kubernetes API',
  9100: 'node-exporter',
  9290: 'ipmi-exporter',
  10_248: 'kubelet',
  10_249: 'kube-proxy',
  10_250: 'kubelet',
  10_256: 'kube-proxy',
  10_257: 'the controller manager',
  10_259: 'the scheduler',
  20_514: 'the syslog server',
};

interface PortUse {
  readonly title: string;
  readonly port: number;
  readonly path: DocumentPath;
  readonly document?: string;
}

function nodePorts({ file, appFolders }: RuleInput): readonly PortUse[] {
  const { monitoring } = file;
  const monitored = [
    ['prometheus', 'Prometheus', monitoring.prometheus.port],
    ['alertmanager', 'Alertmanager', monitoring.alertmanager.port],
    ['grafana', 'Grafana', monitoring.grafana.port],
  ] as const;
  const uses: PortUse[] = monitored.map(([key, title, port]) => ({ title, port, path: ['monitoring', key, 'port'] }));
  for (const [name, app] of Object.entries(file.apps)) {
    const port = appPortOf(name, app);
    if (port !== undefined) uses.push({ title: `The application ${name}`, port, path: ['apps', name, 'port'] });
  }
  for (const { name, settings, origin } of appFolders) {
    if (settings.port === undefined) continue;
    uses.push({ title: `The application ${name}`, port: settings.port, path: ['port'], document: origin });
  }
  return uses;
}

/** What Kubernetes publishes stands in the range of NodePorts; what the host publishes stands outside it. */
export const portsAreInTheirRange: Rule = (input) => {
  const range = `${nodePortRange.from}-${nodePortRange.to}`;
  const inside = (port: number): boolean => port >= nodePortRange.from && port <= nodePortRange.to;
  const faults: Fault[] = nodePorts(input)
    .filter((use) => !inside(use.port))
    .map((use) =>
      fault(
        'cluster-file/port-out-of-range',
        use.path,
        `${use.title} has the port ${use.port}, outside the NodePort range ${range}.`,
        `Choose a port of ${range}.`,
        use.document === undefined ? {} : { document: use.document },
      ),
    );
  const loki = input.file.monitoring.loki.port;
  const path = ['monitoring', 'loki', 'port'];
  if (inside(loki)) {
    const message = `Loki has the port ${loki}; it is a port of the host, and ${range} belongs to Kubernetes’ NodePorts.`;
    faults.push(
      fault('cluster-file/port-out-of-range', path, message, 'Choose a port outside that range, such as 3100.'),
    );
  }
  const owner = takenHostPorts[loki];
  if (owner !== undefined) {
    const message = `Loki has the port ${loki}, which is that of ${owner} on the same machine.`;
    faults.push(fault('cluster-file/port-clash', path, message, 'Choose another port, such as 3100.'));
  }
  return faults;
};

/** A NodePort is open on every node, so it can be given once. */
export const portsAreUnique: Rule = (input) => {
  const firsts = new Map<number, PortUse>();
  return nodePorts(input).flatMap((use) => {
    const first = firsts.get(use.port);
    if (first === undefined) {
      firsts.set(use.port, use);
      return [];
    }
    const sameDocument = first.document === use.document;
    return [
      fault(
        'cluster-file/port-clash',
        use.path,
        `${use.title} has the port ${use.port}, which ${first.document ?? formatPath(first.path)} has already.`,
        `Choose a free port, such as ${freePort(input)}.`,
        {
          ...(use.document === undefined ? {} : { document: use.document }),
          ...(sameDocument ? { related: first.path } : {}),
        },
      ),
    ];
  });
};

function freePort(input: RuleInput): number {
  const taken = new Set(nodePorts(input).map((use) => use.port));
  let port: number = nodePortRange.from + 10;
  while (taken.has(port)) port += 1;
  return port;
}

import { X509Certificate } from 'node:crypto';
import type { InProcessLab } from '../composition/in-process-lab.ts';
import { runAtConsole } from '../machine/console.ts';
import { ScenarioFailure } from './scenario-failure.ts';
import type { ScenarioView } from './scenario-statement.ts';

/** Where the API lists what a view shows. */
const paths: Readonly<Partial<Record<ScenarioView, { readonly prefix: string; readonly plural: string }>>> = {
  nodes: { prefix: '/api/v1', plural: 'nodes' },
  pods: { prefix: '/api/v1', plural: 'pods' },
  events: { prefix: '/api/v1', plural: 'events' },
  deployments: { prefix: '/apis/apps/v1', plural: 'deployments' },
  cronjobs: { prefix: '/apis/batch/v1', plural: 'cronjobs' },
  jobs: { prefix: '/apis/batch/v1', plural: 'jobs' },
  leases: { prefix: '/apis/coordination.k8s.io/v1', plural: 'leases' },
};

interface TableReply {
  readonly columnDefinitions: readonly { readonly name: string; readonly priority: number }[];
  readonly rows: readonly {
    readonly cells: readonly (string | number | null)[];
    readonly object?: { readonly metadata: { readonly namespace?: string } };
  }[];
}

/** Lines of a view. Objects of the cluster are shown with the columns that its API gives kubectl. Throws ScenarioFailure. */
export async function showView(
  lab: InProcessLab,
  view: ScenarioView,
  words: readonly string[],
): Promise<readonly string[]> {
  const [first] = words;
  if (view === 'power') return showPower(lab);
  if (view === 'faults') return showFaults(lab);
  if (view === 'certificates') return showCertificates(lab);
  if (view === 'timers') return showTimers(lab, first ?? '');
  return showObjects(lab, view, first);
}

function showObjects(lab: InProcessLab, view: ScenarioView, namespace: string | undefined): readonly string[] {
  const place = paths[view];
  const { cluster } = lab;
  if (cluster === undefined || place === undefined) throw new ScenarioFailure('there is no cluster yet');
  const within = namespace === undefined ? '' : `/namespaces/${namespace}`;
  const authorization = `Bearer ${/token: (\w+)/.exec(cluster.adminKubeconfig())?.[1] ?? ''}`;
  const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io';
  const url = `${place.prefix}${within}/${place.plural}`;
  const reply = cluster.request({ method: 'GET', url, headers: { authorization, accept }, body: '' });
  if (!('body' in reply) || typeof reply.body === 'string' || reply.code !== 200)
    throw new ScenarioFailure(`the API answered ${reply.code}`);
  const table = reply.body as unknown as TableReply;
  if (table.rows.length === 0) return ['none'];
  const shown = table.columnDefinitions.flatMap(({ priority }, index) => (priority === 0 ? [index] : []));
  const named = namespace === undefined && table.rows.some(({ object }) => object?.metadata.namespace !== undefined);
  const rows = [
    [...(named ? ['NAMESPACE'] : []), ...shown.map((at) => (table.columnDefinitions[at]?.name ?? '').toUpperCase())],
    ...table.rows.map(({ cells, object }) => [
      ...(named ? [object?.metadata.namespace ?? ''] : []),
      ...shown.map((index) => String(cells[index] ?? '')),
    ]),
  ];
  return aligned(rows);
}

async function showPower(lab: InProcessLab): Promise<readonly string[]> {
  const readings = await Promise.all(
    lab.machines.names.map(async (node) => {
      const { since } = await lab.power.read(node);
      return [node, lab.machines.get(node).power, `since ${since?.toISOString().slice(0, 19) ?? ''}`];
    }),
  );
  return aligned(readings);
}

function showFaults(lab: InProcessLab): readonly string[] {
  const rows = lab.faults.list().map((fault) => {
    const values = Object.entries(fault.values).map(([name, value]) => `${name}=${value}`);
    return [fault.on === 'node' ? fault.node : 'api', fault.kind, values.join(' ')];
  });
  return rows.length === 0 ? ['none'] : aligned(rows);
}

function showCertificates(lab: InProcessLab): readonly string[] {
  const { cluster, clock } = lab;
  if (cluster === undefined) throw new ScenarioFailure('there is no cluster yet');
  const dayMs = 86_400_000;
  const rows = [cluster.ca, cluster.certificate].map((pem) => {
    const { subject, validFrom, validTo } = new X509Certificate(pem);
    const ageDays = Math.floor((clock.now() - Date.parse(validFrom)) / dayMs);
    const leftDays = Math.floor((Date.parse(validTo) - clock.now()) / dayMs);
    return [subject.replaceAll('\n', ','), `${ageDays} d old`, `${leftDays} d left`];
  });
  return aligned(rows);
}

async function showTimers(lab: InProcessLab, node: string): Promise<readonly string[]> {
  const command = { argv: ['systemctl', 'list-timers', '--all', '--no-pager'] };
  const { stdout } = await runAtConsole(lab.machines.get(node), command);
  return textLines(new TextDecoder().decode(stdout));
}

/** Text as lines, without empty ones at its end. */
export function textLines(text: string): readonly string[] {
  const trimmed = text.trimEnd();
  return trimmed === '' ? [] : trimmed.split('\n').map((line) => line.trimEnd());
}

function aligned(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('   ')
      .trimEnd(),
  );
}

import type { ContainerStatus, Pod } from '../kinds.ts';
import { age } from './age.ts';
import { ageColumn, type ColumnTable, nameColumn } from './column.ts';

function isReady(pod: Pod): boolean {
  return pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;
}

function containerReason(status: ContainerStatus): string | undefined {
  if (status.state?.waiting?.reason) return status.state.waiting.reason;
  const terminated = status.state?.terminated;
  if (!terminated) return undefined;
  if (terminated.reason) return terminated.reason;
  return terminated.signal ? `Signal:${terminated.signal}` : `ExitCode:${terminated.exitCode}`;
}

function initReason(pod: Pod): string | undefined {
  const statuses = pod.status?.initContainerStatuses ?? [];
  for (const [index, status] of statuses.entries()) {
    if (status.state?.terminated?.exitCode === 0) continue;
    const reason = containerReason(status);
    if (reason && reason !== 'PodInitializing') return `Init:${reason}`;
    return `Init:${index}/${pod.spec?.initContainers?.length ?? 0}`;
  }
  return undefined;
}

/** The word kubectl prints under STATUS. */
export function podStatusText(pod: Pod): string {
  let reason = pod.status?.reason || pod.status?.phase || '';
  const init = initReason(pod);
  if (init) reason = init;
  else {
    let hasRunning = false;
    for (const status of (pod.status?.containerStatuses ?? []).toReversed()) {
      const found = containerReason(status);
      if (found) reason = found;
      else if (status.ready && status.state?.running) hasRunning = true;
    }
    if (reason === 'Completed' && hasRunning) reason = isReady(pod) ? 'Running' : 'NotReady';
  }
  if (!pod.metadata.deletionTimestamp) return reason;
  return pod.status?.reason === 'NodeLost' ? 'Unknown' : 'Terminating';
}

function restartsText(pod: Pod, nowMs: number): string {
  const statuses = pod.status?.containerStatuses ?? [];
  const restarts = statuses.reduce((sum, status) => sum + status.restartCount, 0);
  const last = statuses
    .map((status) => status.lastState?.terminated?.finishedAt ?? '')
    .toSorted()
    .at(-1);
  return restarts > 0 && last ? `${restarts} (${age(last, nowMs)} ago)` : String(restarts);
}

function readyText(pod: Pod): string {
  const ready = (pod.status?.containerStatuses ?? []).filter((status) => status.ready && status.state?.running).length;
  return `${ready}/${pod.spec?.containers.length ?? 0}`;
}

export const podColumns: ColumnTable = {
  pods: [
    nameColumn,
    { name: 'Ready', cell: readyText },
    { name: 'Status', cell: podStatusText },
    { name: 'Restarts', cell: restartsText },
    ageColumn,
    { name: 'IP', wide: true, cell: (pod) => pod.status?.podIP ?? '<none>' },
    { name: 'Node', wide: true, cell: (pod) => pod.spec?.nodeName ?? '<none>' },
    { name: 'Nominated Node', wide: true, cell: (pod) => pod.status?.nominatedNodeName ?? '<none>' },
    {
      name: 'Readiness Gates',
      wide: true,
      cell: (pod) => {
        const gates = pod.spec?.readinessGates ?? [];
        const met = gates.filter((gate) =>
          pod.status?.conditions?.some(({ type, status }) => type === gate.conditionType && status === 'True'),
        );
        return gates.length === 0 ? '<none>' : `${met.length}/${gates.length}`;
      },
    },
  ],
};

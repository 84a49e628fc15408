import type { Pod } from '../kinds.ts';
import type { ApiObjects } from '../registry/api-objects.ts';
import { badRequest } from '../status-error.ts';
import type { ApiRequest, ApiResponse } from './api-request.ts';

/** One line that a container's stand-in wrote. */
export interface LogLine {
  readonly atMs: number;
  readonly text: string;
}

/** Where the logs of containers are: the kubelets. */
export interface LogSource {
  /** Lines of a container's present (or previous) run, oldest first. */
  lines(pod: Pod, container: string, previous: boolean): readonly LogLine[];
  /** Hears of every further line of the present run; returns what ends that. */
  follow(pod: Pod, container: string, onLine: (line: LogLine) => void, onEnd: () => void): () => void;
}

/** Answers `pods/NAME/log`. Throws 400 when the container is unknown or has not started. */
export function podLog(api: ApiObjects, logs: LogSource, request: ApiRequest): ApiResponse {
  const { info, query } = request;
  const pod = api.mustGet('pods', info.namespace, info.name);
  const container = containerOf(pod, query.get('container') ?? '');
  const previous = query.get('previous') === 'true';
  refuseUnstarted(pod, container, previous);
  const asText = (line: LogLine): string =>
    query.get('timestamps') === 'true' ? `${new Date(line.atMs).toISOString()} ${line.text}\n` : `${line.text}\n`;
  const wanted = selectLines(logs.lines(pod, container, previous), query, api.clock.now());
  const text = wanted.map(asText).join('');
  if (query.get('follow') !== 'true') return { code: 200, body: text, contentType: 'text/plain' };
  return {
    code: 200,
    contentType: 'text/plain',
    open: (sink) => {
      sink.write(text);
      return logs.follow(
        pod,
        container,
        (line) => sink.write(asText(line)),
        () => sink.end(),
      );
    },
  };
}

function containerOf(pod: Pod, asked: string): string {
  const containers = (pod.spec?.containers ?? []).map(({ name }) => name);
  const all = [...containers, ...(pod.spec?.initContainers ?? []).map(({ name }) => name)];
  const { name } = pod.metadata;
  if (asked === '') {
    if (containers.length === 1) return containers[0] ?? '';
    throw badRequest(`a container name must be specified for pod ${name}, choose one of: [${containers.join(' ')}]`);
  }
  if (all.includes(asked)) return asked;
  throw badRequest(`container ${asked} is not valid for pod ${name}`);
}

function refuseUnstarted(pod: Pod, container: string, previous: boolean): void {
  const statuses = [...(pod.status?.containerStatuses ?? []), ...(pod.status?.initContainerStatuses ?? [])];
  const status = statuses.find(({ name }) => name === container);
  const { name } = pod.metadata;
  if (previous && !status?.lastState?.terminated) {
    throw badRequest(`previous terminated container "${container}" in pod "${name}" not found`);
  }
  if (!pod.spec?.nodeName) throw badRequest(`pod ${name} does not have a host assigned`);
  const waiting = status?.state?.waiting;
  const neverRan = !status || (waiting && !status.lastState?.terminated);
  if (neverRan && !previous) {
    throw badRequest(
      `container "${container}" in pod "${name}" is waiting to start: ${describeWaiting(waiting?.reason, waiting?.message)}`,
    );
  }
}

function describeWaiting(reason = 'ContainerCreating', message = ''): string {
  return reason === 'ImagePullBackOff' || reason === 'ErrImagePull'
    ? `trying and failing to pull image`
    : message && reason === ''
      ? message
      : reason;
}

function selectLines(lines: readonly LogLine[], query: URLSearchParams, nowMs: number): readonly LogLine[] {
  let selected = lines;
  const sinceSeconds = Number(query.get('sinceSeconds') ?? 0);
  const since = sinceSeconds > 0 ? nowMs - sinceSeconds * 1000 : Date.parse(query.get('sinceTime') ?? '');
  if (!Number.isNaN(since)) selected = selected.filter((line) => line.atMs >= since);
  const tail = query.get('tailLines');
  return tail === null ? selected : selected.slice(Math.max(0, selected.length - Number(tail)));
}

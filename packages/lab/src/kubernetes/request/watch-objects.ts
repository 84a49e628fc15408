import type { JsonObject } from '../json.ts';
import type { KubeObject } from '../kinds.ts';
import type { ApiObjects } from '../registry/api-objects.ts';
import { apiVersionOf, type ResourceDefinition } from '../resources.ts';
import { badRequest, forbiddenField, StatusError } from '../status-error.ts';
import type { StoreEvent } from '../storage/object-store.ts';
import type { ApiRequest, ApiResponse, StreamSink } from './api-request.ts';
import { type PresentContext, presentObject } from './present.ts';
import { filterOf, integerOption, presentContext } from './read-objects.ts';
import { invalidOption } from './request-options.ts';
import type { ObjectFilter } from './selectors.ts';

const bookmarkEveryMs = 60_000;
const longestWatchMs = 30 * 60_000;

interface WatchPlan {
  readonly context: PresentContext;
  readonly filter: ObjectFilter;
  /** Objects to show first, as ADDED. */
  readonly initial: readonly KubeObject[];
  /** Changes since the version the client has. */
  readonly missed: readonly StoreEvent[];
  readonly bookmarks: boolean;
  readonly announceInitialEnd: boolean;
  readonly timeoutMs: number;
}

/**
 * Answers a watch: what the client missed since its resourceVersion, then every change, with bookmarks. A version that is
 * too old is told in the stream, by the event ERROR with the Status 410, as a server with a watch cache does.
 */
export function watchObjects(api: ApiObjects, request: ApiRequest, definition: ResourceDefinition): ApiResponse {
  try {
    const plan = planWatch(api, request, definition);
    return { code: 200, open: (sink) => runWatch(api, definition, plan, sink) };
  } catch (error) {
    if (!(error instanceof StatusError) || error.code !== 410) throw error;
    return { code: 200, open: (sink) => endWithError(sink, error) };
  }
}

function endWithError(sink: StreamSink, error: StatusError): () => void {
  queueMicrotask(() => {
    sink.write(watchError(error));
    sink.end();
  });
  return () => undefined;
}

function planWatch(api: ApiObjects, request: ApiRequest, definition: ResourceDefinition): WatchPlan {
  const { query } = request;
  const from = query.get('resourceVersion') ?? '';
  const sendInitial = query.get('sendInitialEvents');
  if (sendInitial === 'true' && query.get('resourceVersionMatch') !== 'NotOlderThan') {
    throw invalidOption(
      'ListOptions',
      forbiddenField('resourceVersionMatch', 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan'),
    );
  }
  const isFresh = from === '' || from === '0' || sendInitial === 'true';
  const filter = filterOf(request, definition);
  const asked = integerOption(query, 'timeoutSeconds') * 1000;
  return {
    context: presentContext(request, definition, api),
    filter,
    initial: isFresh && sendInitial !== 'false' ? (api.store.list(definition.name) as KubeObject[]).filter(filter) : [],
    missed: isFresh ? [] : api.store.since(definition.name, versionNumber(from)),
    bookmarks: query.get('allowWatchBookmarks') === 'true' || query.get('allowWatchBookmarks') === '1',
    announceInitialEnd: sendInitial === 'true',
    timeoutMs: asked > 0 ? asked : longestWatchMs,
  };
}

function versionNumber(text: string): number {
  const version = Number(text);
  if (!Number.isInteger(version)) throw badRequest(`Invalid value: "${text}": resourceVersion`);
  return version;
}

function runWatch(api: ApiObjects, definition: ResourceDefinition, plan: WatchPlan, sink: StreamSink): () => void {
  const send = (type: string, object: JsonObject): void => sink.write(`${JSON.stringify({ type, object })}\n`);
  const forward = (event: StoreEvent): void => {
    const seen = visibleEvent(event, plan.filter);
    if (seen) send(seen.type, presentObject(seen.object, plan.context));
  };
  for (const object of plan.initial) send('ADDED', presentObject(object, plan.context));
  for (const event of plan.missed) forward(event);
  if (plan.announceInitialEnd) send('BOOKMARK', bookmark(api, definition, true));
  const unsubscribe = api.store.subscribe((event) => {
    if (event.resource === definition.name) forward(event);
  });
  let cancelBookmark = (): void => undefined;
  const scheduleBookmark = (): void => {
    cancelBookmark = api.clock.setTimeout(() => {
      send('BOOKMARK', bookmark(api, definition, false));
      scheduleBookmark();
    }, bookmarkEveryMs);
  };
  if (plan.bookmarks) scheduleBookmark();
  const stop = (): void => {
    unsubscribe();
    cancelBookmark();
    cancelEnd();
  };
  const cancelEnd = api.clock.setTimeout(() => {
    if (plan.bookmarks) send('BOOKMARK', bookmark(api, definition, false));
    stop();
    sink.end();
  }, plan.timeoutMs);
  return stop;
}

/** A change as a watcher with selectors sees it: entering is ADDED, leaving is DELETED. */
function visibleEvent(event: StoreEvent, filter: ObjectFilter): Pick<StoreEvent, 'type' | 'object'> | undefined {
  const matches = filter(event.object);
  if (event.type !== 'MODIFIED') return matches ? event : undefined;
  const matched = event.previous !== undefined && filter(event.previous);
  if (matches) return { type: matched ? 'MODIFIED' : 'ADDED', object: event.object };
  return matched ? { type: 'DELETED', object: event.object } : undefined;
}

function bookmark(api: ApiObjects, definition: ResourceDefinition, endsInitial: boolean): JsonObject {
  return {
    kind: definition.kind,
    apiVersion: apiVersionOf(definition),
    metadata: {
      resourceVersion: String(api.store.revision),
      ...(endsInitial ? { annotations: { 'k8s.io/initial-events-end': 'true' } } : {}),
    },
  };
}

/** The line that ends a watch with an error. */
function watchError(error: StatusError): string {
  return `${JSON.stringify({ type: 'ERROR', object: error.toStatus() })}\n`;
}

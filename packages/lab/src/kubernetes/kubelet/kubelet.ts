import { timestamp } from '../clock.ts';
import { type ControlLoop, type ControllerContext, keyOf, splitKey } from '../controllers/controller.ts';
import { jsonEqual } from '../json.ts';
import type { Container, ContainerStatus, Pod } from '../kinds.ts';
import type { LogLine, LogSource } from '../request/pod-log.ts';
import type { StoreEvent } from '../storage/object-store.ts';
import { identity, waiting, waitingInit } from './container-status.ts';
import { nodeAddress, podAddress } from './pod-addresses.ts';
import { podStatusOf } from './pod-status.ts';
import { mountProblem, writeProblem } from './pod-volumes.ts';

/** How long the stand-ins take, in milliseconds of the cluster's clock. */
export interface KubeletTiming {
  readonly pullMs: number;
  readonly startMs: number;
  readonly readyMs: number;
  readonly stopMs: number;
  /** After this the container of a Job ends with exit code 0. */
  readonly jobMs: number;
}

/** The timing of a lab on the computer's own clock: short, so that a rollout is watched and not waited for. */
export const standardTiming: KubeletTiming = { pullMs: 150, startMs: 40, readyMs: 80, stopMs: 60, jobMs: 400 };

/** What a kubelet remembers about a pod beyond its status. */
interface PodMemory {
  stage: 'new' | 'pulling' | 'pulled' | 'running' | 'over';
  /** Time of the next step. */
  dueMs: number;
  mountFailures: number;
  pullFailures: number;
  crashes: number;
  logs: LogLine[];
  previousLogs: LogLine[];
}

/** A container that dies at once, and what its log says. */
interface Doom {
  readonly container: string;
  readonly exitCode: number;
  readonly log: string;
}

const component = 'kubelet';
const status = { manager: 'kubelet', subresource: 'status' as const };

/** The kubelets of all nodes: they start, watch and stop the stand-ins of the pods bound to nodes that are up. */
export class Kubelet implements ControlLoop, LogSource {
  readonly name = component;
  readonly #context: ControllerContext;
  readonly #timing: KubeletTiming;
  readonly #memory = new Map<string, PodMemory>();
  readonly #images = new Set<string>();
  #wake: (key: string) => void = () => undefined;

  constructor(context: ControllerContext, timing: KubeletTiming) {
    this.#context = context;
    this.#timing = timing;
    context.faults.subscribe(() => this.#hurry());
  }

  listen(wake: (key: string) => void): void {
    this.#wake = wake;
  }

  keysOf({ type, resource, object }: StoreEvent): readonly string[] {
    if (resource === 'nodes') return this.#keysOn(object.metadata.name);
    if (resource !== 'pods') return [];
    if (type === 'DELETED') this.#memory.delete(object.metadata.uid ?? '');
    return (object as Pod).spec?.nodeName ? [keyOf(object)] : [];
  }

  initialKeys(): readonly string[] {
    return this.#context.store
      .list('pods')
      .filter((pod) => pod.spec?.nodeName)
      .map(keyOf);
  }

  #keysOn(node: string): readonly string[] {
    return this.#context.store
      .list('pods')
      .filter((pod) => pod.spec?.nodeName === node)
      .map(keyOf);
  }

  /** A fault began or ended: nothing waits out its back-off. */
  #hurry(): void {
    for (const memory of this.#memory.values()) if (memory.stage !== 'over') memory.dueMs = 0;
    for (const key of this.initialKeys()) this.#wake(key);
  }

  reconcile(key: string): number | undefined {
    const { namespace, name } = splitKey(key);
    const pod = this.#context.store.get('pods', namespace, name);
    const node = pod?.spec?.nodeName;
    if (!pod || !node) return undefined;
    if (!this.#context.nodes.isUp(node)) return 1000;
    const memory = this.#remember(pod);
    if (pod.metadata.deletionTimestamp) return this.#stop(pod, memory);
    const wait = memory.dueMs - this.#context.clock.now();
    if (wait > 0) return wait;
    switch (memory.stage) {
      case 'new':
        return this.#prepare(pod, memory);
      case 'pulling':
        return this.#pull(pod, memory);
      case 'pulled':
        return this.#start(pod, memory);
      case 'running':
        return this.#watch(pod, memory);
      default:
        return undefined;
    }
  }

  /** What is known of the pod; after a restart of the lab its status tells. */
  #remember(pod: Pod): PodMemory {
    const uid = pod.metadata.uid ?? '';
    const known = this.#memory.get(uid);
    if (known) return known;
    const phase = pod.status?.phase;
    const stage = phase === 'Running' ? 'running' : phase === 'Succeeded' || phase === 'Failed' ? 'over' : 'new';
    const crashes = pod.status?.containerStatuses?.[0]?.restartCount ?? 0;
    const memory: PodMemory = {
      stage,
      dueMs: 0,
      mountFailures: 0,
      pullFailures: 0,
      crashes,
      logs: [],
      previousLogs: [],
    };
    if (stage === 'running') memory.logs = this.#standInLog(pod);
    this.#memory.set(uid, memory);
    return memory;
  }

  #prepare(pod: Pod, memory: PodMemory): number {
    this.#report(pod, 'Pending', waiting(pod, 'ContainerCreating'), waitingInit(pod), false, undefined);
    for (const volume of pod.spec?.volumes ?? []) {
      const problem = mountProblem(this.#context, pod, volume);
      if (problem === undefined) continue;
      this.#event(pod, 'Warning', 'FailedMount', problem);
      memory.mountFailures++;
      return this.#later(memory, Math.min(500 * 2 ** memory.mountFailures, 122_000));
    }
    memory.stage = 'pulling';
    const missing = (pod.spec?.containers ?? []).filter(({ image }) => !this.#hasImage(pod, image ?? ''));
    for (const { name, image } of missing) this.#event(pod, 'Normal', 'Pulling', `Pulling image "${image}"`, name);
    return this.#later(memory, missing.length > 0 ? this.#timing.pullMs : 0);
  }

  #hasImage(pod: Pod, image: string): boolean {
    return this.#images.has(`${pod.spec?.nodeName} ${image}`);
  }

  #pull(pod: Pod, memory: PodMemory): number {
    for (const { name, image = '' } of pod.spec?.containers ?? []) {
      const fault = this.#context.faults.take('image-pull', (item) => image.includes(item.image));
      if (fault) return this.#failPull(pod, memory, name, image, fault.message);
      const had = this.#hasImage(pod, image);
      this.#images.add(`${pod.spec?.nodeName} ${image}`);
      const message = had
        ? `Container image "${image}" already present on machine`
        : `Successfully pulled image "${image}" in ${this.#timing.pullMs}ms (lab stand-in, nothing was downloaded)`;
      this.#event(pod, 'Normal', 'Pulled', message, name);
    }
    memory.pullFailures = 0;
    memory.stage = 'pulled';
    return this.#later(memory, this.#timing.startMs);
  }

  #failPull(pod: Pod, memory: PodMemory, container: string, image: string, why = 'not found'): number {
    const message = `Failed to pull image "${image}": rpc error: code = NotFound desc = failed to pull and unpack image "${image}": ${why}`;
    this.#event(pod, 'Warning', 'Failed', message, container);
    this.#event(
      pod,
      'Warning',
      'Failed',
      memory.pullFailures === 0 ? 'Error: ErrImagePull' : 'Error: ImagePullBackOff',
      container,
    );
    const reason = memory.pullFailures === 0 ? 'ErrImagePull' : 'ImagePullBackOff';
    const shown = reason === 'ErrImagePull' ? message : `Back-off pulling image "${image}": ErrImagePull: ${why}`;
    memory.pullFailures++;
    this.#report(pod, 'Pending', waiting(pod, reason, shown), waitingInit(pod), false, this.#addressOf(pod));
    return this.#later(memory, Math.min(5000 * 2 ** memory.pullFailures, 300_000));
  }

  #start(pod: Pod, memory: PodMemory): number {
    const init = (pod.spec?.initContainers ?? []).map((item) => this.#ended(pod, item, 0, 'Completed'));
    const doomed = this.#doom(pod);
    for (const { name } of pod.spec?.containers ?? []) {
      this.#event(pod, 'Normal', 'Created', `Created container: ${name}`, name);
      this.#event(pod, 'Normal', 'Started', `Started container ${name}`, name);
    }
    memory.previousLogs = memory.logs;
    memory.logs = this.#standInLog(pod);
    if (doomed) return this.#crash(pod, memory, init, doomed);
    memory.stage = 'running';
    this.#report(pod, 'Running', this.#running(pod, false), init, true, this.#addressOf(pod));
    return this.#later(memory, this.#timing.readyMs);
  }

  /** The container that dies at once, and why. */
  #doom(pod: Pod): Doom | undefined {
    for (const container of pod.spec?.containers ?? []) {
      const fault = this.#context.faults.take('crash-loop', (item) => {
        const byImage = item.image !== undefined && (container.image ?? '').includes(item.image);
        return byImage || (item.podPrefix !== undefined && pod.metadata.name.startsWith(item.podPrefix));
      });
      if (fault)
        return { container: container.name, exitCode: fault.exitCode ?? 1, log: fault.log ?? 'lab fault: crash-loop' };
      const problem = writeProblem(this.#context, pod, container);
      if (problem) return { container: container.name, exitCode: 1, log: problem };
    }
    return undefined;
  }

  #crash(pod: Pod, memory: PodMemory, init: ContainerStatus[], doomed: Doom): number {
    const now = timestamp(this.#context.clock.now());
    memory.logs.push({ atMs: this.#context.clock.now(), text: doomed.log });
    memory.crashes++;
    const isOver = pod.spec?.restartPolicy === 'Never';
    const delayMs = Math.min(10_000 * 2 ** (memory.crashes - 1), 300_000);
    const terminated = {
      exitCode: doomed.exitCode,
      reason: 'Error',
      message: doomed.log,
      startedAt: now,
      finishedAt: now,
    };
    const uid = pod.metadata.uid ?? '';
    const backOff = `back-off ${delayMs / 1000}s restarting failed container=${doomed.container} pod=${pod.metadata.name}_${pod.metadata.namespace}(${uid})`;
    const statuses = this.#running(pod, true).map((item): ContainerStatus => {
      if (item.name !== doomed.container) return item;
      const dead = { ...item, ready: false, started: false, restartCount: memory.crashes - 1 };
      if (isOver) return { ...dead, restartCount: 0, state: { terminated } };
      return {
        ...dead,
        state: { waiting: { reason: 'CrashLoopBackOff', message: backOff } },
        lastState: { terminated },
      };
    });
    this.#report(pod, isOver ? 'Failed' : 'Running', statuses, init, true, this.#addressOf(pod));
    if (isOver) {
      memory.stage = 'over';
      return 0;
    }
    this.#event(
      pod,
      'Warning',
      'BackOff',
      `Back-off restarting failed container ${doomed.container} in pod ${pod.metadata.name}_${pod.metadata.namespace}(${uid})`,
      doomed.container,
    );
    memory.stage = 'pulled';
    return this.#later(memory, delayMs);
  }

  #watch(pod: Pod, memory: PodMemory): number | undefined {
    const init = pod.status?.initContainerStatuses ?? [];
    if (pod.spec?.restartPolicy !== 'Always') {
      const started = Date.parse(pod.status?.containerStatuses?.[0]?.state?.running?.startedAt ?? '');
      const wait = started + this.#timing.jobMs - this.#context.clock.now();
      if (wait > 0) return wait;
      const ended = (pod.spec?.containers ?? []).map((item) => this.#ended(pod, item, 0, 'Completed'));
      memory.stage = 'over';
      this.#report(pod, 'Succeeded', ended, init, true, this.#addressOf(pod));
      return undefined;
    }
    if (this.#faultHits(pod)) {
      const doomed = this.#doom(pod);
      if (doomed) return this.#crash(pod, memory, init, doomed);
    }
    this.#report(pod, 'Running', this.#running(pod, true), init, true, this.#addressOf(pod));
    return undefined;
  }

  #faultHits(pod: Pod): boolean {
    return this.#context.faults.list().some((fault) => {
      if (fault.kind !== 'crash-loop') return false;
      const byImage =
        fault.image !== undefined &&
        (pod.spec?.containers ?? []).some(({ image = '' }) => image.includes(fault.image ?? ''));
      return byImage || (fault.podPrefix !== undefined && pod.metadata.name.startsWith(fault.podPrefix));
    });
  }

  #stop(pod: Pod, memory: PodMemory): number | undefined {
    const { api, clock } = this.#context;
    const { namespace = '', name } = pod.metadata;
    if (memory.stage !== 'over') {
      memory.stage = 'over';
      for (const container of pod.spec?.containers ?? [])
        this.#event(pod, 'Normal', 'Killing', `Stopping container ${container.name}`, container.name);
      memory.dueMs = clock.now() + Math.min(this.#timing.stopMs, (pod.metadata.deletionGracePeriodSeconds ?? 0) * 1000);
    }
    const wait = memory.dueMs - clock.now();
    if (wait > 0) return wait;
    api.remove('pods', namespace, name, { gracePeriodSeconds: 0 });
    return undefined;
  }

  #running(pod: Pod, ready: boolean): ContainerStatus[] {
    const now = timestamp(this.#context.clock.now());
    return (pod.spec?.containers ?? []).map((container) => {
      const before = pod.status?.containerStatuses?.find(({ name }) => name === container.name);
      return {
        ...identity(container),
        ready,
        started: true,
        restartCount: Math.max(before?.restartCount ?? 0, this.#memory.get(pod.metadata.uid ?? '')?.crashes ?? 0),
        state: { running: { startedAt: before?.state?.running?.startedAt ?? now } },
        lastState: before?.lastState ?? {},
        containerID: `containerd://${(pod.metadata.uid ?? '').replaceAll('-', '')}${container.name}`,
      };
    });
  }

  #ended(pod: Pod, container: Container, exitCode: number, reason: string): ContainerStatus {
    const now = timestamp(this.#context.clock.now());
    const before = pod.status?.containerStatuses?.find(({ name }) => name === container.name);
    const startedAt = before?.state?.running?.startedAt ?? now;
    return {
      ...identity(container),
      ready: reason === 'Completed' && pod.spec?.initContainers?.includes(container) === true,
      started: false,
      restartCount: before?.restartCount ?? 0,
      state: { terminated: { exitCode, reason, startedAt, finishedAt: now } },
      lastState: {},
    };
  }

  #addressOf(pod: Pod): string | undefined {
    return podAddress(this.#context.store, pod);
  }

  #report(
    pod: Pod,
    phase: 'Pending' | 'Running' | 'Succeeded' | 'Failed',
    statuses: ContainerStatus[],
    initStatuses: ContainerStatus[],
    initialized: boolean,
    podIp: string | undefined,
  ): void {
    const { api, store, clock } = this.#context;
    const { namespace = '', name } = pod.metadata;
    const hostIp = nodeAddress(store.get('nodes', '', pod.spec?.nodeName ?? ''));
    const progress = { phase, statuses, initStatuses, initialized, podIp, hostIp, now: timestamp(clock.now()) };
    const next = podStatusOf(pod, progress);
    if (jsonEqual(next, pod.status)) return;
    api.mutate('pods', namespace, name, status, (draft) => {
      draft.status = next;
    });
  }

  #later(memory: PodMemory, delayMs: number): number {
    memory.dueMs = this.#context.clock.now() + delayMs;
    return delayMs;
  }

  #event(pod: Pod, type: 'Normal' | 'Warning', reason: string, message: string, container?: string): void {
    const fieldPath = container === undefined ? {} : { fieldPath: `spec.containers{${container}}` };
    this.#context.recorder.record(pod, { type, reason, message, ...fieldPath }, component, pod.spec?.nodeName ?? '');
  }

  #standInLog(pod: Pod): LogLine[] {
    const atMs = this.#context.clock.now();
    return (pod.spec?.containers ?? []).map(({ image }) => ({
      atMs,
      text: `lab stand-in for ${image}: no image runs here`,
    }));
  }

  lines(pod: Pod, _container: string, previous: boolean): readonly LogLine[] {
    const memory = this.#memory.get(pod.metadata.uid ?? '');
    return (previous ? memory?.previousLogs : memory?.logs) ?? [];
  }

  follow(pod: Pod, _container: string, _onLine: (line: LogLine) => void, onEnd: () => void): () => void {
    return this.#context.store.subscribe(({ type, resource, object }) => {
      if (resource === 'pods' && type === 'DELETED' && object.metadata.uid === pod.metadata.uid) onEnd();
    });
  }
}

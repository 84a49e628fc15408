import type { KubeObject } from '@vmstation/core';
import { expect, test } from 'vitest';
import { ownReadiness } from './readiness.ts';
import { waitingReason } from './waiting-reason.ts';

function workload(kind: string, spec: object, status: object): KubeObject {
  return { apiVersion: 'apps/v1', kind, metadata: { name: 'w', namespace: 'n', generation: 2 }, spec, status };
}

function pod(name: string, node: string, ready: boolean, status: object = {}): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'n' },
    spec: { nodeName: node },
    status: { conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }], ...status },
  };
}

const settled = { observedGeneration: 2, replicas: 1, updatedReplicas: 1, availableReplicas: 1, readyReplicas: 1 };

test('a Deployment is ready when its controller saw the change and all new pods are available', () => {
  expect(ownReadiness(workload('Deployment', { replicas: 1 }, settled)).ready).toBe(true);
});

test('a status of an earlier generation proves nothing', () => {
  const stale = ownReadiness(workload('Deployment', { replicas: 1 }, { ...settled, observedGeneration: 1 }));
  expect(stale).toEqual({ ready: false, reason: 'its controller has not seen the change yet' });
});

test('an old pod that still runs is waited for', () => {
  expect(ownReadiness(workload('Deployment', { replicas: 1 }, { ...settled, replicas: 2 })).reason).toBe(
    '1 old pods still stop',
  );
});

test('a DaemonSet leaves out nodes that are not ready and says which', () => {
  const object = workload(
    'DaemonSet',
    {},
    { observedGeneration: 2, desiredNumberScheduled: 3, updatedNumberScheduled: 3 },
  );
  const pods = [pod('a', 'masternode', true), pod('b', 'storage', true), pod('c', 'homelab', false)];
  expect(ownReadiness(object, { pods, readyNodes: new Set(['masternode', 'storage']) })).toEqual({
    ready: true,
    reason: '2 of 2 pods ready (homelab not ready as a node, left out)',
  });
  expect(ownReadiness(object, { pods, readyNodes: new Set(['masternode', 'storage', 'homelab']) }).ready).toBe(false);
});

test('a failed Job is final', () => {
  const failed = { conditions: [{ type: 'Failed', status: 'True', message: 'BackoffLimitExceeded' }] };
  expect(ownReadiness(workload('Job', {}, failed))).toMatchObject({ ready: false, final: true });
});

test('a crashing container is named with its last exit code', () => {
  const crashing = pod('w-1', 'masternode', false, {
    containerStatuses: [
      {
        name: 'grafana',
        state: { waiting: { reason: 'CrashLoopBackOff', message: 'back-off 10s' } },
        lastState: { terminated: { exitCode: 1, message: 'permission denied' } },
      },
    ],
  });
  const reason = waitingReason(workload('Deployment', {}, {}), {
    pods: [crashing],
    events: [],
    readyNodes: new Set(['masternode']),
  });
  expect(reason).toBe(
    'pod w-1: container grafana CrashLoopBackOff: back-off 10s: last exit code 1 (permission denied)',
  );
});

test('a pod that cannot be scheduled or mounted tells the scheduler’s or kubelet’s words', () => {
  const unscheduled = {
    ...pod('w-2', 'masternode', false, {
      conditions: [{ type: 'PodScheduled', status: 'False', message: '0/3 nodes are available' }],
    }),
    spec: {},
  };
  const surroundings = { events: [], readyNodes: new Set(['masternode']) };
  expect(waitingReason(workload('Deployment', {}, {}), { ...surroundings, pods: [unscheduled] })).toBe(
    'pod w-2: not scheduled: 0/3 nodes are available',
  );
  const event: KubeObject = {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: 'e' },
    type: 'Warning',
    reason: 'FailedMount',
    message: 'path does not exist',
    involvedObject: { name: 'w-3' },
    lastTimestamp: '2026-11-23T09:00:00Z',
  };
  const mounting = pod('w-3', 'masternode', false);
  expect(waitingReason(workload('Deployment', {}, {}), { ...surroundings, pods: [mounting], events: [event] })).toBe(
    'pod w-3: FailedMount: path does not exist',
  );
});

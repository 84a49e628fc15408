import type { DesiredState } from '../desired/desired-state.ts';
import type { NodeReading, NodeReadings } from '../desired/node-readings.ts';
import type { NodeFacts, ResourceState } from '../ports/host.ts';
import type { Workspace } from '../ports/workspace.ts';
import { type ResourceId, resourceId } from '../resource/resource.ts';
import type { ClusterNode, NodeOs } from './cluster.ts';
import { exampleCluster } from './example.ts';

/** A workspace that holds the example cluster and nothing beside it, unless told: what tests build on. */
export function exampleWorkspace(parts: Partial<Workspace> = {}): Workspace {
  return {
    root: '/workspace',
    stateDir: '/workspace/.vmstation',
    cluster: exampleCluster(),
    overlays: [],
    apps: [],
    dashboards: [],
    driftIgnores: [],
    playbooksDigest: '',
    inputHash: '0'.repeat(64),
    ...parts,
  };
}

const systems: Readonly<Record<NodeOs, Pick<NodeFacts, 'osId' | 'osVersion' | 'osName' | 'family' | 'kernel'>>> = {
  'debian-12': debian('12', 'bookworm', '6.1.0-25-amd64'),
  'debian-13': debian('13', 'trixie', '6.12.43+deb13-amd64'),
  'rhel-9': rhel('9.6', 'Plow', '5.14.0-570.el9.x86_64'),
  'rhel-10': rhel('10.0', 'Coughlan', '6.12.0-55.el10.x86_64'),
};

/** When the readings of {@link exampleReading} were taken. */
export const exampleTime = new Date('2026-11-23T09:00:00.000Z');

/** What a machine that fits the model's node would say of itself. */
export function exampleFacts(node: ClusterNode, parts: Partial<NodeFacts> = {}): NodeFacts {
  return {
    ...systems[node.os],
    architecture: 'x86_64',
    hostname: node.name,
    cpus: 4,
    memoryMiB: 7900,
    freeDiskMiB: 100_000,
    swapMiB: 0,
    pythonVersion: '3.11',
    hasSystemd: true,
    virtualization: undefined,
    bootId: '6f1f6f5e-0000-4000-8000-000000000001',
    clock: exampleTime.toISOString(),
    macs: node.mac === undefined ? ['02:00:00:00:00:63'] : [node.mac],
    rootByPassword: false,
    kubernetes: undefined,
    ...parts,
  };
}

/** A reading in which every declared resource is equal, except for those that are named. */
export function exampleReading(
  node: ClusterNode,
  desired: DesiredState,
  exceptions: {
    readonly facts?: Partial<NodeFacts>;
    readonly resources?: Readonly<Record<ResourceId, ResourceState>>;
  } = {},
): NodeReading {
  const resources = new Map<ResourceId, ResourceState>();
  for (const { resource } of desired.nodes.get(node.name) ?? [])
    resources.set(resourceId(resource), { state: 'equal' });
  for (const [id, state] of Object.entries(exceptions.resources ?? {})) resources.set(id as ResourceId, state);
  return {
    state: 'read',
    check: {
      node: node.name,
      facts: exampleFacts(node, exceptions.facts),
      resources,
      seenAt: exampleTime,
      roundTrips: 1,
      remoteProcesses: 8,
      durationMs: 50,
    },
  };
}

/** Readings that never change. Throws for a node that has none. */
export function fixedReadings(readings: ReadonlyMap<string, NodeReading>): NodeReadings {
  const read = async (node: string): Promise<NodeReading> => {
    const reading = readings.get(node);
    if (reading === undefined) throw new Error(`no reading of ${node}`);
    return reading;
  };
  return { read, refresh: read, forget: () => undefined };
}

function debian(version: string, name: string, kernel: string): (typeof systems)[NodeOs] {
  return {
    osId: 'debian',
    osVersion: version,
    osName: `Debian GNU/Linux ${version} (${name})`,
    family: 'debian',
    kernel,
  };
}

function rhel(version: string, name: string, kernel: string): (typeof systems)[NodeOs] {
  return {
    osId: 'rhel',
    osVersion: version,
    osName: `Red Hat Enterprise Linux ${version} (${name})`,
    family: 'rhel',
    kernel,
  };
}

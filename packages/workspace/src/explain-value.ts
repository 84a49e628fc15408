import {
  AppError,
  type Cluster,
  type ClusterNode,
  clusterFileSchema,
  type DocumentPath,
  effectiveSettings,
  nodeOf,
  type Overlay,
  overlaysOf,
  resolveCluster,
  suggestion,
} from '@vmstation/core';
import { clusterFileName } from './find-workspace.ts';
import type { LoadedWorkspace } from './load-workspace.ts';

/** One place that says something about a value. */
export interface ValueSource {
  readonly level: 'default' | 'cluster-file' | 'group' | 'host' | 'command-line';
  readonly value: unknown;
  /** `default`, `command line`, or `file:line:column`. */
  readonly origin: string;
}

/** Where a value of a node comes from. */
export interface ValueExplanation {
  readonly node: string;
  readonly key: string;
  /** What counts: of values the strongest, of lists and groups of keys all together. */
  readonly value: unknown;
  /** Weakest first; the last one won, unless `merged`. */
  readonly sources: readonly ValueSource[];
  /** True when all sources count together (lists of packages). */
  readonly merged: boolean;
}

/** A key that concerns a node and stands in the cluster file: where, weakest first, and what the model makes of it. */
interface NodeKey {
  readonly paths: (node: string) => readonly DocumentPath[];
  readonly resolved: (node: ClusterNode, cluster: Cluster) => unknown;
}

function ofNode(path: DocumentPath, resolved: NodeKey['resolved']): NodeKey {
  return { paths: (node) => [['nodes', node, ...path]], resolved };
}

function ofSsh(key: 'user' | 'port'): NodeKey {
  return {
    paths: (node) => [
      ['ssh', key],
      ['nodes', node, 'ssh', key],
    ],
    resolved: (node) => node.ssh[key],
  };
}

const nodeKeys: Readonly<Record<string, NodeKey>> = {
  address: ofNode(['address'], (node) => node.address),
  os: ofNode(['os'], (node) => node.os),
  mac: ofNode(['mac'], (node) => node.mac),
  roles: ofNode(['roles'], (node) => node.roles),
  groups: ofNode(['groups'], (node) => node.groups),
  'power.policy': {
    paths: (node) => [
      ['nodes', node, 'power'],
      ['nodes', node, 'power', 'policy'],
    ],
    resolved: (node) => node.power.policy,
  },
  'power.idle-after': ofNode(['power', 'idle-after'], (node) => seconds(node.power.idleAfterSeconds)),
  'power.wake-within': ofNode(['power', 'wake-within'], (node) => seconds(node.power.wakeWithinSeconds)),
  'power.sleep-method': ofNode(['power', 'sleep-method'], (node) => node.power.sleepMethod),
  'power.driver': ofNode(['power', 'driver'], (node) => node.power.driver.kind),
  'ssh.user': ofSsh('user'),
  'ssh.port': ofSsh('port'),
  'ssh.local': ofNode(['ssh', 'local'], (node) => node.ssh.local),
  timezone: {
    paths: () => [['cluster', 'timezone']],
    resolved: (_node, cluster) => cluster.timezone,
  },
  'ntp-upstream': {
    paths: () => [['services', 'ntp', 'upstream']],
    resolved: (_node, cluster) => cluster.services.ntp.upstream,
  },
};

function seconds(value: number | undefined): string | undefined {
  return value === undefined ? undefined : `${value}s`;
}

/** Keys that can be explained for a node, sorted: of the cluster file, of settings and of files. */
export function explainableKeys(workspace: LoadedWorkspace, nodeName: string): readonly string[] {
  const overlays = overlaysOf(workspace.overlays, knownNode(workspace, nodeName));
  const settings = overlays.flatMap(({ settings: { values } }) =>
    Object.entries(values).flatMap(([section, value]) =>
      isRecord(value) ? Object.keys(value).map((key) => `${section}.${key}`) : [section],
    ),
  );
  const files = overlays.flatMap((overlay) => overlay.files.map((file) => file.path));
  return [...new Set([...Object.keys(nodeKeys), ...settings, ...files])].toSorted();
}

/**
 * Where a value of a node comes from: default, cluster file, groups, host, command line. Keys are those of settings.yaml
 * (`sysctl.vm.swappiness`, `packages`), of a node in the cluster file (`power.policy`), or the path of a file on the node.
 * Throws config/unknown-node, config/unknown-key.
 * @param commandLine values that options of the command line give
 */
export function explainValue(
  workspace: LoadedWorkspace,
  nodeName: string,
  key: string,
  commandLine: Readonly<Record<string, unknown>> = {},
): ValueExplanation {
  const node = knownNode(workspace, nodeName);
  const overlays = overlaysOf(workspace.overlays, node);
  const sources = key.startsWith('/')
    ? fileSources(overlays, key)
    : [...clusterFileSources(workspace, node, key), ...settingSources(workspace, overlays, key)];
  if (commandLine[key] !== undefined) {
    sources.push({ level: 'command-line', value: commandLine[key], origin: 'command line' });
  }
  const last = sources.at(-1);
  if (last === undefined) throw unknownKey(workspace, nodeName, key);
  if (key === 'packages') return { node: nodeName, key, value: packagesOf(overlays, node), sources, merged: true };
  const merged = isRecord(last.value) && sources.length > 1;
  return { node: nodeName, key, value: merged ? mergedValue(sources) : last.value, sources, merged };
}

function knownNode(workspace: LoadedWorkspace, name: string): ClusterNode {
  const names = workspace.cluster.nodes.map((node) => node.name);
  if (names.includes(name)) return nodeOf(workspace.cluster, name);
  throw new AppError({
    code: 'config/unknown-node',
    kind: 'user',
    message: `There is no node ${name}.`,
    tryThis: suggestion(name, names),
    context: { node: name },
  });
}

function unknownKey(workspace: LoadedWorkspace, node: string, key: string): AppError {
  return new AppError({
    code: 'config/unknown-key',
    kind: 'user',
    message: `Nothing says anything about ${key} of ${node}.`,
    tryThis: suggestion(key, explainableKeys(workspace, node)),
    context: { node, key },
  });
}

function clusterFileSources(workspace: LoadedWorkspace, node: ClusterNode, key: string): ValueSource[] {
  const entry = nodeKeys[key];
  const document = workspace.documents.get(clusterFileName);
  if (entry === undefined || document === undefined) return [];
  const written = entry.paths(node.name).filter((path) => document.has(path));
  const sources = written.flatMap((path): ValueSource[] => {
    const value = at(document.value, path);
    // The long form of power is a group of keys; its policy has a path of its own.
    if (isRecord(value) && key === 'power.policy') return [];
    const { file, line, column } = document.position(path);
    return [{ level: 'cluster-file', value, origin: `${file}:${line}:${column}` }];
  });
  const standard = defaultOf(workspace, entry, node, without(document.value, written));
  return [...(standard === undefined ? [] : [standard]), ...sources];
}

/** What the model would have if the file said nothing; undefined where the file must say something. */
function defaultOf(
  workspace: LoadedWorkspace,
  entry: NodeKey,
  node: ClusterNode,
  silent: unknown,
): ValueSource | undefined {
  const parsed = clusterFileSchema.safeParse(silent);
  if (!parsed.success) return undefined;
  const cluster = resolveCluster(parsed.data, workspace.cluster.versions);
  return { level: 'default', value: entry.resolved(nodeOf(cluster, node.name), cluster), origin: 'default' };
}

/** A copy of a document that lacks some places. */
function without(document: unknown, paths: readonly DocumentPath[]): unknown {
  const copy = structuredClone(document);
  for (const path of paths) {
    const around = at(copy, path.slice(0, -1));
    if (isRecord(around)) Reflect.deleteProperty(around, path.at(-1) ?? '');
  }
  return copy;
}

function settingSources(workspace: LoadedWorkspace, overlays: readonly Overlay[], key: string): readonly ValueSource[] {
  return overlays.flatMap((overlay): readonly ValueSource[] => {
    const path = settingPath(overlay.settings.values, key);
    if (path === undefined) return [];
    const place = workspace.documents.get(overlay.settings.origin)?.position(path, true);
    const origin = place === undefined ? overlay.settings.origin : `${place.file}:${place.line}:${place.column}`;
    return [{ level: overlay.scope.kind, value: at(overlay.settings.values, path), origin }];
  });
}

/** Keys have dots in their names (`sysctl.vm.swappiness`): a key is a section, or a section and all the rest. */
function settingPath(values: Readonly<Record<string, unknown>>, key: string): DocumentPath | undefined {
  if (values[key] !== undefined) return [key];
  const dot = key.indexOf('.');
  const path = [key.slice(0, dot), key.slice(dot + 1)];
  return dot > 0 && at(values, path) !== undefined ? path : undefined;
}

function fileSources(overlays: readonly Overlay[], path: string): ValueSource[] {
  return overlays.flatMap((overlay) =>
    overlay.files
      .filter((file) => file.path === path)
      .map((file): ValueSource => ({ level: overlay.scope.kind, value: file.content, origin: file.origin })),
  );
}

function mergedValue(sources: readonly ValueSource[]): unknown {
  return Object.assign({}, ...sources.map((source) => source.value).filter(isRecord));
}

/** A name stands for itself where nothing is said of its version or hold. */
function packagesOf(overlays: readonly Overlay[], node: ClusterNode): readonly unknown[] {
  const { packages } = effectiveSettings(overlays, node);
  return [...packages.values()].map(({ value }) => (Object.keys(value).length === 1 ? value.name : value));
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function at(value: unknown, path: DocumentPath): unknown {
  return path.reduce<unknown>(
    (part, key) =>
      typeof part === 'object' && part !== null ? (part as Record<string | number, unknown>)[key] : undefined,
    value,
  );
}

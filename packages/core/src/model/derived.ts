import type { ClusterApp, NodePower, PowerDriver, SecretRef } from './cluster.ts';
import type { AppEntry, ClusterFile, NodeEntry } from './cluster-file.ts';
import { durationSeconds } from './duration.ts';

/** Names of the nodes that run the Kubernetes API, in the file's order. */
export function controlPlaneNames(file: ClusterFile): readonly string[] {
  return Object.keys(file.nodes).filter((name) => file.nodes[name]?.roles.includes('control-plane'));
}

/** The node that carries monitoring: the one with that role, else the first control plane, else the first node. */
export function monitoringNodeName(file: ClusterFile): string {
  const names = Object.keys(file.nodes);
  return (
    names.find((name) => file.nodes[name]?.roles.includes('monitoring')) ?? controlPlaneNames(file)[0] ?? names[0] ?? ''
  );
}

/** The node that serves the time. */
export function ntpServerName(file: ClusterFile): string {
  return file.services.ntp.server ?? monitoringNodeName(file);
}

/** The node that collects system logs; undefined when that is off. */
export function syslogServerName(file: ClusterFile): string | undefined {
  const { syslog } = file.services;
  return syslog === 'off' ? undefined : (syslog.server ?? monitoringNodeName(file));
}

/** The node that runs the KDC; undefined when there is none of ours. */
export function kerberosServerName(file: ClusterFile): string | undefined {
  const { kerberos } = file.services;
  if (kerberos === 'off' || kerberos.provider === 'freeipa') return undefined;
  return kerberos.server ?? monitoringNodeName(file);
}

/** Where the keys of an MIT realm come from, unless the file says. */
export const defaultKerberosKeys = 'secret:kerberos-keys';

/** A node's power with the defaults that depend on its policy. */
export function powerOf(node: NodeEntry): NodePower {
  const written = typeof node.power === 'string' ? undefined : node.power;
  const policy = written?.policy ?? (typeof node.power === 'string' ? node.power : 'always-on');
  const sleepMethod = written?.['sleep-method'] ?? 'suspend';
  const idleAfter = written?.['idle-after'] ?? (policy === 'auto-sleep' ? '2h' : undefined);
  const wakeWithin = written?.['wake-within'] ?? (sleepMethod === 'suspend' ? '2m' : '6m');
  return {
    policy,
    sleepMethod,
    idleAfterSeconds: idleAfter === undefined ? undefined : durationSeconds(idleAfter),
    wakeWithinSeconds: policy === 'always-on' ? undefined : durationSeconds(wakeWithin),
    watts: written?.watts,
    driver: driverOf(written?.driver ?? 'wake-on-lan'),
  };
}

function driverOf(driver: Exclude<NodeEntry['power'], string>['driver']): PowerDriver {
  if (typeof driver === 'string') return { kind: driver };
  return { kind: 'ipmi', ...driver.ipmi, password: secretRef(driver.ipmi.password) };
}

/** True when the node of that name may be asleep on purpose; false for a name that the file does not have. */
export function maySleepByName(file: ClusterFile, name: string): boolean {
  const node = file.nodes[name];
  return node !== undefined && powerOf(node).policy !== 'always-on';
}

/** `secret:NAME` as the model has it. */
export function secretRef(text: string): SecretRef {
  return { secret: text.replace(/^secret:/, '') };
}

/** Built-in applications: what their fields default to. */
export const appKinds: Readonly<
  Record<'jellyfin' | 'minecraft', { readonly title: string; readonly port: number; readonly probe: 'http' | 'tcp' }>
> = {
  jellyfin: { title: 'Jellyfin', port: 30_002, probe: 'http' },
  minecraft: { title: 'Minecraft', port: 30_565, probe: 'tcp' },
};

/** The kind of an application; undefined when neither it nor its name says one. */
export function appKindOf(name: string, app: AppEntry): Exclude<ClusterApp['kind'], 'folder'> | undefined {
  if (app.kind !== undefined) return app.kind;
  return name === 'jellyfin' || name === 'minecraft' ? name : undefined;
}

/** The NodePort of an application of the cluster file. */
export function appPortOf(name: string, app: AppEntry): number | undefined {
  const kind = appKindOf(name, app);
  return app.port ?? (kind === undefined ? undefined : appKinds[kind].port);
}

/** One use of a storage by a node that does not own it. */
export interface StorageMount {
  readonly storage: string;
  readonly node: string;
  readonly path: string;
  /** Where the file says so. */
  readonly source: readonly (string | number)[];
}

/** Where a storage is mounted on other nodes. */
export function mountPathOf(file: ClusterFile, storage: string): string {
  return file.storage[storage]?.['mount-path'] ?? `/mnt/${storage}`;
}

/** Every mount of shared storage: those the file lists, and those that applications need. A node's own storage is left in when listed. */
export function storageMounts(file: ClusterFile): readonly StorageMount[] {
  const listed = Object.entries(file.storage).flatMap(([storage, entry]) =>
    entry['mount-on'].map((node, index) => ({
      storage,
      node,
      path: mountPathOf(file, storage),
      source: ['storage', storage, 'mount-on', index],
    })),
  );
  const needed = Object.entries(file.apps).flatMap(([name, app]) => {
    const storage = app.media?.storage;
    if (storage === undefined || file.storage[storage] === undefined) return [];
    if (file.storage[storage].node === app.node) return [];
    const source = ['apps', name, 'media', 'storage'];
    return [{ storage, node: app.node, path: mountPathOf(file, storage), source }];
  });
  const isNew = (mount: StorageMount): boolean =>
    !listed.some((other) => other.storage === mount.storage && other.node === mount.node);
  return [...listed, ...needed.filter(isNew)];
}

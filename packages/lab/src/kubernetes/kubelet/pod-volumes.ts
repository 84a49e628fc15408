import type { ControllerContext } from '../controllers/controller.ts';
import type { Container, Pod, Volume } from '../kinds.ts';

/** Why a volume cannot be mounted, as kubelet says it; undefined when it can. Makes what kubelet would make. */
export function mountProblem(context: ControllerContext, pod: Pod, volume: Volume): string | undefined {
  const namespace = pod.metadata.namespace ?? '';
  const { store } = context;
  const setUp = `MountVolume.SetUp failed for volume "${volume.name}" : `;
  if (volume.configMap && !volume.configMap.optional && volume.configMap.name) {
    if (!store.get('configmaps', namespace, volume.configMap.name))
      return `${setUp}configmap "${volume.configMap.name}" not found`;
  }
  if (volume.secret && !volume.secret.optional && volume.secret.secretName) {
    if (!store.get('secrets', namespace, volume.secret.secretName))
      return `${setUp}secret "${volume.secret.secretName}" not found`;
  }
  if (volume.hostPath) return hostPathProblem(context, pod, volume.hostPath.path, volume.hostPath.type ?? '', setUp);
  const path = claimPath(context, pod, volume);
  if (path === undefined) return undefined;
  const facts = context.nodes.statPath(pod.spec?.nodeName ?? '', path.path);
  if (!facts && path.source === 'hostPath') return hostPathProblem(context, pod, path.path, path.type, setUp);
  if (!facts)
    return `MountVolume.NewMounter initialization failed for volume "${path.volume}" : path "${path.path}" does not exist`;
  const group = pod.spec?.securityContext?.fsGroup;
  if (group !== undefined && path.source === 'local')
    context.nodes.changeGroup(pod.spec?.nodeName ?? '', path.path, group);
  return undefined;
}

function hostPathProblem(
  context: ControllerContext,
  pod: Pod,
  path: string,
  type: string,
  setUp: string,
): string | undefined {
  const node = pod.spec?.nodeName ?? '';
  const facts = context.nodes.statPath(node, path);
  if (type === '' || type === 'DirectoryOrCreate') {
    if (!facts) context.nodes.makeDirectory(node, path, 0o755);
    return undefined;
  }
  if (type === 'FileOrCreate') return undefined;
  const wanted: Readonly<Record<string, string>> = {
    Directory: 'directory',
    File: 'file',
    Socket: 'socket file',
    CharDevice: 'character device',
    BlockDevice: 'block device',
  };
  const kinds: Readonly<Record<string, string>> = {
    Directory: 'directory',
    File: 'file',
    Socket: 'socket',
    CharDevice: 'device',
    BlockDevice: 'device',
  };
  if (facts && facts.kind === kinds[type]) return undefined;
  return `${setUp}hostPath type check failed: ${path} is not a ${wanted[type] ?? type}`;
}

interface DiskPath {
  readonly path: string;
  readonly source: 'local' | 'hostPath';
  readonly type: string;
  readonly volume: string;
}

/** Where on the node's disk the volume of a claim lies, when it lies there. */
function claimPath({ store }: ControllerContext, pod: Pod, volume: Volume): DiskPath | undefined {
  const claimName = volume.persistentVolumeClaim?.claimName;
  const claim = claimName ? store.get('persistentvolumeclaims', pod.metadata.namespace ?? '', claimName) : undefined;
  const bound = claim?.spec?.volumeName ? store.get('persistentvolumes', '', claim.spec.volumeName) : undefined;
  if (!bound?.spec) return undefined;
  const name = bound.metadata.name;
  if (bound.spec.local) return { path: bound.spec.local.path, source: 'local', type: '', volume: name };
  if (bound.spec.hostPath)
    return { path: bound.spec.hostPath.path, source: 'hostPath', type: bound.spec.hostPath.type ?? '', volume: name };
  return undefined;
}

/** Users that well-known images run as when the pod names none (their Dockerfile's USER). */
const imageUsers: readonly (readonly [RegExp, number, number])[] = [
  [/(^|\/)grafana\/grafana[:@]/u, 472, 0],
  [/(^|\/)grafana\/loki[:@]/u, 10_001, 10_001],
  [/(^|\/)(prom|prometheus)\/(prometheus|alertmanager)[:@]/u, 65_534, 65_534],
];

/** Why a container would die for want of rights on its disk, as its log tells it; undefined when it can write. */
export function writeProblem(context: ControllerContext, pod: Pod, container: Container): string | undefined {
  const known = imageUsers.find(([pattern]) => pattern.test(container.image ?? ''));
  const uid = container.securityContext?.runAsUser ?? pod.spec?.securityContext?.runAsUser ?? known?.[1] ?? 0;
  if (uid === 0) return undefined;
  const gid = container.securityContext?.runAsGroup ?? pod.spec?.securityContext?.runAsGroup ?? known?.[2] ?? 0;
  const { fsGroup, supplementalGroups = [] } = pod.spec?.securityContext ?? {};
  const groups = new Set([gid, ...supplementalGroups, ...(fsGroup === undefined ? [] : [fsGroup])]);
  for (const mount of container.volumeMounts ?? []) {
    if (mount.readOnly) continue;
    const volume = pod.spec?.volumes?.find(({ name }) => name === mount.name);
    if (!volume) continue;
    const claimed = claimPath(context, pod, volume);
    const base = volume.hostPath?.path ?? claimed?.path;
    if (base === undefined) continue;
    const path = mount.subPath ? `${base}/${mount.subPath}` : base;
    const node = pod.spec?.nodeName ?? '';
    if (mount.subPath && !context.nodes.statPath(node, path)) context.nodes.makeDirectory(node, path, 0o750);
    const facts = context.nodes.statPath(node, path);
    if (!facts || facts.kind === 'socket' || facts.kind === 'device') continue;
    const byGroup = groups.has(facts.gid) ? 0o020 : 0o002;
    const givenByKubelet = fsGroup !== undefined && claimed?.source === 'local' && facts.gid === fsGroup;
    const isWritable = givenByKubelet || (facts.mode & (facts.uid === uid ? 0o200 : byGroup)) !== 0;
    if (isWritable) continue;
    const mode = facts.mode.toString(8).padStart(4, '0');
    return `open ${mount.mountPath}: permission denied (runs as ${uid}:${gid}; ${path} on ${node} belongs to ${facts.uid}:${facts.gid}, mode ${mode})`;
  }
  return undefined;
}

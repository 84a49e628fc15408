import type { Cluster, ClusterApp, KubeObject } from '@vmstation/core';
import {
  type Container,
  exemption,
  hardenedContainer,
  localVolume,
  type PodSpec,
  secret,
  service,
  statefulSet,
} from '@vmstation/kube';
import { appDataPath, appImage, appPlace, appPod } from '../app-kind.ts';

/** The user that the image's files are made for. */
export const minecraftUid = 1000;

const gamePort = 25_565;
const rconFolder = '/run/secrets/rcon';
const health = { exec: { command: ['mc-health'] } };

/** Volume, Secret, Service and StatefulSet of a Minecraft server. `rcon` is the password of its remote console, if it has one. */
export function minecraftObjects(app: ClusterApp, cluster: Cluster, rcon: string | undefined): readonly KubeObject[] {
  const place = appPlace(app);
  return [
    ...localVolume({ place, node: app.node, path: appDataPath(app), size: '10Gi', storageClass: '' }),
    ...(rcon === undefined ? [] : [secret(appPlace(app, rconSecret(app)), { password: rcon })]),
    service(place, {
      type: app.port === undefined ? 'ClusterIP' : 'NodePort',
      selector: place.labels ?? {},
      ports: [
        {
          name: 'game',
          port: gamePort,
          targetPort: 'game',
          ...(app.port === undefined ? {} : { nodePort: app.port }),
        },
      ],
    }),
    statefulSet(place, {
      replicas: 1,
      serviceName: app.name,
      selector: { matchLabels: place.labels ?? {} },
      template: {
        metadata: {
          labels: { ...place.labels },
          annotations: exemption('writable-root', 'the start script of the image writes outside its volumes'),
        },
        spec: pod(app, cluster),
      },
    }),
  ];
}

function rconSecret(app: ClusterApp): string {
  return `${app.name}-rcon`;
}

function environment(app: ClusterApp, cluster: Cluster): readonly { readonly name: string; readonly value: string }[] {
  const settings = {
    EULA: 'TRUE',
    TYPE: 'VANILLA',
    // Left out, the image would download the latest, and a world never goes back.
    VERSION: cluster.versions.minecraft,
    MEMORY: '2G',
    // Shorter than the pod's grace, so that the world is saved before the kernel's signal.
    STOP_DURATION: '50',
    ...(app.players.length === 0
      ? {}
      : {
          ENABLE_WHITELIST: 'true',
          ENFORCE_WHITELIST: 'true',
          EXISTING_WHITELIST_FILE: 'SYNCHRONIZE',
          WHITELIST: app.players.join(','),
        }),
    ...(app.rcon === undefined
      ? { ENABLE_RCON: 'false' }
      : { ENABLE_RCON: 'true', RCON_PASSWORD_FILE: `${rconFolder}/password` }),
  };
  return Object.entries(settings).map(([name, value]) => ({ name, value }));
}

function pod(app: ClusterApp, cluster: Cluster): PodSpec {
  const rcon = app.rcon !== undefined;
  const { securityContext, ...container } = hardenedContainer({
    name: 'minecraft',
    image: appImage(cluster, 'minecraft'),
    env: [...environment(app, cluster)],
    ports: [{ name: 'game', containerPort: gamePort }],
    resources: { cpu: '500m', memory: '2560Mi', memoryLimit: '3Gi' },
    startupProbe: { ...health, periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 30 },
    readinessProbe: { ...health, periodSeconds: 10, timeoutSeconds: 5 },
    livenessProbe: { ...health, periodSeconds: 30, timeoutSeconds: 10, failureThreshold: 5 },
    volumeMounts: [
      { name: 'world', mountPath: '/data' },
      { name: 'tmp', mountPath: '/tmp' },
      ...(rcon ? [{ name: 'rcon', mountPath: rconFolder, readOnly: true }] : []),
    ],
  });
  return appPod({
    cluster,
    app,
    uid: minecraftUid,
    terminationGracePeriodSeconds: 60,
    containers: [{ ...container, securityContext: withWritableRoot(securityContext) }],
    volumes: [
      { name: 'world', persistentVolumeClaim: { claimName: app.name } },
      { name: 'tmp', emptyDir: { sizeLimit: '512Mi' } },
      ...(rcon ? [{ name: 'rcon', secret: { secretName: rconSecret(app) } }] : []),
    ],
  });
}

function withWritableRoot(context: Container['securityContext']): Container['securityContext'] {
  const { readOnlyRootFilesystem: _readOnly, ...rest } = context ?? {};
  return rest;
}

import type { Cluster, ClusterApp, KubeObject } from '@vmstation/core';
import { deployment, hardenedContainer, localVolume, type PodSpec, service } from '@vmstation/kube';
import { appDataPath, appImage, appPlace, appPod } from '../app-kind.ts';

const httpPort = 8096;
const probe = { httpGet: { path: '/health', port: 'http' } } as const;

/** Who Jellyfin runs as: the owner of its media, so that it can read them; 1000 without media, and never root. */
export function jellyfinUser(app: ClusterApp, cluster: Cluster): { readonly uid: number; readonly gid: number } {
  const owner = mediaStorage(app, cluster)?.owner;
  return owner === undefined || owner.uid === 0 ? { uid: 1000, gid: 1000 } : { uid: owner.uid, gid: owner.uid };
}

/** Volumes, Service and Deployment of a Jellyfin. */
export function jellyfinObjects(app: ClusterApp, cluster: Cluster): readonly KubeObject[] {
  const place = appPlace(app);
  const media = mediaOf(app, cluster);
  return [
    // Its database is SQLite, which loses data on NFS: always a disk of the node itself.
    ...localVolume({ place, node: app.node, path: appDataPath(app), size: '20Gi', storageClass: '' }),
    ...(media === undefined
      ? []
      : localVolume({ place: media.place, node: app.node, path: media.path, size: '1Ti', storageClass: '' })),
    service(place, {
      type: app.port === undefined ? 'ClusterIP' : 'NodePort',
      selector: place.labels ?? {},
      ports: [
        {
          name: 'http',
          port: httpPort,
          targetPort: 'http',
          ...(app.port === undefined ? {} : { nodePort: app.port }),
        },
      ],
    }),
    deployment(place, {
      replicas: 1,
      // Two of them would write to one database.
      strategy: { type: 'Recreate' },
      selector: { matchLabels: place.labels ?? {} },
      template: { metadata: { labels: { ...place.labels } }, spec: pod(app, cluster) },
    }),
  ];
}

function mediaStorage(app: ClusterApp, cluster: Cluster): Cluster['storage'][number] | undefined {
  return cluster.storage.find(({ name }) => name === app.media?.storage);
}

/** The storage as a volume of the application's node: the path itself where it lies, its mount point elsewhere. */
function mediaOf(app: ClusterApp, cluster: Cluster) {
  const storage = mediaStorage(app, cluster);
  if (storage === undefined || app.media === undefined) return undefined;
  return {
    place: appPlace(app, `${app.name}-media`),
    path: storage.node === app.node ? storage.path : storage.mountPath,
    readOnly: app.media.readOnly,
    gid: storage.owner.gid,
  };
}

function pod(app: ClusterApp, cluster: Cluster): PodSpec {
  const media = mediaOf(app, cluster);
  const url = cluster.endpoints.find(({ name }) => name === app.name)?.url;
  return appPod({
    cluster,
    app,
    uid: jellyfinUser(app, cluster).uid,
    ...(media === undefined ? {} : { supplementalGroups: [media.gid] }),
    containers: [
      hardenedContainer({
        name: 'jellyfin',
        image: appImage(cluster, 'jellyfin'),
        ...(url === undefined ? {} : { env: [{ name: 'JELLYFIN_PublishedServerUrl', value: url }] }),
        ports: [{ name: 'http', containerPort: httpPort }],
        resources: { cpu: '500m', memory: '1Gi', memoryLimit: '4Gi' },
        // A major upgrade migrates the database, for hours on a large library; killing it midway ruins it.
        startupProbe: { ...probe, periodSeconds: 5, timeoutSeconds: 3, failureThreshold: 2880 },
        readinessProbe: { ...probe, periodSeconds: 10, timeoutSeconds: 5 },
        livenessProbe: { ...probe, periodSeconds: 30, timeoutSeconds: 10, failureThreshold: 6 },
        volumeMounts: [
          { name: 'config', mountPath: '/config' },
          { name: 'cache', mountPath: '/cache' },
          { name: 'tmp', mountPath: '/tmp' },
          ...(media === undefined ? [] : [{ name: 'media', mountPath: '/media', readOnly: media.readOnly }]),
        ],
      }),
    ],
    volumes: [
      { name: 'config', persistentVolumeClaim: { claimName: app.name } },
      { name: 'cache', emptyDir: { sizeLimit: '10Gi' } },
      { name: 'tmp', emptyDir: { sizeLimit: '1Gi' } },
      ...(media === undefined
        ? []
        : [{ name: 'media', persistentVolumeClaim: { claimName: media.place.name, readOnly: media.readOnly } }]),
    ],
  });
}

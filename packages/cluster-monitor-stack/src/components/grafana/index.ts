import type { Cluster, KubeObject } from '@vmstation/core';
import {
  configMap,
  deployment,
  hardenedContainer,
  hardenedPod,
  localVolume,
  pinnedTo,
  secret,
  service,
} from '@vmstation/kube';
import {
  dataPathOf,
  imageOf,
  type MonitorComponent,
  monitoringStorageClass,
  placeOf,
  publishedUrl,
} from '../component.ts';
import { dashboardFiles } from './dashboards/index.ts';
import { dashboardProvisioning, datasourceProvisioning } from './datasources.ts';

const uid = 472;
const adminSecret = 'grafana-admin';
const adminFolder = '/etc/grafana-admin';
const dashboardFolder = '/etc/grafana-dashboards';

/** Dashboards over metrics and logs. */
export const grafana: MonitorComponent = {
  name: 'grafana',
  title: 'Grafana',
  why: 'shows metrics and logs as dashboards',
  data: { uid },
  objects: async ({ cluster, secrets, dashboards }) => {
    const place = placeOf(cluster, 'grafana');
    const provisioning = configMap(placeOf(cluster, 'grafana', 'grafana-provisioning'), {
      'datasources.yaml': datasourceProvisioning(cluster),
      'dashboards.yaml': dashboardProvisioning(dashboardFolder),
    });
    const files = dashboardFiles(dashboards).map(({ name, text }) =>
      configMap(placeOf(cluster, 'grafana', dashboardMapName(name)), { [`${name}.json`]: text }),
    );
    const password = await secrets.get(cluster.monitoring.grafana.adminPassword.secret);
    return [
      provisioning,
      ...files,
      secret(placeOf(cluster, 'grafana', adminSecret), { password: password.reveal() }),
      ...localVolume({
        place,
        node: cluster.monitoring.node,
        path: dataPathOf(cluster, 'grafana'),
        size: '5Gi',
        storageClass: monitoringStorageClass,
      }),
      service(place, {
        type: 'NodePort',
        selector: place.labels ?? {},
        ports: [{ name: 'http', port: 3000, targetPort: 'http', nodePort: cluster.monitoring.grafana.port }],
      }),
      workload(cluster, files),
    ];
  },
};

/** Names of objects have narrower rules than names of files. */
function dashboardMapName(file: string): string {
  const name = file
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '');
  return `grafana-dashboard-${name}`.slice(0, 200);
}

/** Everything that is set is set here: there is no grafana.ini to drift. */
function environment(cluster: Cluster): readonly { readonly name: string; readonly value: string }[] {
  const settings = {
    GF_SECURITY_ADMIN_USER: 'admin',
    GF_SECURITY_ADMIN_PASSWORD__FILE: `${adminFolder}/password`,
    GF_SERVER_ROOT_URL: publishedUrl(cluster, 'grafana'),
    GF_AUTH_ANONYMOUS_ENABLED: 'false',
    GF_USERS_ALLOW_SIGN_UP: 'false',
    GF_ANALYTICS_REPORTING_ENABLED: 'false',
    GF_ANALYTICS_CHECK_FOR_UPDATES: 'false',
    GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES: 'false',
    // Otherwise it downloads plugins at every start.
    GF_PLUGINS_PREINSTALL_DISABLED: 'true',
    GF_LOG_MODE: 'console',
  };
  return Object.entries(settings).map(([name, value]) => ({ name, value }));
}

const adminMount = { name: 'admin', mountPath: adminFolder, readOnly: true } as const;
const dataMount = { name: 'data', mountPath: '/var/lib/grafana' } as const;
const tmpMount = { name: 'tmp', mountPath: '/tmp' } as const;

/**
 * Grafana takes its settings' password for a new database only: in one that is there, the password stays what it was. So before every start the
 * database is told the secret's (`grafana cli`, documentation of Grafana, "Reset admin password").
 */
function setsAdminPassword(cluster: Cluster): ReturnType<typeof hardenedContainer> {
  const reset = 'grafana cli --homepath /usr/share/grafana admin reset-admin-password --password-from-stdin';
  return hardenedContainer({
    name: 'admin-password',
    image: imageOf(cluster, 'grafana'),
    command: ['sh', '-c', `if [ -e /var/lib/grafana/grafana.db ]; then ${reset} <${adminFolder}/password; fi`],
    resources: { cpu: '100m', memory: '192Mi', memoryLimit: '512Mi' },
    volumeMounts: [adminMount, dataMount, tmpMount],
  });
}

function workload(cluster: Cluster, files: readonly KubeObject[]): KubeObject {
  const place = placeOf(cluster, 'grafana');
  return deployment(place, {
    replicas: 1,
    // Its database is one SQLite file.
    strategy: { type: 'Recreate' },
    selector: { matchLabels: place.labels ?? {} },
    template: {
      metadata: { labels: { ...place.labels } },
      spec: hardenedPod({
        uid,
        ...pinnedTo(cluster.monitoring.node),
        initContainers: [setsAdminPassword(cluster)],
        containers: [
          hardenedContainer({
            name: 'grafana',
            image: imageOf(cluster, 'grafana'),
            env: [...environment(cluster)],
            ports: [{ name: 'http', containerPort: 3000 }],
            resources: { cpu: '100m', memory: '192Mi', memoryLimit: '512Mi' },
            // An upgrade migrates the database first.
            startupProbe: { httpGet: { path: '/api/health', port: 'http' }, periodSeconds: 2, failureThreshold: 150 },
            readinessProbe: { httpGet: { path: '/api/health', port: 'http' }, periodSeconds: 10 },
            livenessProbe: { httpGet: { path: '/api/health', port: 'http' }, periodSeconds: 30, failureThreshold: 6 },
            volumeMounts: [
              { name: 'provisioning', mountPath: '/etc/grafana/provisioning', readOnly: true },
              { name: 'dashboards', mountPath: dashboardFolder, readOnly: true },
              adminMount,
              dataMount,
              tmpMount,
            ],
          }),
        ],
        volumes: [
          {
            name: 'provisioning',
            configMap: {
              name: 'grafana-provisioning',
              items: [
                { key: 'datasources.yaml', path: 'datasources/vmstation.yaml' },
                { key: 'dashboards.yaml', path: 'dashboards/vmstation.yaml' },
              ],
            },
          },
          {
            name: 'dashboards',
            projected: { sources: files.map((file) => ({ configMap: { name: file.metadata.name } })) },
          },
          { name: 'admin', secret: { secretName: adminSecret } },
          { name: 'data', persistentVolumeClaim: { claimName: place.name } },
          { name: 'tmp', emptyDir: { sizeLimit: '128Mi' } },
        ],
      }),
    },
  });
}

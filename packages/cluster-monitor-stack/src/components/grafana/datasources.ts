import type { Cluster } from '@vmstation/core';
import { serviceAddress } from '../component.ts';
import { yamlText } from '../yaml-text.ts';

/** Fixed ids, so that dashboards find their data wherever they are loaded. */
export const datasources = {
  prometheus: { type: 'prometheus', uid: 'prometheus' },
  loki: { type: 'loki', uid: 'loki' },
} as const;

/** Provisioning of the data sources. */
export function datasourceProvisioning(cluster: Cluster): string {
  return yamlText({
    apiVersion: 1,
    datasources: [
      {
        name: 'Prometheus',
        ...datasources.prometheus,
        access: 'proxy',
        url: `http://${serviceAddress(cluster, 'prometheus', 9090)}`,
        isDefault: true,
        editable: false,
        jsonData: { timeInterval: '30s' },
      },
      {
        name: 'Loki',
        ...datasources.loki,
        access: 'proxy',
        url: `http://${serviceAddress(cluster, 'loki', 3100)}`,
        editable: false,
      },
      {
        name: 'Alertmanager',
        type: 'alertmanager',
        uid: 'alertmanager',
        access: 'proxy',
        url: `http://${serviceAddress(cluster, 'alertmanager', 9093)}`,
        editable: false,
        jsonData: { implementation: 'prometheus' },
      },
    ],
  });
}

/** Provisioning of the folder that dashboards are read from. */
export function dashboardProvisioning(folder: string): string {
  return yamlText({
    apiVersion: 1,
    providers: [
      {
        name: 'vmstation',
        folder: 'VMStation',
        type: 'file',
        disableDeletion: true,
        allowUiUpdates: false,
        updateIntervalSeconds: 60,
        options: { path: folder },
      },
    ],
  });
}

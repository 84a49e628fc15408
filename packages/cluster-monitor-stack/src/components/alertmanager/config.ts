import type { Cluster, Notifier, Secrets } from '@vmstation/core';
import { yamlText } from '../yaml-text.ts';

/** Where the pod finds the addresses of notifiers: they are secrets, and a changed one is read without a restart. */
export const notifierFolder = '/etc/alertmanager-notifiers';

/**
 * alertmanager.yml: everything goes to every notifier of the model, grouped by alert and node. A warning about a node that is down
 * anyway is held back. `inlineUrl` stands in for the files of addresses, which Debian's amtool does not know.
 */
export function alertmanagerConfig(cluster: Cluster, options: { readonly inlineUrl?: string } = {}): string {
  const webhooks = cluster.monitoring.notify.map((_notifier, index) => ({
    ...(options.inlineUrl === undefined
      ? { url_file: `${notifierFolder}/${notifierFile(index)}` }
      : { url: options.inlineUrl }),
    send_resolved: true,
  }));
  return yamlText({
    route: {
      receiver: 'operator',
      group_by: ['alertname', 'node'],
      group_wait: '30s',
      group_interval: '5m',
      repeat_interval: '4h',
    },
    inhibit_rules: [
      { source_matchers: ['alertname = NodeDown'], target_matchers: ['severity = warning'], equal: ['node'] },
    ],
    receivers: [{ name: 'operator', ...(webhooks.length === 0 ? {} : { webhook_configs: webhooks }) }],
  });
}

/** The file that holds the address of the nth notifier. */
export function notifierFile(index: number): string {
  return `notifier-${index}`;
}

/** The address that alerts are posted to. ntfy formats Alertmanager's message itself when asked to by its template. */
export async function notifierUrl(notifier: Notifier, secrets: Pick<Secrets, 'get'>): Promise<string> {
  if (notifier.kind === 'webhook') return (await secrets.get(notifier.url.secret)).reveal();
  const topic = (await secrets.get(notifier.topic.secret)).reveal();
  return `${notifier.url.replace(/\/+$/, '')}/${encodeURIComponent(topic)}?template=alertmanager`;
}

import * as z from 'zod';
import {
  described,
  durationText,
  hostText,
  labelText,
  pathText,
  portNumber,
  referenceText,
  secretText,
  urlText,
  userText,
} from './field.ts';

const ntpSchema = z.strictObject({
  server: described(
    referenceText.optional(),
    'The node that serves the time to the others. Default: the node that carries monitoring.',
    'masternode',
  ),
  upstream: described(
    z.array(hostText).min(1).default(['0.pool.ntp.org', '1.pool.ntp.org', '2.pool.ntp.org']),
    'Where that node takes its own time from.',
    ['0.pool.ntp.org', '1.pool.ntp.org'],
  ),
});

const syslogSchema = z.strictObject({
  server: described(
    referenceText.optional(),
    'The node that collects the system logs of the others. Default: the node that carries monitoring.',
    'masternode',
  ),
  keep: described(durationText.default('30d'), 'How long they are kept, in whole days.', '30d'),
});

const kerberosUserSchema = z.strictObject({
  password: described(
    secretText,
    'The first password; once the user has another one (kpasswd), this is not set again until the secret changes.',
    'secret:alex-kerberos',
  ),
  account: described(
    z.boolean().default(true),
    'Whether enrolled nodes have a local account of that name, so that a ticket logs in there.',
    true,
  ),
});

const kerberosServiceSchema = z.strictObject({
  name: described(
    z.string().regex(/^[A-Za-z][A-Za-z0-9-]{0,31}$/, { error: 'is not the name of a service, such as HTTP or nfs' }),
    'The service, as it stands before the slash of its principal.',
    'HTTP',
  ),
  node: described(referenceText, 'The node that it runs on.', 'masternode'),
  keytab: described(
    pathText.optional(),
    'A file of its own for its key. Default: with the key of the node.',
    '/etc/http.keytab',
  ),
  owner: described(userText.default('root'), 'Who may read that file.', 'www-data'),
});

const freeipaSchema = z.strictObject({
  server: described(hostText, 'Host name of a FreeIPA server.', 'ipa.home.arpa'),
  'enrol-as': described(userText, 'A FreeIPA user that may enrol hosts.', 'enroller'),
  password: described(secretText, 'The password of that user, as a secret.', 'secret:freeipa-enroller'),
});

const kerberosSchema = z.strictObject({
  provider: described(
    z.enum(['mit', 'freeipa']).default('mit'),
    'mit: a KDC on one of the nodes. freeipa: a realm that exists already, into which the nodes are enrolled.',
    'mit',
  ),
  server: described(
    referenceText.optional(),
    'With mit: the node that runs the KDC. Default: the node that carries monitoring.',
    'masternode',
  ),
  realm: described(
    z
      .string()
      .regex(/^[A-Z0-9](?:[A-Z0-9.-]{0,61}[A-Z0-9])?$/, { error: 'is not a realm in capital letters' })
      .optional(),
    'The realm. Default: cluster.domain in capital letters.',
    'HOME.ARPA',
  ),
  hosts: described(z.array(referenceText).min(1).optional(), 'Nodes that are enrolled. Default: all.', ['masternode']),
  keys: described(
    secretText.optional(),
    'With mit: what all keys of hosts and services are derived from, 20 random characters or more. Default secret:kerberos-keys.',
    'secret:kerberos-keys',
  ),
  'key-version': described(
    z.int().min(1).max(255).default(1),
    'With mit: one more gives all hosts and services new keys.',
    1,
  ),
  users: described(
    z.record(z.string(), kerberosUserSchema).default({}),
    'With mit: people who get tickets, by login name.',
    {
      alex: { password: 'secret:alex-kerberos' },
    },
  ),
  services: described(z.array(kerberosServiceSchema).default([]), 'With mit: services that have a key.', [
    { name: 'HTTP', node: 'masternode' },
  ]),
  freeipa: described(freeipaSchema.optional(), 'With freeipa: where and as whom nodes are enrolled.', {
    server: 'ipa.home.arpa',
    'enrol-as': 'enroller',
    password: 'secret:freeipa-enroller',
  }),
});

/** Host services that one node offers to the others. */
export const servicesSchema = z.strictObject({
  ntp: described(ntpSchema.prefault({}), 'Time for the cluster.', { server: 'masternode' }),
  syslog: described(z.union([z.literal('off'), syslogSchema]).prefault({}), 'Central system logs, or off.', {
    server: 'masternode',
    keep: '30d',
  }),
  kerberos: described(
    z.union([z.literal('off'), kerberosSchema]).default('off'),
    'Logins and services by ticket (Kerberos), or off. It needs clocks that agree within five minutes: services.ntp.',
    { users: { alex: { password: 'secret:alex-kerberos' } } },
  ),
});

const notifierSchema = z.union([
  z.strictObject({
    ntfy: described(
      z.strictObject({
        topic: described(
          secretText,
          'The topic; who knows it can read the alerts, so it is a secret.',
          'secret:ntfy-topic',
        ),
        url: described(urlText.default('https://ntfy.sh'), 'The ntfy server.', 'https://ntfy.sh'),
      }),
      'Push messages through an ntfy server.',
      { topic: 'secret:ntfy-topic' },
    ),
  }),
  z.strictObject({
    webhook: described(
      z.strictObject({ url: described(secretText, 'The address, as a secret.', 'secret:alert-webhook') }),
      'Alertmanager’s JSON to a web address of your own.',
      { url: 'secret:alert-webhook' },
    ),
  }),
]);

function portOf(port: number, title: string): z.ZodDefault<typeof portNumber> {
  return described(portNumber.default(port), `Port at which ${title} answers.`, port);
}

const keepText = described(durationText.default('30d'), 'How long data is kept, in whole days.', '30d');

/** Monitoring: one stack on one always-on node. */
export const monitoringSchema = z.strictObject({
  data: described(
    pathText.default('/srv/monitoring'),
    'Where its data lies, on a disk of the monitoring node itself.',
    '/srv/monitoring',
  ),
  namespace: described(labelText.default('monitoring'), 'Its Kubernetes namespace.', 'monitoring'),
  prometheus: described(
    z.strictObject({ port: portOf(30_000, 'Prometheus'), keep: keepText }).prefault({}),
    'Metrics.',
    { port: 30_000, keep: '30d' },
  ),
  alertmanager: described(
    z.strictObject({ port: portOf(30_003, 'Alertmanager') }).prefault({}),
    'Delivery of alerts.',
    { port: 30_003 },
  ),
  grafana: described(
    z
      .strictObject({
        port: portOf(30_001, 'Grafana'),
        'admin-password': described(
          secretText.default('secret:grafana-admin-password'),
          'Password of the user admin. It is set again at every start of Grafana.',
          'secret:grafana-admin-password',
        ),
      })
      .prefault({}),
    'Dashboards.',
    { port: 30_001 },
  ),
  loki: described(
    z.strictObject({ port: portOf(3100, 'Loki, on the monitoring node itself,'), keep: keepText }).prefault({}),
    'Logs. Its port is a port of the host, outside the range of NodePorts.',
    { port: 3100, keep: '30d' },
  ),
  notify: described(z.array(notifierSchema).default([]), 'Who is told of alerts.', [
    { ntfy: { topic: 'secret:ntfy-topic' } },
  ]),
});

/** An application of a built-in kind. Any other application is a folder under apps/ with an app.yaml. */
export const appSchema = z.strictObject({
  kind: described(
    z.enum(['jellyfin', 'minecraft']).optional(),
    'Which built-in application it is. Default: the kind that its name says.',
    'jellyfin',
  ),
  node: described(referenceText, 'The node that it runs on.', 'storagenodet3500'),
  namespace: described(labelText.optional(), 'Its Kubernetes namespace. Default: its name.', 'jellyfin'),
  port: described(
    portNumber.optional(),
    'NodePort at which it answers. Default 30002 for jellyfin, 30565 for minecraft.',
    30_002,
  ),
  wakes: described(
    z.boolean().default(false),
    'True: the node may sleep, and use of the application wakes it. False: the application must always answer.',
    true,
  ),
  media: described(
    z
      .strictObject({
        storage: described(referenceText, 'The name of a storage.', 'media'),
        'read-only': described(z.boolean().default(true), 'Whether the application may only read.', true),
      })
      .optional(),
    'Storage that a media server shows.',
    { storage: 'media', 'read-only': true },
  ),
  players: described(
    z.array(z.string().regex(/^\w{3,16}$/, { error: 'is not a name of a Minecraft player' })).default([]),
    'Players who may log in to a game server; empty: anybody.',
    ['alex'],
  ),
  rcon: described(
    secretText.optional(),
    'Password of the remote console of a game server. Default secret:NAME-rcon.',
    'secret:minecraft-rcon',
  ),
});

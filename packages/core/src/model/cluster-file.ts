import * as z from 'zod';
import { sshSchema, usersSchema } from './access-schema.ts';
import { addressText, cidrText, described, labelText, timezoneText } from './field.ts';
import { nodeSchema, storageSchema } from './node-schema.ts';
import { playbooksSchema } from './playbook-schema.ts';
import { appSchema, monitoringSchema, servicesSchema } from './service-schema.ts';
import { systemSchema } from './system-schema.ts';

const clusterSchema = z.strictObject({
  name: described(labelText, 'Name of the cluster.', 'vmstation'),
  domain: described(
    z
      .string()
      .regex(/^[a-z0-9](?:[a-z0-9.-]{0,61}[a-z0-9])?$/, { error: 'is not a domain name in small letters' })
      .default('home.arpa'),
    'Domain of the machines’ full names; home.arpa is the one set aside for homes.',
    'home.arpa',
  ),
  kubernetes: described(
    z
      .string()
      .regex(/^1\.\d{1,2}$/, { error: 'is not a minor version of Kubernetes in quotes' })
      .optional(),
    'Minor version of Kubernetes, in quotes; the exact one stands in versions.lock. Default: what versions.lock has.',
    '1.35',
  ),
  timezone: described(timezoneText.default('Etc/UTC'), 'Time zone of every node.', 'Europe/Berlin'),
});

const calicoSchema = z.strictObject({
  encapsulation: described(
    z.enum(['ipip', 'vxlan', 'none']).default('ipip'),
    'How packets travel between nodes. Cannot be changed on a running cluster.',
    'ipip',
  ),
  bgp: described(
    z.boolean().default(true),
    'Whether nodes tell each other the routes by BGP; vxlan does without.',
    true,
  ),
});

const networkSchema = z.strictObject({
  nodes: described(cidrText, 'The range of the machines’ own LAN.', '192.168.4.0/24'),
  gateway: described(addressText, 'The router of that LAN.', '192.168.4.1'),
  pods: described(
    cidrText.default('10.244.0.0/16'),
    'Range of the pods; each node takes a /24 of it.',
    '10.244.0.0/16',
  ),
  services: described(cidrText.default('10.96.0.0/12'), 'Range of the services, at most a /12.', '10.96.0.0/12'),
  resolvers: described(
    z.array(addressText).optional(),
    'DNS servers for names outside the cluster. Default: the gateway.',
    ['192.168.4.1'],
  ),
  dns: described(
    z
      .strictObject({
        servers: described(
          z.array(addressText).min(1).max(3).optional(),
          'DNS servers that the nodes ask, at most three. Default: network.resolvers.',
          ['192.168.4.1'],
        ),
        search: described(
          z
            .array(
              z
                .string()
                .regex(/^[a-z0-9](?:[a-z0-9.-]{0,61}[a-z0-9])?$/, { error: 'is not a domain name in small letters' }),
            )
            .optional(),
          'Domains in which short names are looked for. Default: the domain of the cluster.',
          ['home.arpa'],
        ),
      })
      .optional(),
    'Name resolution of the nodes themselves. Default: it is left as it is.',
    { servers: ['192.168.4.1'] },
  ),
  cni: described(
    z
      .strictObject({
        calico: described(calicoSchema.prefault({}), 'Calico.', { encapsulation: 'ipip', bgp: true }),
      })
      .prefault({}),
    'The network of the pods.',
    { calico: { encapsulation: 'ipip', bgp: true } },
  ),
});

const exampleNode = { address: '192.168.4.63', os: 'debian-12', roles: ['control-plane', 'monitoring'] };

/**
 * The cluster file, `vmstation.yaml`: the one source of its types, defaults, JSON Schema and reference page.
 * What one field alone cannot show to be wrong (references, overlaps, clashes) is the rules' affair.
 */
export const clusterFileSchema = z.strictObject({
  cluster: described(clusterSchema, 'What the cluster is.', { name: 'vmstation', kubernetes: '1.35' }),
  network: described(networkSchema, 'Its address ranges.', { nodes: '192.168.4.0/24', gateway: '192.168.4.1' }),
  ssh: described(
    sshSchema.prefault({}),
    'How to log in to every node (default: root, port 22), and what its SSH server lets in.',
    { user: 'operator' },
  ),
  users: described(
    usersSchema,
    'Accounts of people on the nodes, by name. Who is no longer named here stays as it is.',
    {
      alex: { groups: ['adm'], sudo: 'password' },
    },
  ),
  nodes: described(z.record(z.string(), nodeSchema), 'The machines, by their host names.', { masternode: exampleNode }),
  system: described(systemSchema.prefault({}), 'Care for the operating system of every node.', {
    upgrades: 'security',
    audit: true,
  }),
  storage: described(z.record(z.string(), storageSchema).default({}), 'Storage that nodes offer, by name.', {
    media: { node: 'storagenodet3500', path: '/srv/media', share: 'nfs' },
  }),
  services: described(servicesSchema.prefault({}), 'Host services.', { ntp: { server: 'masternode' } }),
  monitoring: described(monitoringSchema.prefault({}), 'Metrics, logs, dashboards, alerts.', {
    data: '/srv/monitoring',
  }),
  apps: described(z.record(z.string(), appSchema).default({}), 'Built-in applications, by name.', {
    jellyfin: { node: 'storagenodet3500', wakes: true },
  }),
  playbooks: described(
    playbooksSchema,
    'Ansible playbooks of your own that run as steps, by name; each lies in playbooks/NAME.yml. Those of one phase run in this order.',
    { agent: { after: 'config', groups: ['storage'] } },
  ),
});

/** The cluster file as checked, with the defaults of its fields; defaults that depend on other fields are resolved later. */
export type ClusterFile = z.output<typeof clusterFileSchema>;

/** The cluster file as an operator may write it. */
export type ClusterFileInput = z.input<typeof clusterFileSchema>;

/** One machine of the cluster file. */
export type NodeEntry = ClusterFile['nodes'][string];

/** One account of the cluster file. */
export type UserEntry = ClusterFile['users'][string];

/** One storage of the cluster file. */
export type StorageEntry = ClusterFile['storage'][string];

/** One application of the cluster file. */
export type AppEntry = ClusterFile['apps'][string];

/** The cluster file's JSON Schema (2020-12), with descriptions, examples and defaults, for editors. */
export function clusterFileJsonSchema(): Readonly<Record<string, unknown>> {
  return {
    ...z.toJSONSchema(clusterFileSchema, { target: 'draft-2020-12', io: 'input' }),
    title: 'vmstation.yaml',
    description: 'The cluster file of a VMStation workspace.',
  };
}

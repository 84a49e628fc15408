import * as z from 'zod';
import {
  addressText,
  described,
  durationText,
  labelText,
  macText,
  pathText,
  portNumber,
  referenceText,
  secretText,
  userText,
} from './field.ts';
import { diskSchema } from './system-schema.ts';

/** Operating systems that the product knows. */
export const nodeOsNames = ['debian-12', 'debian-13', 'rhel-9', 'rhel-10'] as const;

/** Roles that a node may carry. */
export const nodeRoleNames = ['control-plane', 'worker', 'monitoring', 'storage', 'compute'] as const;

/** Power policies, by how much a node sleeps. */
export const powerPolicies = ['always-on', 'auto-sleep', 'on-demand'] as const;

const ipmiSchema = z.strictObject({
  address: described(addressText, 'Address of the management controller (BMC, iDRAC, iLO).', '192.168.4.60'),
  user: described(z.string().min(1), 'Login name on the management controller.', 'operator'),
  password: described(secretText, 'Its password, as a secret.', 'secret:homelab-bmc'),
});

const driverSchema = z.union([
  z.literal('wake-on-lan'),
  z.strictObject({
    ipmi: described(ipmiSchema, 'Wake through IPMI: for servers with a management controller.', {
      address: '192.168.4.60',
      user: 'operator',
      password: 'secret:homelab-bmc',
    }),
  }),
]);

const wattsSchema = z.strictObject({
  idle: described(z.number().nonnegative().max(100_000), 'Watts while awake and idle.', 95),
  asleep: described(z.number().nonnegative().max(100_000), 'Watts while asleep or off.', 4),
});

const powerObjectSchema = z.strictObject({
  policy: described(
    z.enum(powerPolicies),
    'When the node may sleep: never (always-on), after being idle (auto-sleep), or whenever nothing demands it (on-demand).',
    'auto-sleep',
  ),
  'idle-after': described(
    durationText.optional(),
    'With auto-sleep: how long nothing may have used the node before it sleeps. Default 2h.',
    '2h',
  ),
  'wake-within': described(
    durationText.optional(),
    'How soon after a wake request the node must be ready. Default 2m from suspend, 6m from power off.',
    '30s',
  ),
  'sleep-method': described(
    z.enum(['suspend', 'poweroff']).default('suspend'),
    'Suspend to memory, or power off; rack servers often cannot suspend.',
    'poweroff',
  ),
  watts: described(wattsSchema.optional(), 'What the node draws, for the energy ledger.', { idle: 95, asleep: 4 }),
  driver: described(
    driverSchema.default('wake-on-lan'),
    'How the node is woken: wake-on-lan (needs its MAC), or ipmi.',
    { ipmi: { address: '192.168.4.60', user: 'operator', password: 'secret:homelab-bmc' } },
  ),
});

const powerSchema = z.union([z.enum(powerPolicies), powerObjectSchema]);

const interfaceSchema = z.strictObject({
  name: described(
    z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,14}$/, { error: 'is not the name of a network card' }),
    'Name of the network card, as `ip link` shows it.',
    'enp2s0',
  ),
  static: described(
    z.boolean().default(false),
    'True: the node’s address is fixed on this card, whatever a DHCP server says. False: how it gets its address is left alone.',
    true,
  ),
  gateway: described(addressText.optional(), 'The router, where it is not that of the network.', '192.168.4.1'),
  mtu: described(
    z.int().min(1280).max(65_535).optional(),
    'Largest packet in bytes. Default: what the card has.',
    9000,
  ),
  'wake-on-lan': described(
    z.boolean().optional(),
    'Whether a magic packet wakes the machine. Default: what the card has.',
    true,
  ),
});

/** How a machine is logged in to; what is left out is taken from the file's own `ssh`. */
export const nodeSshSchema = z.strictObject({
  user: described(userText.optional(), 'Login name; not root means: sudo is used.', 'operator'),
  port: described(portNumber.optional(), 'Port of the SSH server.', 22),
  'sudo-password': described(
    secretText.optional(),
    'The password that sudo asks this user for, as a secret (`vmstation secret set sudo`). Default: sudo asks for none.',
    'secret:sudo',
  ),
  local: described(
    z.boolean().optional(),
    'True when commands run on this very machine, without SSH: the command line runs on the node itself.',
    false,
  ),
});

/** One machine of the cluster file. */
export const nodeSchema = z.strictObject({
  address: described(addressText, 'The IPv4 address of the machine, inside network.nodes.', '192.168.4.63'),
  os: described(z.enum(nodeOsNames), 'Operating system and its major version.', 'debian-12'),
  mac: described(
    macText.optional(),
    'MAC address of the network card that listens for magic packets. Needed by a node that sleeps, unless IPMI wakes it.',
    '02:00:00:00:00:61',
  ),
  roles: described(
    z.array(z.enum(nodeRoleNames)).min(1),
    'What the node is for: control-plane runs the API, worker runs pods; monitoring, storage and compute place work.',
    ['worker', 'storage'],
  ),
  groups: described(
    z.array(labelText).default([]),
    'More groups whose files under group/ apply, after common and the roles.',
    ['attic'],
  ),
  power: described(
    powerSchema.default('always-on'),
    'Whether and how the node sleeps: a policy by its name, or with its details.',
    'always-on',
  ),
  interface: described(
    interfaceSchema.optional(),
    'Its network card, where that is to be set. Default: it is left alone.',
    { name: 'enp2s0', static: true },
  ),
  'open-ports': described(
    z
      .array(
        z.string().regex(/^\d{1,5}(?:-\d{1,5})?\/(?:tcp|udp)$/, {
          error: 'is not a port or range with its protocol, such as 445/tcp',
        }),
      )
      .default([]),
    'Further ports of the node that answer the machines’ own LAN, for services that this file does not know.',
    ['445/tcp'],
  ),
  disks: described(
    z.array(diskSchema).default([]),
    'Further disks of the machine, mounted at boot; one that is missing does not stop the start.',
    [{ path: '/srv/media', device: 'LABEL=media', type: 'ext4' }],
  ),
  ssh: described(nodeSshSchema.prefault({}), 'How to log in to this node, where it differs from the others.', {
    user: 'operator',
  }),
});

/** Storage that a node offers. */
export const storageSchema = z.strictObject({
  node: described(referenceText, 'The node whose disk it is.', 'storagenodet3500'),
  path: described(pathText, 'Where it lies on that node.', '/srv/media'),
  share: described(z.enum(['nfs', 'none']).default('none'), 'How other nodes reach it.', 'nfs'),
  'mount-on': described(
    z.array(referenceText).default([]),
    'Other nodes that mount it; nodes whose apps use it do so anyway.',
    ['homelab'],
  ),
  'mount-path': described(pathText.optional(), 'Where the other nodes mount it. Default /mnt/NAME.', '/mnt/media'),
  owner: described(
    z
      .strictObject({
        uid: described(z.int().min(0).max(65_534).default(1000), 'Numeric user.', 1000),
        gid: described(z.int().min(0).max(65_534).default(1000), 'Numeric group.', 1000),
      })
      .prefault({}),
    'Numeric owner of the path, so that the pods of that user can write.',
    { uid: 1000, gid: 1000 },
  ),
});

import { type ClusterNode, maySleep, nodeOf, type Resource } from '@vmstation/core';
import { type ConfigRole, type ConfigRoleContext, familyOf, writtenBy } from '../config-role.ts';

const places = {
  debian: {
    path: '/etc/chrony/chrony.conf',
    unit: 'chrony.service',
    drift: '/var/lib/chrony/chrony.drift',
    keys: '/etc/chrony/chrony.keys',
  },
  rhel: {
    path: '/etc/chrony.conf',
    unit: 'chronyd.service',
    drift: '/var/lib/chrony/drift',
    keys: '/etc/chrony.keys',
  },
} as const;

/** chrony: one always-on node serves the time to the LAN, the others prefer it. In the phase setup, as Kubernetes needs clocks that agree. */
export const ntpRole: ConfigRole = {
  name: 'ntp',
  title: 'Time',
  why: 'etcd and certificates need clocks that agree',
  phase: 'setup',
  declare(node, context): readonly Resource[] {
    const { path, unit } = places[familyOf(node)];
    return [
      { kind: 'package', name: 'chrony' },
      {
        kind: 'file',
        path,
        content: chronyConfiguration(node, context),
        owner: 'root',
        group: 'root',
        mode: '0644',
        validate: { command: ['chronyd', '-p', '-f', '{}'], unlessMissing: true },
        after: ['package:chrony'],
        notifies: [{ unit, action: 'restart' }],
      },
      { kind: 'service', unit, enabled: true, active: true, after: ['package:chrony', `file:${path}`] },
      ...afterSleep(node),
    ];
  },
};

const afterSleepUnit = 'vmstation-time-after-sleep.service';

/** A node that suspends wakes with the time at which it fell asleep, and chrony alone would bring it round slowly: it steps after its own start only. */
function afterSleep(node: ClusterNode): readonly Resource[] {
  if (!maySleep(node) || node.power.sleepMethod !== 'suspend') return [];
  return [
    { kind: 'unit', name: afterSleepUnit, content: afterSleepText(places[familyOf(node)].unit) },
    { kind: 'service', unit: afterSleepUnit, enabled: true, after: ['package:chrony', `unit:${afterSleepUnit}`] },
  ];
}

// suspend.target is reached when the machine is awake again: systemd-suspend.service, which it waits for, ends then.
function afterSleepText(unit: string): string {
  return `${writtenBy('ntp')}[Unit]
Description=Asks for the time after sleep, and lets chrony step the clock again
After=suspend.target ${unit}

[Service]
Type=oneshot
ExecStart=/usr/bin/chronyc makestep 1.0 3
ExecStart=/usr/bin/chronyc burst 4/8

[Install]
WantedBy=suspend.target
`;
}

/** The whole chrony.conf of a node; directives as in chrony.conf(5) of chrony 4. */
export function chronyConfiguration(node: ClusterNode, { cluster, settings }: ConfigRoleContext): string {
  const { drift, keys } = places[familyOf(node)];
  const server = nodeOf(cluster, cluster.services.ntp.server);
  const upstream = settings.ntpUpstream?.value ?? cluster.services.ntp.upstream;
  const isServer = node.name === server.name;
  const sources = [
    ...(isServer ? [] : [`server ${server.address} iburst prefer`]),
    ...upstream.map((host) => `${/(^|\.)pool\./.test(host) ? 'pool' : 'server'} ${host} iburst`),
  ];
  const serving = isServer
    ? [
        '',
        `# Serves ${cluster.network.nodes}, also while nothing outside answers.`,
        `allow ${cluster.network.nodes}`,
        'local stratum 10',
      ]
    : [];
  return [
    `${writtenBy('ntp')}${sources.join('\n')}`,
    ...serving,
    '',
    `driftfile ${drift}`,
    `keyfile ${keys}`,
    'logdir /var/log/chrony',
    'maxupdateskew 100.0',
    'makestep 1.0 3',
    'rtcsync',
    '',
  ].join('\n');
}

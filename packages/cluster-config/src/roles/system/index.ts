import type { ClusterNode, FileResource, PlacedResource, Resource } from '@vmstation/core';
import { type ConfigRole, type ConfigRoleContext, writtenBy } from '../config-role.ts';

/** Kernel settings that every node gets unless a `settings.yaml` or an overlay file says otherwise. */
export const defaultKernelSettings: Readonly<Record<string, string>> = {
  'kernel.dmesg_restrict': '1',
  'kernel.kptr_restrict': '1',
  'net.core.somaxconn': '32768',
  'vm.max_map_count': '262144',
};

/** Time zone, packages, services and kernel settings from the settings, journal limits, log rotation, message of the day. */
export const systemRole: ConfigRole = {
  name: 'system',
  title: 'System',
  why: 'time zone, settings of the workspace, bounded logs',
  phase: 'config',
  declare: (node, context) => [
    timezone(context),
    ...fromSettings(context),
    ...Object.entries(defaultKernelSettings)
      .filter(([key]) => !context.settings.sysctl.has(key))
      .map(([key, value]): Resource => ({ kind: 'sysctl', key, value })),
    journalLimits,
    { kind: 'package', name: 'logrotate' },
    { kind: 'service', unit: 'logrotate.timer', enabled: true, active: true, after: ['package:logrotate'] },
    messageOfTheDay(node, context),
  ],
};

function timezone({ cluster, settings }: ConfigRoleContext): Resource | PlacedResource {
  if (settings.timezone === undefined) return { kind: 'timezone', zone: cluster.timezone };
  const { value, origin } = settings.timezone;
  return { resource: { kind: 'timezone', zone: value }, origin: `${origin}: timezone` };
}

function fromSettings({ settings }: ConfigRoleContext): readonly PlacedResource[] {
  return [
    ...[...settings.packages.values()].map(
      ({ value: name, origin }): PlacedResource => ({
        resource: { kind: 'package', name },
        origin: `${origin}: packages`,
      }),
    ),
    ...[...settings.sysctl].map(
      ([key, { value, origin }]): PlacedResource => ({
        resource: { kind: 'sysctl', key, value },
        origin: `${origin}: sysctl`,
      }),
    ),
    ...[...settings.services].map(
      ([unit, { value, origin }]): PlacedResource => ({
        resource: { kind: 'service', unit, ...value },
        origin: `${origin}: services`,
      }),
    ),
  ];
}

const journalLimits: FileResource = {
  kind: 'file',
  path: '/etc/systemd/journald.conf.d/10-vmstation.conf',
  content: `${writtenBy('system')}[Journal]\nStorage=persistent\nSystemMaxUse=500M\nMaxRetentionSec=30day\n`,
  owner: 'root',
  group: 'root',
  mode: '0644',
  notifies: [{ unit: 'systemd-journald.service', action: 'restart' }],
};

function messageOfTheDay(node: ClusterNode, { cluster }: ConfigRoleContext): FileResource {
  const roles = node.roles.join(', ');
  const power = node.power.policy;
  return {
    kind: 'file',
    path: '/etc/motd',
    content: `\n${node.name}.${cluster.domain}: ${roles} of cluster ${cluster.name} (${power})\nConfigured by VMStation; what is changed here by hand is reported as drift.\n\n`,
    owner: 'root',
    group: 'root',
    mode: '0644',
  };
}

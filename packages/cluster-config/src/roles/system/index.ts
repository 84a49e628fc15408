import type { ClusterNode, FileResource, PlacedResource, Resource } from '@vmstation/core';
import { type ConfigRole, type ConfigRoleContext, familyOf } from '../config-role.ts';
import { audit } from './audit.ts';
import { blockedModules, kernelSettings } from './kernel.ts';
import { limits } from './limits.ts';
import { logs } from './logs.ts';
import { upgrades } from './upgrades.ts';

/** What an operator reaches for on a machine that misbehaves; of these names on both families. */
const basePackages = ['less', 'lsof', 'rsync'];

/** The operating system: time zone, packages, kernel, limits, logs, security updates, audit, and what the settings ask for. */
export const systemRole: ConfigRole = {
  name: 'system',
  title: 'System',
  why: 'settings of the workspace, a hardened kernel, bounded logs, security updates, audit',
  phase: 'config',
  declare: (node, context) => [
    timezone(context),
    ...fromSettings(node, context),
    ...basePackages.map((name) => ({ kind: 'package', name }) as const),
    ...kernelSettings(context),
    blockedModules,
    ...limits(node, context),
    ...logs(context),
    ...upgrades(node, context),
    ...audit(node, context),
    messageOfTheDay(node, context),
  ],
};

function timezone({ cluster, settings }: ConfigRoleContext): Resource | PlacedResource {
  if (settings.timezone === undefined) return { kind: 'timezone', zone: cluster.timezone };
  const { value, origin } = settings.timezone;
  return { resource: { kind: 'timezone', zone: value }, origin: `${origin}: timezone` };
}

/** What dnf holds packages with. */
const holder = { kind: 'package', name: 'python3-dnf-plugin-versionlock' } as const;

function fromSettings(node: ClusterNode, { settings }: ConfigRoleContext): readonly PlacedResource[] {
  const held = familyOf(node) === 'rhel' ? [...settings.packages.values()].find(({ value }) => value.held) : undefined;
  return [
    ...(held === undefined ? [] : [{ resource: holder, origin: `${held.origin}: packages (a hold needs it)` }]),
    ...[...settings.packages.values()].map(
      ({ value, origin }): PlacedResource => ({
        resource: { kind: 'package', ...value },
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

import { rm } from 'node:fs/promises';
import {
  type DesiredResource,
  effectiveSettings,
  type HostPort,
  type NodeCheck,
  nodeOf,
  type Resource,
  resourceId,
  type Transport,
} from '@vmstation/core';
import type { LoadedWorkspace } from '@vmstation/workspace';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { countProcesses } from '../../bench/host-state/processes.ts';
import { audit } from '../../packages/cluster-config/src/roles/system/audit.ts';
import { limits, possible } from './not-on-these-machines.ts';
import { ownMachines } from './own-machines.ts';
import { desiredOf, hostsOf, onNode, twoNodeWorkspace } from './two-node-workspace.ts';

// Setup and the host roles of config on two real Debian machines, in the order of an operator's day.

const nodes = ['masternode', 'storagenodet3500'] as const;
type NodeName = (typeof nodes)[number];

const machines = await ownMachines();
let workspace: LoadedWorkspace;
let transport: Transport;
let host: HostPort;
let desired: ReadonlyMap<string, readonly DesiredResource[]>;

beforeAll(async () => {
  workspace = await twoNodeWorkspace(machines);
  ({ transport, host } = hostsOf(machines, workspace));
  desired = await desiredOf(workspace);
  console.log(['Not on these machines:', ...limits.map(({ what, why }) => `  ${what}: ${why}`)].join('\n'));
  for (const node of nodes) await onNode(transport, node, chronydThatSetsNothing);
});
afterAll(async () => {
  await transport.close();
  await rm(workspace.root, { recursive: true, force: true });
});

// Debian's unit is skipped where the clock cannot be set.
const chronydThatSetsNothing = `mkdir -p /etc/systemd/system/chrony.service.d
printf '%s\\n' '[Unit]' ConditionCapability= '[Service]' ExecStart= 'ExecStart=!/usr/sbin/chronyd -F 1 -x' >/etc/systemd/system/chrony.service.d/lab.conf
systemctl daemon-reload`;

function wanted(node: NodeName): readonly Resource[] {
  return possible(desired.get(node) ?? []);
}

/** Ids with the attributes that differ; `unreadable` with its reason. */
function deviations(check: NodeCheck): Record<string, unknown> {
  return Object.fromEntries(
    [...check.resources].flatMap(([id, state]) => {
      if (state.state === 'equal') return [];
      return [[id, state.state === 'differs' ? state.differences.map(({ attribute }) => attribute) : state.reason]];
    }),
  );
}

async function applyAll(runId: string): Promise<Record<NodeName, Record<string, readonly string[]>>> {
  const outcomes = nodes.map(async (node) => {
    const report = await host.apply({ node, runId, resources: wanted(node) });
    const bad = report.resources.filter(({ outcome }) => outcome !== 'changed' && outcome !== 'unchanged');
    expect(bad).toEqual([]);
    const changed = report.resources.filter(({ outcome }) => outcome === 'changed');
    return [node, Object.fromEntries(changed.map(({ id, differences }) => [id, differences.map((d) => d.attribute)]))];
  });
  return Object.fromEntries(await Promise.all(outcomes)) as Record<NodeName, Record<string, readonly string[]>>;
}

async function deviationsOfAll(): Promise<Record<string, unknown>> {
  const seen = nodes.map(async (node) => [node, deviations(await host.check(node, wanted(node)))]);
  return Object.fromEntries(await Promise.all(seen)) as Record<string, unknown>;
}

const clean = { masternode: {}, storagenodet3500: {} };

/** Every file below /etc and /srv, and every unit's process and start: a write that changes nothing shows as well. */
const traces = `find /etc /srv /var/spool/cron -xdev -printf '%p %i %m %u:%g %T@ %C@\\n' | sort
systemctl show --property=Id,MainPID,ActiveState,ActiveEnterTimestampMonotonic \
  rsyslog.service chrony.service ssh.service systemd-journald.service logrotate.timer
cat /proc/sys/net/core/somaxconn /proc/sys/net/ipv4/ip_forward /proc/sys/vm/swappiness`;

test('exactly what such machines cannot do is left out', () => {
  const leftOut = (node: NodeName) => {
    const kept = new Set(wanted(node).map(resourceId));
    return (desired.get(node) ?? [])
      .map(({ resource }) => resourceId(resource))
      .filter((id) => !kept.has(id))
      .toSorted();
  };
  const everywhere = [
    'command:packet-filter-in-force',
    'file:/etc/ssh/sshd_config.d/10-vmstation.conf',
    'file:/etc/sudoers.d/vmstation-users',
    'file:/etc/vmstation/firewall.nft',
    'kernel-module:br_netfilter',
    'kernel-module:ipip',
    'kernel-module:nf_conntrack',
    'kernel-module:overlay',
    'service:vmstation-firewall.service',
    'swap:system',
    'sysctl:net.bridge.bridge-nf-call-ip6tables',
    'sysctl:net.bridge.bridge-nf-call-iptables',
    'unit:vmstation-firewall.service',
  ];
  expect(leftOut('masternode')).toEqual([...everywhere, 'mount:/mnt/media', 'service:mnt-media.automount'].toSorted());
  expect(leftOut('storagenodet3500')).toEqual(
    [
      ...everywhere,
      'file:/etc/exports.d/vmstation.exports',
      'package:nfs-kernel-server',
      'service:nfs-server.service',
    ].toSorted(),
  );
});

test('bare machines are brought about, and are then as declared', async () => {
  const changed = await applyAll('first');
  for (const node of nodes) expect(Object.keys(changed[node]).length).toBeGreaterThan(20);
  expect(await deviationsOfAll()).toEqual(clean);
});

test('applied again, nothing is written and no service is touched', async () => {
  const before = await Promise.all(nodes.map((node) => onNode(transport, node, traces)));
  expect(await applyAll('second')).toEqual(clean);
  expect(await Promise.all(nodes.map((node) => onNode(transport, node, traces)))).toEqual(before);
});

test('a look at all that is declared, the audit included, starts ten processes, counted by the machine itself', async () => {
  for (const node of nodes) {
    const modelled = nodeOf(workspace.cluster, node);
    const cluster = { ...workspace.cluster, system: { ...workspace.cluster.system, audit: true } };
    const declared = (desired.get(node) ?? []).map(({ resource }) => resource);
    const resources = [...declared, ...audit(modelled, { cluster, settings: effectiveSettings([], modelled) })];
    const { whole, bare, told } = await countProcesses(transport, host, node, resources);
    expect({ node, started: whole - bare + 1, told }).toEqual({ node, started: 10, told: 10 });
  }
});

const tampering: Readonly<Record<NodeName, string>> = {
  masternode: `echo '# by hand' >>/etc/systemd/journald.conf.d/10-vmstation.conf
chmod 0600 /etc/chrony/chrony.conf
echo 100 >/proc/sys/net/core/somaxconn
apt-get remove -y -qq lsof >/dev/null`,
  storagenodet3500: `systemctl stop chrony.service
chown 0:0 /srv/media
sed -i '/masternode/d' /etc/hosts
ln -sfn /usr/share/zoneinfo/Asia/Tokyo /etc/localtime`,
};
const tampered = {
  masternode: {
    'file:/etc/systemd/journald.conf.d/10-vmstation.conf': ['content'],
    'file:/etc/chrony/chrony.conf': ['mode'],
    'sysctl:net.core.somaxconn': ['running'],
    'package:lsof': ['ensure'],
  },
  storagenodet3500: {
    'service:chrony.service': ['active'],
    'directory:/srv/media': ['owner', 'group'],
    'hosts-entries:nodes': [`names of ${machines.machines[0]?.address}`],
    'timezone:system': ['zone'],
  },
};

test('what is tampered with is reported, exactly that is repaired, and a rollback takes the repair back', async () => {
  for (const node of nodes) await onNode(transport, node, tampering[node]);
  expect(await deviationsOfAll()).toEqual(tampered);
  expect(await applyAll('repair')).toEqual(tampered);
  expect(await deviationsOfAll()).toEqual(clean);
  for (const node of nodes) expect(await host.rollback(node, 'repair')).toMatchObject({ failed: [] });
  expect(await deviationsOfAll()).toEqual(tampered);
  expect(await applyAll('repair-again')).toEqual(tampered);
  expect(await deviationsOfAll()).toEqual(clean);
});

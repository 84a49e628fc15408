import type { Resource } from '@vmstation/core';
import { type ConfigRole, familyOf, writtenBy } from '../config-role.ts';
import { addressingOf } from './addressing.ts';
import { firewallRules, firewallTable } from './firewall-table.ts';

const rulesFile = '/etc/vmstation/firewall.nft';
const unit = 'vmstation-firewall.service';
/** What the kernel had right after the rules were loaded: what anybody changes there later differs from it. */
const listing = '/run/vmstation-firewall.listing';
const list = ['nft', '-s', 'list', 'table', ...firewallTable.split(' ')];

/** Resolver, network card, and the packet filter of the node, computed from what the model places on it; all guarded. */
export const networkingRole: ConfigRole = {
  name: 'networking',
  title: 'Networking',
  why: 'only what the model places on the node is reachable, SSH always',
  phase: 'config',
  declare: (node, { cluster }) => [
    ...addressingOf(node, cluster),
    { kind: 'package', name: 'nftables' },
    {
      kind: 'file',
      path: rulesFile,
      content: firewallRules(node, cluster),
      owner: 'root',
      group: 'root',
      mode: '0644',
      guard: 'firewall',
      validate: { command: ['nft', '-c', '-f', '{}'], unlessMissing: true },
      after: ['package:nftables'],
      notifies: [{ unit, action: 'reload' }],
    },
    { kind: 'unit', name: unit, content: unitFile, guard: 'firewall', after: [`file:${rulesFile}`] },
    { kind: 'service', unit, enabled: true, active: true, guard: 'firewall', after: [`unit:${unit}`] },
    rulesInForce,
    ...(familyOf(node) === 'rhel' ? [firewalldOff] : []),
  ],
};

// A unit that has run stays active when somebody flushes its table, so the kernel itself is asked.
const rulesInForce: Resource = {
  kind: 'command',
  name: 'packet-filter-in-force',
  check: list,
  prints: listing,
  run: ['systemctl', 'reload-or-restart', '--', unit],
  guard: 'firewall',
  after: [`service:${unit}`],
};

// Its forward chain rejects what Calico routes between pods, and Calico's manual asks for it to be off.
const firewalldOff: Resource = {
  kind: 'service',
  unit: 'firewalld.service',
  enabled: false,
  active: false,
  guard: 'firewall',
  after: [`service:${unit}`],
};

// nftables.service is left alone: its own file begins by flushing every table, those of Calico and kube-proxy included.
const unitFile = `${writtenBy('networking')}[Unit]
Description=Packet filter of VMStation (table ${firewallTable})
Wants=network-pre.target
Before=network-pre.target shutdown.target
Conflicts=shutdown.target
DefaultDependencies=no

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/sbin/nft -f ${rulesFile}
ExecStartPost=/bin/sh -c '/usr/sbin/${list.join(' ')} >${listing}'
ExecReload=/usr/sbin/nft -f ${rulesFile}
ExecReload=/bin/sh -c '/usr/sbin/${list.join(' ')} >${listing}'
ExecStop=/usr/sbin/nft delete table ${firewallTable}

[Install]
WantedBy=sysinit.target
`;

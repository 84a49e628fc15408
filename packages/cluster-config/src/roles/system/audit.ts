import type { ClusterNode, Resource } from '@vmstation/core';
import { type ConfigRoleContext, familyOf, writtenBy } from '../config-role.ts';

const rulesFile = '/etc/audit/rules.d/50-vmstation.rules';
const rulesUnit = 'vmstation-audit-rules.service';
/** What the kernel had of these rules right after they were loaded: what anybody takes out there later differs from it. */
const listing = '/run/vmstation-audit.listing';
// Every key begins like this, and auditctl lists the rules whose key has it (key_match in its sources, 3.0.9 to 4.2).
const loadedRules = ['auditctl', '-l', '-k', 'vmstation-'];

/** What is recorded, by the key that finds it again (`ausearch -k KEY`). Programs of the system that nobody logged in for are left out. */
const rules: Readonly<Record<string, readonly string[]>> = {
  'vmstation-accounts': ['passwd', 'shadow', 'group', 'gshadow', 'sudoers', 'sudoers.d/'].map(
    (file) => `-w /etc/${file} -p wa`,
  ),
  'vmstation-ways-in': ['ssh/', 'pam.d/', 'security/', 'vmstation/'].map((folder) => `-w /etc/${folder} -p wa`),
  'vmstation-kernel': ['-a always,exit -F arch=b64 -S init_module,finit_module,delete_module -F auid!=unset'],
  'vmstation-time': ['-a always,exit -F arch=b64 -S settimeofday,clock_settime -F auid!=unset'],
  'vmstation-mounts': ['-a always,exit -F arch=b64 -S mount,umount2 -F auid!=unset'],
};

/**
 * The audit daemon with a small set of rules. The rules have a unit of their own: Debian's auditd starts well without them, and RHEL's
 * refuses to be restarted. Where the kernel has no audit for the machine (containers), both units fail, and the step with them.
 */
export function audit(node: ClusterNode, { cluster }: ConfigRoleContext): readonly Resource[] {
  if (!cluster.system.audit) return [];
  const name = familyOf(node) === 'debian' ? 'auditd' : 'audit';
  return [
    { kind: 'package', name },
    {
      kind: 'file',
      path: rulesFile,
      content: `${writtenBy('system')}${Object.entries(rules)
        .flatMap(([key, list]) => list.map((rule) => `${rule} -k ${key}\n`))
        .join('')}`,
      owner: 'root',
      group: 'root',
      mode: '0640',
      after: [`package:${name}`],
      notifies: [{ unit: rulesUnit, action: 'restart' }],
    },
    { kind: 'unit', name: rulesUnit, content: unitText, after: [`package:${name}`] },
    { kind: 'service', unit: 'auditd.service', enabled: true, active: true, after: [`package:${name}`] },
    {
      kind: 'service',
      unit: rulesUnit,
      enabled: true,
      active: true,
      after: [`file:${rulesFile}`, `unit:${rulesUnit}`, 'service:auditd.service'],
    },
    rulesInForce,
  ];
}

// A unit that has run stays active when somebody takes a rule out, so the kernel itself is asked.
const rulesInForce: Resource = {
  kind: 'command',
  name: 'audit-rules-in-force',
  check: loadedRules,
  prints: listing,
  run: ['systemctl', 'restart', '--', rulesUnit],
  after: [`service:${rulesUnit}`],
};

const unitText = `${writtenBy('system')}[Unit]
Description=Audit rules of VMStation, beside those of others
After=auditd.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/sbin/augenrules --load
ExecStartPost=/bin/sh -c '/usr/sbin/${loadedRules.join(' ')} >${listing} && grep -qF vmstation- ${listing}'
${Object.keys(rules)
  .map((key) => `ExecStop=-/usr/sbin/auditctl -D -k ${key}\n`)
  .join('')}
[Install]
WantedBy=multi-user.target
`;

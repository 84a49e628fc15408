import {
  type Cluster,
  type ClusterSystem,
  effectiveSettings,
  exampleCluster,
  nodeOf,
  type Resource,
  resourceId,
} from '@vmstation/core';
import { expect, test } from 'vitest';
import { systemRole } from './index.ts';

const example = exampleCluster();

function declare(node: string, system: Partial<ClusterSystem> = {}): ReadonlyMap<string, Resource> {
  const cluster: Cluster = { ...example, system: { ...example.system, ...system } };
  const settings = effectiveSettings([], nodeOf(cluster, node));
  return new Map(
    systemRole
      .declare(nodeOf(cluster, node), { cluster, settings })
      .map((declared) => ('resource' in declared ? declared.resource : declared))
      .map((resource) => [resourceId(resource), resource]),
  );
}

function content(resources: ReadonlyMap<string, Resource>, path: string): string {
  const file = resources.get(`file:${path}`);
  return file?.kind === 'file' ? (file.content ?? '') : '';
}

const aptFile = '/etc/apt/apt.conf.d/52vmstation-upgrades';

test('Debian takes security updates only, without a reboot and never what runs the pods', () => {
  const resources = declare('masternode');
  const text = content(resources, aptFile);
  expect(text.match(/"origin=.*"/g)).toEqual([
    // biome-ignore lint/suspicious/noTemplateCurlyInString: apt's own variable
    '"origin=Debian,codename=${distro_codename},label=Debian-Security"',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: apt's own variable
    '"origin=Debian,codename=${distro_codename}-security,label=Debian-Security"',
  ]);
  expect(text).toContain('Automatic-Reboot "false"');
  for (const name of ['kubelet', 'kubeadm', 'containerd', 'runc']) expect(text).toContain(`  "${name}";\n`);
  expect(resources.get('service:apt-daily-upgrade.timer')).toMatchObject({ enabled: true, active: true });
});

test('RHEL does the same by dnf-automatic', () => {
  const resources = declare('homelab');
  const text = content(resources, '/etc/dnf/automatic.conf');
  expect(text).toMatch(/upgrade_type = security\n[^]*reboot = never\n[^]*excludepkgs = kubelet\* kubeadm\*/);
  expect(resources.get('service:dnf-automatic.timer')).toMatchObject({ enabled: true, active: true });
  expect(resources.has('package:unattended-upgrades')).toBe(false);
});

test('upgrades that are switched off are off on the machines too', () => {
  expect(content(declare('masternode', { upgrades: 'off' }), aptFile)).toContain('Unattended-Upgrade "0"');
  expect(declare('masternode', { upgrades: 'off' }).has('package:unattended-upgrades')).toBe(false);
  expect(declare('homelab', { upgrades: 'off' }).get('service:dnf-automatic.timer')).toMatchObject({
    enabled: false,
    active: false,
  });
});

test('the journal stays on disk within what the model allows', () => {
  const system = { journal: { size: '2G', keepDays: 7 } };
  expect(content(declare('homelab', system), '/etc/systemd/journald.conf.d/10-vmstation.conf')).toMatch(
    /\nStorage=persistent\nSystemMaxUse=2G\nMaxRetentionSec=7day\n$/,
  );
});

test('services may open what the model says; logins are never given more than they have', () => {
  const resources = declare('masternode', { openFiles: 65_536 });
  expect(content(resources, '/etc/systemd/system.conf.d/10-vmstation.conf')).toContain(
    '\nDefaultLimitNOFILE=1024:65536\n',
  );
  const logins = content(resources, '/etc/security/limits.d/90-vmstation.conf').split('\n');
  expect(logins.filter((line) => /^[^#]/.test(line) && !line.endsWith(' core 0'))).toEqual([]);
});

test('every audit rule has a key, and the unit takes exactly these back', () => {
  const resources = declare('masternode');
  const rules = content(resources, '/etc/audit/rules.d/50-vmstation.rules').match(/^-.*/gm) ?? [];
  const keys = new Set(rules.map((rule) => / -k (vmstation-\S+)$/.exec(rule)?.[1]));
  const unit = resources.get('unit:vmstation-audit-rules.service');
  const stopped = unit?.kind === 'unit' ? [...unit.content.matchAll(/^ExecStop=-\S+ -D -k (\S+)$/gm)] : [];
  expect(rules.length).toBeGreaterThan(8);
  expect(new Set(stopped.map(([, key]) => key))).toEqual(keys);
  // A rule that was taken out of the kernel by hand is seen.
  expect(resources.get('command:audit-rules-in-force')).toMatchObject({
    after: ['service:vmstation-audit-rules.service'],
  });
  expect(resources.get('service:auditd.service')).toMatchObject({ active: true });
  expect([...declare('masternode', { audit: false }).keys()].filter((id) => id.includes('audit'))).toEqual([]);
});

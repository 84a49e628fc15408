import type { ClusterNode, Resource } from '@vmstation/core';
import { type ConfigRoleContext, familyOf, writtenBy } from '../config-role.ts';

const aptFile = '/etc/apt/apt.conf.d/52vmstation-upgrades';
const dnfFile = '/etc/dnf/automatic.conf';

// What Kubespray installs and upgrades, node by node, with the pods moved away first. It takes most from release files, a package may still stand there.
const ofKubernetes = [
  'kubelet',
  'kubeadm',
  'kubectl',
  'cri-tools',
  'kubernetes-cni',
  'containerd',
  'runc',
  'docker',
  'etcd',
];

/** Security updates that install themselves; never a reboot, never what runs the pods. */
export function upgrades(node: ClusterNode, { cluster }: ConfigRoleContext): readonly Resource[] {
  const on = cluster.system.upgrades === 'security';
  return familyOf(node) === 'debian' ? debian(on) : rhel(on);
}

const plainFile = { owner: 'root', group: 'root', mode: '0644' } as const;

function debian(on: boolean): readonly Resource[] {
  const header = writtenBy('system').replace('#', '//');
  if (!on) {
    const content = `${header}APT::Periodic::Unattended-Upgrade "0";\n`;
    return [{ kind: 'file', path: aptFile, content, ...plainFile }];
  }
  const after = ['package:unattended-upgrades', `file:${aptFile}`] as const;
  return [
    { kind: 'package', name: 'unattended-upgrades' },
    {
      kind: 'file',
      path: aptFile,
      content: `${header}${unattended}`,
      ...plainFile,
      after: ['package:unattended-upgrades'],
    },
    // It ends with the package only when somebody stops it.
    {
      kind: 'service',
      unit: 'unattended-upgrades.service',
      enabled: true,
      active: true,
      after: ['package:unattended-upgrades'],
    },
    { kind: 'service', unit: 'apt-daily.timer', enabled: true, active: true, after },
    { kind: 'service', unit: 'apt-daily-upgrade.timer', enabled: true, active: true, after },
  ];
}

// Expressions are matched from the beginning of a package's name.
const unattended = `APT::Periodic::Update-Package-Lists "1";
APT::Periodic::Unattended-Upgrade "1";
APT::Periodic::AutocleanInterval "7";
#clear Unattended-Upgrade::Origins-Pattern;
#clear Unattended-Upgrade::Allowed-Origins;
Unattended-Upgrade::Origins-Pattern {
  "origin=Debian,codename=\${distro_codename},label=Debian-Security";
  "origin=Debian,codename=\${distro_codename}-security,label=Debian-Security";
};
Unattended-Upgrade::Package-Blacklist {
${ofKubernetes.map((name) => `  "${name}";\n`).join('')}};
Unattended-Upgrade::Automatic-Reboot "false";
Unattended-Upgrade::MinimalSteps "true";
Unattended-Upgrade::SyslogEnable "true";
`;

function rhel(on: boolean): readonly Resource[] {
  if (!on) return [{ kind: 'service', unit: 'dnf-automatic.timer', enabled: false, active: false }];
  const content = `${writtenBy('system')}[commands]
upgrade_type = security
download_updates = yes
apply_updates = yes
reboot = never

[emitters]
emit_via = stdio

[base]
excludepkgs = ${ofKubernetes.map((name) => `${name}*`).join(' ')}
`;
  const after = ['package:dnf-automatic', `file:${dnfFile}`] as const;
  return [
    { kind: 'package', name: 'dnf-automatic' },
    { kind: 'file', path: dnfFile, content, ...plainFile, after: ['package:dnf-automatic'] },
    { kind: 'service', unit: 'dnf-automatic.timer', enabled: true, active: true, after },
  ];
}

import {
  type ClusterNode,
  type Declaration,
  exampleWorkspace,
  mergeDeclarations,
  nodeOf,
  type Overlay,
  type OverlayFile,
  resourceId,
  type Workspace,
} from '@vmstation/core';
import { expect, test } from 'vitest';
import { declareConfig } from '../declare-config.ts';
import { kernelSettingsOf } from './overlay-kernel-settings.ts';
import { overlayRuleOf } from './overlay-rules.ts';

const { cluster } = exampleWorkspace();
const masternode = nodeOf(cluster, 'masternode');
const homelab = nodeOf(cluster, 'homelab');

function overlay(
  kind: 'host' | 'group',
  name: string,
  files: Readonly<Record<string, string>>,
  values: Readonly<Record<string, unknown>> = {},
): Overlay {
  const folder = kind === 'host' ? `hosts/${name}` : `group/${name}`;
  return {
    scope: { kind, name },
    files: Object.entries(files).map(([path, content]) => ({
      path,
      content,
      mode: '0644',
      origin: `${folder}${path}`,
    })),
    settings: { values, origin: `${folder}/settings.yaml` },
  };
}

async function declared(...overlays: readonly Overlay[]): Promise<readonly Declaration[]> {
  const workspace: Workspace = exampleWorkspace({ overlays });
  return declareConfig(workspace);
}

function at(list: readonly Declaration[], node: string, id: string): readonly Declaration[] {
  return list.filter((declaration) => declaration.node === node && resourceId(declaration.resource) === id);
}

test('a host file goes to that host only, as it is, and nothing else changes', async () => {
  const before = await declared();
  const after = await declared(overlay('host', 'masternode', { '/etc/cron.d/scrub': '0 3 * * 0 root true\n' }));
  const changed = after.filter(
    (declaration) => !before.some((old) => JSON.stringify(old) === JSON.stringify(declaration)),
  );
  expect(changed).toEqual([
    {
      node: 'masternode',
      phase: 'config',
      role: 'files',
      origin: 'hosts/masternode/etc/cron.d/scrub',
      resource: {
        kind: 'file',
        path: '/etc/cron.d/scrub',
        content: '0 3 * * 0 root true\n',
        mode: '0644',
        owner: 'root',
        group: 'root',
      },
    },
  ]);
  expect(after.length).toBe(before.length + 1);
});

test('editing one host file changes exactly that file on that host', async () => {
  const before = await declared(overlay('host', 'homelab', { '/etc/motd': 'one\n' }));
  const after = await declared(overlay('host', 'homelab', { '/etc/motd': 'two\n' }));
  expect(after.length).toBe(before.length);
  const changed = after.filter((declaration, index) => JSON.stringify(declaration) !== JSON.stringify(before[index]));
  expect(changed.map(({ node, resource }) => [node, resourceId(resource)])).toEqual([['homelab', 'file:/etc/motd']]);
});

test('of role, group and host the host wins, a later group over an earlier one', async () => {
  const common = overlay('group', 'common', { '/etc/motd': 'common\n' });
  const compute = overlay('group', 'compute', { '/etc/motd': 'compute\n' });
  const host = overlay('host', 'homelab', { '/etc/motd': 'host\n' });
  const motd = async (...overlays: readonly Overlay[]) => {
    const [only, ...more] = at(await declared(...overlays), 'homelab', 'file:/etc/motd');
    expect(more).toEqual([]);
    return [only?.resource.kind === 'file' ? only.resource.content : undefined, only?.origin, only?.role];
  };
  expect((await motd())[1]).toBe('role system');
  expect(await motd(compute, common)).toEqual(['compute\n', 'group/compute/etc/motd', 'system']);
  expect(await motd(host, common, compute)).toEqual(['host\n', 'hosts/homelab/etc/motd', 'system']);
});

test("a file at a role's path keeps what the role knows about it", async () => {
  const drop = '/etc/ssh/sshd_config.d/10-vmstation.conf';
  const list = await declared(
    overlay('host', 'masternode', { [drop]: 'PermitRootLogin no\n', '/etc/chrony/chrony.conf': 'pool example.org\n' }),
  );
  expect(at(list, 'masternode', `file:${drop}`)).toMatchObject([
    {
      role: 'ssh',
      origin: `hosts/masternode${drop}`,
      resource: { content: 'PermitRootLogin no\n', guard: 'sshd', validate: { command: ['sshd', '-t', '-f', '{}'] } },
    },
  ]);
  expect(at(list, 'masternode', 'file:/etc/chrony/chrony.conf')).toMatchObject([
    { phase: 'setup', role: 'ntp', resource: { notifies: [{ unit: 'chrony.service', action: 'restart' }] } },
  ]);
});

test.each<[string, ClusterNode, object]>([
  [
    '/etc/ssh/sshd_config',
    homelab,
    { role: 'ssh', guard: 'sshd', notifies: [{ unit: 'sshd.service', action: 'reload' }] },
  ],
  ['/etc/ssh/ssh_config.d/x.conf', homelab, { role: 'ssh' }],
  ['/etc/chrony/conf.d/x.conf', masternode, { role: 'ntp', phase: 'setup' }],
  ['/etc/chrony.conf', homelab, { role: 'ntp', notifies: [{ unit: 'chronyd.service', action: 'restart' }] }],
  ['/etc/rsyslog.d/50-x.conf', masternode, { role: 'syslog' }],
  ['/etc/fstab', masternode, { role: 'storage' }],
  ['/etc/exports', masternode, { role: 'storage' }],
  [
    '/etc/sudoers.d/ops',
    masternode,
    { role: 'files', guard: 'sudoers', validate: { command: ['visudo', '-c', '-f', '{}'] } },
  ],
  ['/etc/pam.d/sshd', masternode, { role: 'files', guard: 'pam' }],
  ['/root/.ssh/authorized_keys', masternode, { role: 'ssh', guard: 'login-key' }],
  ['/etc/resolv.conf', masternode, { role: 'networking', guard: 'resolver' }],
  ['/etc/network/interfaces', masternode, { role: 'networking', guard: 'network' }],
  ['/etc/nftables.conf', masternode, { role: 'networking', guard: 'firewall' }],
  ['/etc/sysctl.d/50-x.conf', masternode, { role: 'system' }],
  ['/usr/local/bin/x', masternode, { role: 'files' }],
  ['/etc/security/access.conf', masternode, { guard: 'pam' }],
  ['/etc/nsswitch.conf', masternode, { guard: 'resolver' }],
  ['/etc/systemd/resolved.conf.d/x.conf', masternode, { guard: 'resolver' }],
  ['/etc/netplan/50-x.yaml', masternode, { guard: 'network' }],
  ['/etc/systemd/network/10-x.network', masternode, { guard: 'network' }],
  ['/etc/NetworkManager/system-connections/x.nmconnection', homelab, { guard: 'network' }],
  ['/etc/hosts.deny', masternode, { guard: 'sshd' }],
  ['/etc/passwd', masternode, { guard: 'login-key' }],
  ['/home/ops/.ssh/authorized_keys', masternode, { guard: 'login-key' }],
  ['/etc/nftables.conf', masternode, { validate: { command: ['nft', '-c', '-f', '{}'], unlessMissing: true } }],
  ['/etc/systemd/system/nftables.service.d/x.conf', masternode, { guard: 'firewall' }],
])('%s is recognised by its path', (path, node, expected) => {
  expect(overlayRuleOf(path, node)).toMatchObject(expected);
});

test('a unit file makes systemd read its units again, and a file in a home belongs to its user', async () => {
  const list = await declared(
    overlay('host', 'homelab', {
      '/etc/systemd/system/x.service.d/mem.conf': '[Service]\n',
      '/home/alex/.profile': 'x\n',
      '/etc/systemd/system/sshd.service.d/port.conf': '[Service]\n',
    }),
  );
  expect(at(list, 'homelab', 'unit:sshd.service.d/port.conf')).toMatchObject([
    { role: 'ssh', resource: { guard: 'sshd', notifies: [{ unit: 'sshd.service', action: 'restart' }] } },
  ]);
  expect(at(list, 'homelab', 'unit:x.service.d/mem.conf')).toMatchObject([
    { resource: { kind: 'unit', content: '[Service]\n' } },
  ]);
  expect(at(list, 'homelab', 'file:/home/alex/.profile')[0]?.resource).toMatchObject({ owner: 'alex' });
});

test('limits of logins that the operator writes are tried, those of the role cannot shut anybody out', async () => {
  const path = '/etc/security/limits.d/90-vmstation.conf';
  const limitsIn = (list: readonly Declaration[]) =>
    list.find(({ node, resource }) => node === 'homelab' && resourceId(resource) === `file:${path}`)?.resource;
  expect(limitsIn(await declared())).not.toHaveProperty('guard');
  expect(limitsIn(await declared(overlay('host', 'homelab', { [path]: '* hard nofile 99999999\n' })))).toMatchObject({
    guard: 'pam',
    content: '* hard nofile 99999999\n',
  });
});

test('settings in overlay files hold in the running kernel, and replace the defaults of the role', async () => {
  const list = await declared(
    overlay('group', 'common', { '/etc/sysctl.d/50-x.conf': '# ours\nkernel.kptr_restrict = 1\nvm.swappiness=10\n' }),
  );
  const told = ['kernel.dmesg_restrict', 'kernel.kptr_restrict', 'vm.swappiness'];
  const settings = list.filter(
    ({ node, resource }) => node === 'homelab' && resource.kind === 'sysctl' && told.includes(resource.key),
  );
  expect(
    settings.map(({ resource, origin }) => [resourceId(resource), 'value' in resource ? resource.value : '', origin]),
  ).toEqual([
    ['sysctl:kernel.dmesg_restrict', '1', 'role system'],
    ['sysctl:kernel.kptr_restrict', '1', 'group/common/etc/sysctl.d/50-x.conf:2'],
    ['sysctl:vm.swappiness', '10', 'group/common/etc/sysctl.d/50-x.conf:3'],
  ]);
});

test('a setting and an overlay file that disagree are refused with both places', async () => {
  const list = await declared(
    overlay('host', 'homelab', { '/etc/sysctl.conf': 'vm.swappiness = 60\n' }, { sysctl: { 'vm.swappiness': '10' } }),
  );
  expect(() => mergeDeclarations(['homelab'], list)).toThrow(
    /hosts\/homelab\/settings.yaml: sysctl asks for "10", hosts\/homelab\/etc\/sysctl.conf:1 for "60"/,
  );
});

test('files are read in the order in which sysctl reads them; patterns stay in the file', () => {
  const file = (path: string, content: string): OverlayFile => ({ path, content, mode: '0644', origin: path });
  expect(
    kernelSettingsOf([
      file('/etc/sysctl.conf', 'kernel.panic=1\n'),
      file('/etc/sysctl.d/99-z.conf', 'kernel/panic = 2\n; comment\nnet.ipv4.conf.*.rp_filter = 1\n-net.x = 1\n'),
      file('/etc/sysctl.d/10-a.conf', 'kernel.panic = 3\nnet.ipv4.tcp_rmem = 1  2\t3\n'),
      file('/etc/sysctl.d/readme', 'kernel.panic = 4\n'),
    ]).map(({ key, value }) => `${key}=${value}`),
  ).toEqual(['kernel.panic=1', 'net.ipv4.tcp_rmem=1 2 3']);
});

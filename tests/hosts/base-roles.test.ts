import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FileResource, Resource, Transport } from '@vmstation/core';
import type { LoadedWorkspace } from '@vmstation/workspace';
import { openWorkspace } from '@vmstation/workspace';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startOperator } from './operator.ts';
import { ownMachines } from './own-machines.ts';
import { desiredOf, hostsOf, onNode, twoNodeWorkspace } from './two-node-workspace.ts';

// The roles system and storage on real machines, before the programs that have to live with what they write.

const machines = await ownMachines();
const node = 'masternode';
const server = 'storagenodet3500';
/** 75 was reached in a container, which has no boot loader, no AppArmor and no audit. */
const leastIndex = 75;
const operator = await startOperator(machines);
let workspace: LoadedWorkspace;
let transport: Transport;
let wanted: ReadonlyMap<string, readonly Resource[]>;

beforeAll(async () => {
  workspace = await edited(await twoNodeWorkspace(machines), 'audit: false', 'audit: false, open-files: 65536');
  operator.workspace = workspace.root;
  ({ transport } = hostsOf(machines, workspace));
  wanted = await resourcesOf(workspace);
  await must('node', 'trust', '--yes');
  await must('setup', '--yes');
});
afterAll(async () => {
  await transport.close();
  await rm(workspace.root, { recursive: true, force: true });
});

async function edited({ root }: LoadedWorkspace, from: string, to: string): Promise<LoadedWorkspace> {
  const path = join(root, 'vmstation.yaml');
  const text = await readFile(path, 'utf8');
  expect(text).toContain(from);
  await writeFile(path, text.replace(from, to));
  return openWorkspace(root);
}

async function resourcesOf(of: LoadedWorkspace): Promise<ReadonlyMap<string, readonly Resource[]>> {
  const desired = await desiredOf(of);
  return new Map([...desired].map(([name, list]) => [name, list.map(({ resource }) => resource)]));
}

async function must(...args: readonly string[]): Promise<string> {
  const { exitCode, text } = await operator.vmstation(...args);
  expect(exitCode, text).toBe(0);
  return text;
}

const asRoot = (script: string, on: string = node): Promise<string> => onNode(transport, on, script);

/** Exit code and everything that a program said. */
const judged = (script: string, on: string = node): Promise<string> =>
  asRoot(`{ ${script}; } 2>&1 && echo '[0]' || echo "[$?]"`, on);

function file(path: string, on: string): FileResource {
  const found = (wanted.get(on) ?? []).find((one) => one.kind === 'file' && one.path === path);
  if (found?.kind !== 'file') throw new Error(`${on} declares no file ${path}`);
  return found;
}

test('the base roles are brought about, and a second time there is nothing to do', async () => {
  const apply = ['config', 'apply', '--tags', 'system,ssh,networking,syslog', '--yes'];
  await must(...apply);
  const traces = `find /etc /var/log/journal -xdev \\( -name '*.journal*' -o -name '*.cache' \\) -prune -o -printf '%p %i %m %u:%g %T@ %C@\\n' | sort`;
  const before = await asRoot(traces);
  expect(await must(...apply)).toContain('Nothing to change');
  expect(await asRoot(traces)).toBe(before);
});

test('kernel settings are in force, and still are when all files are read in their order', async () => {
  const settings = (wanted.get(node) ?? [])
    .filter((one) => one.kind === 'sysctl')
    .filter(({ key }) => !key.startsWith('net.bridge.'));
  expect(settings.length).toBeGreaterThan(20);
  const script = settings.map(({ key }) => `sysctl -n ${key}`).join('\n');
  const values = settings.map(({ value }) => `${value}\n`).join('');
  expect(await asRoot(script)).toBe(values);
  await asRoot('sysctl --system >/dev/null');
  expect(await asRoot(script)).toBe(values);
  expect(await asRoot('sysctl -n net.ipv4.ip_forward net.ipv4.conf.all.forwarding')).toBe('1\n1\n');
});

test('modules that nobody needs are loaded by nothing', async () => {
  expect(await asRoot("modprobe --showconfig | grep -c '^install .* /bin/false$'")).toBe('11\n');
});

test('limits hold at once: for services, for logins, for shells that wait', async () => {
  const defaults = await asRoot(
    'systemctl show -p DefaultLimitNOFILE -p DefaultLimitNOFILESoft -p DefaultLimitCORESoft',
  );
  expect(defaults.trim().split('\n').toSorted()).toEqual([
    'DefaultLimitCORESoft=0',
    'DefaultLimitNOFILE=65536',
    'DefaultLimitNOFILESoft=1024',
  ]);
  expect(await asRoot("systemd-run -q --wait --pipe sh -c 'ulimit -Sn; ulimit -Sc'")).toBe('1024\n0\n');
  expect(await asRoot("su -l ops -c 'ulimit -Sc; ulimit -Hc; echo $TMOUT'")).toBe('0\n0\n3600\n');
});

test('the journal is on disk, outlives its daemon and keeps to its size', async () => {
  await asRoot('logger -t base-roles before; journalctl --sync; systemctl restart systemd-journald.service');
  await asRoot('logger -t base-roles after; journalctl --sync');
  const read = 'journalctl -q --no-pager -o cat -t base-roles -D /var/log/journal';
  await expect.poll(() => asRoot(read), { timeout: 30_000 }).toBe('before\nafter\n');
  expect(await asRoot('ls /run/log/journal 2>/dev/null | wc -l')).toBe('0\n');
  const said = await asRoot("journalctl -q --no-pager -o cat -u systemd-journald | grep 'System Journal' | tail -n 1");
  expect(said).toMatch(/\/var\/log\/journal.* max 500\.0M/);
});

test('log files rotate by what is written, and the units of the roles are good units', async () => {
  expect(await judged('logrotate -d /etc/logrotate.conf')).toMatch(/^(?![^]*error:)[^]*\[0\]\n$/);
  await asRoot("printf '%s\\n' '/var/log/base-roles.log {' missingok '}' >/etc/logrotate.d/base-roles");
  await asRoot(
    'echo line >/var/log/base-roles.log; logrotate -f /etc/logrotate.conf; echo more >/var/log/base-roles.log',
  );
  await asRoot('logrotate -f /etc/logrotate.conf');
  expect(await asRoot('ls /var/log/base-roles.log.*; rm /etc/logrotate.d/base-roles')).toBe(
    '/var/log/base-roles.log.1\n/var/log/base-roles.log.2.gz\n',
  );
  expect(await judged('systemd-analyze verify /etc/systemd/system/vmstation-*.service')).toBe('[0]\n');
  expect(await asRoot('systemctl is-active logrotate.timer apt-daily.timer apt-daily-upgrade.timer')).toBe(
    'active\nactive\nactive\n',
  );
});

test('unattended-upgrade takes the security archive alone, and never Kubernetes', async () => {
  const said = await judged('unattended-upgrade --dry-run --debug');
  expect(said).toContain(
    '\nAllowed origins are: origin=Debian,codename=bookworm,label=Debian-Security, origin=Debian,codename=bookworm-security,label=Debian-Security\n',
  );
  expect(said).toContain('\nInitial blacklist: kubelet kubeadm kubectl cri-tools kubernetes-cni containerd runc ');
  expect(said).toMatch(/\[0\]\n$/);
  const told = await asRoot('apt-config dump APT::Periodic; apt-config dump Unattended-Upgrade::Automatic-Reboot');
  expect(told).toContain('APT::Periodic::Unattended-Upgrade "1";');
  expect(told).toContain('Unattended-Upgrade::Automatic-Reboot "false";');
});

test('what is mounted over the network never stops the start, as systemd and findmnt read it', async () => {
  const mount = (wanted.get(node) ?? []).find((one) => one.kind === 'mount');
  if (mount?.kind !== 'mount') throw new Error('masternode mounts nothing');
  const { host } = hostsOf(machines, workspace);
  const report = await host.apply({ node, runId: 'fstab', resources: [{ ...mount, after: [] }] });
  expect(report.resources.map(({ outcome }) => outcome)).toEqual(['changed']);
  // The kernel of a container has no NFS: that is all there is to say.
  expect(await judged('findmnt --verify')).toMatch(/(?:Success|0 parse errors, 0 errors)[^]*\[0\]\n$/);
  const units = await asRoot('systemctl cat mnt-media.mount mnt-media.automount');
  expect(units).toContain('\nTimeoutSec=30s\n');
  expect(units).toContain('\nTimeoutIdleSec=10min\n');
  expect(await asRoot('systemctl show -p Requires local-fs.target remote-fs.target')).not.toContain('media');
  expect(await asRoot('systemctl show -p Wants remote-fs.target')).toContain('mnt-media.automount');
  await host.rollback(node, 'fstab');
});

test('exports are what exportfs understands, to the client alone; the folder belongs to its number', async () => {
  const { content = '' } = file('/etc/exports.d/vmstation.exports', server);
  const { host } = hostsOf(machines, workspace);
  const folder = (wanted.get(server) ?? []).filter((one) => one.kind === 'directory' && one.path === '/srv/media');
  await host.apply({ node: server, runId: 'storage', resources: folder });
  expect(await asRoot("stat -c '%u:%g %a' /srv/media", server)).toBe('1000:1000 775\n');
  // The programs of NFS without their kernel: only the file is judged.
  await asRoot(
    'DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends nfs-kernel-server >/dev/null 2>&1',
    server,
  );
  await asRoot(`mkdir -p /etc/exports.d; cat >/etc/exports.d/vmstation.exports <<'END'\n${content}END`, server);
  expect(await judged('exportfs -ra', server)).toBe('[0]\n');
  const client = machines.machines.find(({ name }) => name === node)?.address ?? '';
  expect((await asRoot('exportfs -s', server)).trim().split('\n')).toEqual([
    expect.stringMatching(
      new RegExp(`^/srv/media +${client.replaceAll('.', '\\.')}\\(.*sync.*no_subtree_check.*rw.*root_squash`),
    ),
  ]);
});

test('a machine that can have no audit is told to have failed, every time', async () => {
  const apply = ['config', 'apply', '--node', server, '--tags', 'system', '--yes'] as const;
  await must(...apply);
  await edited(workspace, 'audit: false', 'audit: true');
  for (const _ of ['first', 'second']) {
    const { exitCode, text } = await operator.vmstation(...apply);
    expect(exitCode, text).toBe(1);
    expect(text).toContain('1 failed');
    const said = text.replaceAll(/\s+/g, ' ');
    expect(said).toContain('Failed to start vmstation-audit-rules.service');
  }
  expect((await operator.vmstation('drift', '--node', server)).exitCode).toBe(2);
  await edited(workspace, 'audit: true', 'audit: false');
});

test(`lynis finds at least ${leastIndex} of 100`, async () => {
  await asRoot('DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends lynis >/dev/null 2>&1');
  await asRoot('systemd-run -q --unit=lynis-run -p RemainAfterExit=yes lynis audit system --quick --no-colors --quiet');
  const ended = () => asRoot('systemctl show -p SubState --value lynis-run.service');
  await expect.poll(ended, { timeout: 280_000, interval: 3000 }).toMatch(/exited|failed/);
  const report = await asRoot('cat /var/log/lynis-report.dat');
  const index = Number(/^hardening_index=(\d+)$/m.exec(report)?.[1]);
  console.log(`lynis: hardening index ${index} of 100 (a container: no boot loader, no AppArmor, no audit)`);
  expect(index).toBeGreaterThanOrEqual(leastIndex);
});

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type ApplyReport,
  effectiveSettings,
  exampleCluster,
  type HostPort,
  nodeOf,
  type Resource,
  type Transport,
} from '@vmstation/core';
import { createHost } from '@vmstation/host';
import { hostKey, openSshTransport, sshKeygen, trustHostKey } from '@vmstation/remote';
import { afterEach, expect, test } from 'vitest';
import { audit } from '../packages/cluster-config/src/roles/system/audit.ts';
import { Machine } from '../packages/lab/src/machine/machine.ts';
import type { Face } from '../packages/lab/src/machine/machine-spec.ts';
import { type LabSshServer, startSshServer } from '../packages/lab/src/ssh/ssh-server.ts';

// Every kind of resource on simulated machines of both families, over the system's own ssh and sudo.

interface LabMachine {
  readonly machine: Machine;
  readonly host: HostPort;
  readonly transport: Transport;
}
const open: { server: LabSshServer; transport: Transport; folder: string }[] = [];
afterEach(async () => {
  for (const { server, transport, folder } of open.splice(0)) {
    await transport.close();
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  }
});

async function labMachine(face: Face): Promise<LabMachine> {
  const folder = mkdtempSync(join(tmpdir(), 'vmstation-lab-'));
  const identityFile = join(folder, 'id');
  const { publicKey } = await sshKeygen(identityFile, 'test');
  const nics = [{ name: 'enp1s0', mac: '02:00:00:00:00:63', ip: '192.168.4.63' }];
  const machine = new Machine({
    name: 'masternode',
    face,
    nics,
    operator: { name: 'ops', authorizedKeys: [publicKey] },
  });
  await machine.begin(false);
  const server = await startSshServer(machine, { port: 0 });
  const [type = '', key = ''] = server.hostKey.split(' ');
  const knownHostsFile = join(folder, 'known_hosts');
  await trustHostKey(knownHostsFile, 'masternode', [hostKey(type, key)]);
  const nodes = { masternode: { address: '127.0.0.1', port: server.port, user: 'ops', identityFile } };
  const transport = openSshTransport({ nodes, knownHostsFile, controlDir: join(folder, 'c') });
  open.push({ server, transport, folder });
  return { machine, transport, host: createHost({ transport, clock: { now: () => new Date() } }) };
}

const unit = (run: string): string =>
  `[Unit]\nDescription=test\n[Service]\nExecStart=${run}\n[Install]\nWantedBy=multi-user.target\n`;
const everyKind: readonly Resource[] = [
  { kind: 'package', name: 'chrony' },
  { kind: 'package', name: 'rsyslog' },
  { kind: 'group', name: 'media', gid: 2000 },
  { kind: 'user', name: 'media', uid: 2000, group: 'media', system: true, shell: '/usr/sbin/nologin' },
  { kind: 'user', name: 'alex', groups: ['media'], shell: '/bin/sh' },
  { kind: 'authorized-key', user: 'alex', key: 'ssh-ed25519 AAAAother alex' },
  { kind: 'directory', path: '/srv/media', owner: 'media', group: 'media', mode: '2775' },
  { kind: 'file', path: '/etc/motd', content: "it's é $HOME\n", owner: 'root', group: 'root', mode: '0644' },
  { kind: 'file', path: '/etc/krb5.keytab', content: 'bin\u0001\u00ff, no newline', mode: '0600', secret: true },
  { kind: 'symlink', path: '/etc/vmstation', target: 'motd' },
  { kind: 'line', path: '/etc/login.defs', name: 'umask', line: 'UMASK 027', match: '^[[:space:]]*UMASK' },
  { kind: 'unit', name: 'stays.service', content: unit('/bin/sleep 1000') },
  { kind: 'service', unit: 'stays.service', enabled: true, active: true },
  { kind: 'kernel-module', name: 'overlay' },
  { kind: 'sysctl', key: 'net.ipv4.ip_forward', value: '1' },
  { kind: 'hostname', name: 'master' },
  { kind: 'timezone', zone: 'Europe/Berlin' },
  { kind: 'swap', ensure: 'off' },
  { kind: 'hosts-entry', address: '192.168.4.63', names: ['masternode.home.arpa', 'masternode'] },
  { kind: 'mount', path: '/srv/scratch', source: 'scratch', fstype: 'tmpfs', options: ['size=1m'], mounted: true },
  {
    kind: 'command',
    name: 'stamp',
    run: ['touch', '/etc/stamp'],
    check: ['test', '-e', '/etc/stamp'],
    undo: ['rm', '/etc/stamp'],
  },
];
const notEnding = (report: ApplyReport, outcome: string) => report.resources.filter((one) => one.outcome !== outcome);

test.each<Face>(['debian-12', 'rhel-10'])(
  '%s: every kind is brought about, left alone, reported when tampered with, and taken back',
  async (face) => {
    const { machine, host, transport } = await labMachine(face);
    const found = await host.check('masternode', everyKind);
    expect(found.facts).toMatchObject({
      family: face === 'rhel-10' ? 'rhel' : 'debian',
      hostname: 'masternode',
      cpus: 4,
      hasSystemd: true,
      macs: ['02:00:00:00:00:63'],
    });
    const apply = (runId: string) => host.apply({ node: 'masternode', runId, resources: everyKind });
    expect(notEnding(await apply('first'), 'changed')).toEqual([]);
    const { writes } = machine;
    expect(notEnding(await apply('second'), 'unchanged')).toEqual([]);
    expect(machine.writes).toBe(writes);
    const tamper =
      'echo 0 >/proc/sys/net/ipv4/ip_forward; chmod 600 /etc/motd; systemctl stop stays.service; echo UMASK 022 >>/etc/login.defs';
    await transport.run('masternode', { argv: ['sh', '-c', tamper], elevate: true, timeoutMs: 10_000 });
    const { resources } = await host.check('masternode', everyKind);
    const differing = [...resources].flatMap(([id, state]) =>
      state.state === 'differs' ? state.differences.map(({ attribute }) => `${id} ${attribute}`) : [],
    );
    expect(differing).toEqual([
      'file:/etc/motd mode',
      'line:/etc/login.defs#umask line',
      'service:stays.service active',
      'sysctl:net.ipv4.ip_forward running',
    ]);
    expect((await apply('third')).resources.filter(({ outcome }) => outcome === 'changed')).toHaveLength(4);
    expect((await host.rollback('masternode', 'third')).failed).toEqual([]);
    await transport.run('masternode', {
      argv: ['sed', '-i', '$d', '/etc/login.defs'],
      elevate: true,
      timeoutMs: 10_000,
    });
    await transport.run('masternode', { argv: ['chmod', '644', '/etc/motd'], elevate: true, timeoutMs: 10_000 });
    expect((await host.rollback('masternode', 'first')).failed).toEqual([]);
    const back = await host.check('masternode', everyKind);
    expect([...back.resources]).toEqual([...found.resources]);
  },
);

test.each([
  ['debian-12', 'masternode'],
  ['rhel-10', 'homelab'],
] as const)('%s: an audit rule that was taken out of the kernel is told and comes back', async (face, name) => {
  const { host, transport } = await labMachine(face);
  const cluster = exampleCluster();
  const modelled = nodeOf(cluster, name);
  const resources = audit(modelled, { cluster, settings: effectiveSettings([], modelled) });
  const node = 'masternode';
  const first = await host.apply({ node, runId: 'audit-1', resources });
  expect(first.resources.filter(({ outcome }) => outcome !== 'changed' && outcome !== 'unchanged')).toEqual([]);
  const takeOut = ['auditctl', '-D', '-k', 'vmstation-time'];
  await transport.run(node, { argv: takeOut, elevate: true, timeoutMs: 10_000 });
  const report = await host.apply({ node, runId: 'audit-2', resources });
  expect(notEnding(report, 'unchanged').map(({ id, outcome }) => [id, outcome])).toEqual([
    ['command:audit-rules-in-force', 'changed'],
  ]);
});

test('a unit that dies a moment after its start is failed, with its last words', async () => {
  const { host } = await labMachine('debian-12');
  const resources: Resource[] = [
    { kind: 'unit', name: 'dies.service', content: unit('/bin/sh -c "echo cannot open its port; sleep 1; exit 3"') },
    { kind: 'service', unit: 'dies.service', enabled: true, active: true },
  ];
  const report = await host.apply({ node: 'masternode', runId: 'r', resources });
  expect(report.resources[1]).toMatchObject({
    outcome: 'failed',
    reason: expect.stringContaining('cannot open its port'),
  });
});

test('a machine whose commands say yes and do nothing is never green', async () => {
  const { machine, host } = await labMachine('debian-12');
  machine.faults.liar = true;
  const report = await host
    .apply({ node: 'masternode', runId: 'r', resources: everyKind })
    .catch((error: unknown) => error);
  const outcomes =
    'resources' in (report as object) ? (report as ApplyReport).resources.map(({ outcome }) => outcome) : [];
  expect(outcomes.filter((outcome) => outcome === 'changed')).toEqual([]);
});

test('a broken package database fails with its cause', async () => {
  const { machine, host } = await labMachine('debian-12');
  machine.faults.brokenPackages = true;
  const broken = await host.apply({ node: 'masternode', runId: 'r', resources: [{ kind: 'package', name: 'chrony' }] });
  expect(broken.resources[0]).toMatchObject({ outcome: 'failed', reason: expect.stringMatching(/./) });
});

test('without the right to sudo the error says so', async () => {
  const { machine, host } = await labMachine('debian-12');
  machine.faults.noSudo = true;
  await expect(host.check('masternode', everyKind)).rejects.toMatchObject({ code: 'ssh/no-sudo' });
});

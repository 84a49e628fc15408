import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exampleCluster } from '@vmstation/core';
import { openSshTransport } from '@vmstation/remote';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { labTryMode } from '../composition/lab-try-mode.ts';
import { askLab, labAnswers } from './lab-client.ts';
import { type LabPaths, labPaths } from './lab-paths.ts';
import { type LabStart, startLab, stopLab } from './start-lab.ts';

let start: LabStart;
let paths: LabPaths;

beforeAll(() => {
  const workspaceRoot = mkdtempSync(join(tmpdir(), 'lab-'));
  paths = labPaths(workspaceRoot);
  mkdirSync(paths.stateDir);
  writeFileSync(paths.knownHostsFile, 'masternode ssh-ed25519 AAAAreal\n');
  const entry = (call: string) => [process.execPath, '--input-type=module', '-e', call, '--'];
  const index = JSON.stringify(join(import.meta.dirname, '../index.ts'));
  start = {
    workspaceRoot,
    cluster: exampleCluster(),
    daemon: entry(`const { runLab } = await import(${index}); await runLab(process.argv[1]);`),
    installer: entry(
      `const { runLabInstaller } = await import(${index}); process.exitCode = await runLabInstaller(process.argv[1], process.argv.slice(2));`,
    ),
  };
});

afterAll(async () => {
  await stopLab(paths);
  rmSync(start.workspaceRoot, { recursive: true, force: true });
});

function ssh(node: string, command: string): { code: number | null; out: string } {
  const done = spawnSync(
    'ssh',
    ['-F', paths.sshConfigFile, '-o', 'BatchMode=yes', '-o', 'ConnectTimeout=3', node, command],
    {
      encoding: 'utf8',
      timeout: 15_000,
    },
  );
  return { code: done.status, out: `${done.stdout}${done.stderr}`.trim() };
}

test('the lab starts once, and its machines are reached by OpenSSH with their own host keys', async () => {
  const status = await startLab(start);
  expect(status.nodes.map(({ name, power }) => `${name} ${power}`)).toEqual([
    'masternode on',
    'storagenodet3500 on',
    'homelab on',
  ]);
  expect((await startLab(start)).pid).toBe(status.pid);
  for (const { name } of status.nodes) expect(ssh(name, 'hostname')).toEqual({ code: 0, out: name });
  expect(ssh('homelab', 'cat /etc/os-release').out).toContain('Red Hat');
});

test('disks survive the killing of the process, and ports and host keys stay', async () => {
  const before = await askLab(paths, 'status', {});
  expect(ssh('masternode', 'echo kept > /etc/kept && echo done')).toEqual({ code: 0, out: 'done' });
  process.kill(before.pid, 'SIGKILL');
  while (await labAnswers(paths)) await new Promise((resolve) => setTimeout(resolve, 20));
  const after = await startLab(start);
  expect(after.pid).not.toBe(before.pid);
  expect(after.nodes.map((node) => node.sshPort)).toEqual(before.nodes.map((node) => node.sshPort));
  expect(ssh('masternode', 'cat /etc/kept')).toEqual({ code: 0, out: 'kept' });
});

test('a suspended machine says nothing until it is woken', async () => {
  await askLab(paths, 'node.power', { node: 'homelab', order: 'suspend' });
  expect(await askLab(paths, 'node.power', { node: 'homelab' })).toMatchObject({ state: 'asleep', power: 'suspended' });
  expect(ssh('homelab', 'true').code).toBe(255);
  expect(await askLab(paths, 'node.readiness', { node: 'homelab' })).toMatchObject({ reachable: false });
  await askLab(paths, 'node.power', { node: 'homelab', order: 'wake' });
  expect(ssh('homelab', 'echo awake')).toEqual({ code: 0, out: 'awake' });
});

test('a change that locks out is undone, one that does not stays', async () => {
  const transport = openSshTransport({
    nodes: {},
    knownHostsFile: paths.knownHostsFile,
    configFile: paths.sshConfigFile,
    controlDir: join(paths.stateDir, 'ssh', 'control'),
  });
  onTestFinished(() => transport.close());
  const tryMode = labTryMode(paths, transport);
  const report = { node: 'masternode', resources: [], after: undefined };
  await tryMode.attempt({ node: 'masternode', area: 'sshd', runId: 'run' }, async () => {
    ssh('masternode', 'echo fine > /etc/motd');
    return report;
  });
  expect(ssh('masternode', 'cat /etc/motd').out).toBe('fine');
  const attempt = tryMode.attempt({ node: 'masternode', area: 'sshd', runId: 'run' }, async () => {
    ssh('masternode', 'rm -f ~/.ssh/authorized_keys; echo gone > /etc/motd');
    return report;
  });
  await expect(attempt).rejects.toMatchObject({ code: 'host/not-confirmed' });
  expect(ssh('masternode', 'cat /etc/motd').out).toBe('fine');
});

test('writes are counted, and reading is no write', async () => {
  const first = await askLab(paths, 'counters', {});
  ssh('homelab', 'cat /etc/os-release; ls /');
  expect(await askLab(paths, 'counters', {})).toEqual(first);
  ssh('homelab', 'touch /root/x');
  const { machines } = await askLab(paths, 'counters', {});
  expect(machines.homelab).toBeGreaterThan(first.machines.homelab ?? 0);
});

const inventory = `
all:
  hosts:
    masternode: {ansible_host: 192.168.4.63, ip: 192.168.4.63}
    homelab: {ansible_host: 192.168.4.62, ip: 192.168.4.62}
  vars: {kubeconfig_localhost: true, kube_pods_subnet: 10.244.0.0/16}
  children:
    kube_control_plane: {hosts: {masternode: {}}}
    etcd: {hosts: {masternode: {}}}
    kube_node: {hosts: {homelab: {}}}
    k8s_cluster: {children: {kube_control_plane: {}, kube_node: {}}}
`;

function install(): { code: number | null; out: string } {
  const file = join(start.workspaceRoot, 'hosts.yaml');
  writeFileSync(file, inventory);
  const done = spawnSync(join(paths.binDir, 'ansible-playbook'), ['-i', file, 'kubernetes_sigs.kubespray.cluster'], {
    encoding: 'utf8',
    env: { ...process.env, VMSTATION_LAB_PACE_MS: '0' },
    timeout: 20_000,
  });
  return { code: done.status, out: `${done.stdout}${done.stderr}` };
}

test('the installer on PATH refuses bare machines and builds the cluster on prepared ones; it survives kill -9', async () => {
  expect(install()).toMatchObject({ code: 2, out: expect.stringContaining('v2_runner_on_failed') as unknown });
  expect((await askLab(paths, 'status', {})).cluster).toBeUndefined();
  for (const node of ['masternode', 'homelab']) {
    ssh(node, 'command -v dnf && dnf install -y python3 kernel-modules-extra || apt-get install -y python3');
    ssh(node, 'swapoff -a; modprobe overlay; modprobe br_netfilter; sysctl -w net.ipv4.ip_forward=1');
  }
  expect(install()).toMatchObject({ code: 0, out: expect.stringContaining('v2_playbook_on_stats') as unknown });
  const { cluster } = await askLab(paths, 'status', {});
  expect(cluster?.version).toBe('v1.35.4');
  expect(install().out).not.toContain('"changed":true');
  const kubeconfig = readFileSync(join(start.workspaceRoot, 'artifacts/admin.conf'), 'utf8');
  expect(ssh('masternode', 'cat /etc/kubernetes/admin.conf').out).toBe(kubeconfig.trim());

  process.kill((await askLab(paths, 'status', {})).pid, 'SIGKILL');
  while (await labAnswers(paths)) await new Promise((resolve) => setTimeout(resolve, 20));
  expect((await startLab(start)).cluster).toEqual(cluster);
  expect(readFileSync(paths.kubeconfigFile, 'utf8')).toBe(kubeconfig);
});

test('stopping puts back what the workspace itself had', async () => {
  expect(await stopLab(paths)).toBe(true);
  expect(await labAnswers(paths)).toBe(false);
  expect(readFileSync(paths.knownHostsFile, 'utf8')).toBe('masternode ssh-ed25519 AAAAreal\n');
  expect(existsSync(paths.sshConfigFile)).toBe(false);
  expect(await stopLab(paths)).toBe(false);
});

import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  exampleCluster,
  exampleFacts,
  exampleReading,
  inputHash,
  missing,
  type NodeReading,
  Secret,
  type StepResult,
} from '@vmstation/core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { clusterObjects, fakeKube } from '../fixtures/fake-kube.ts';
import { folderFiles, infraContext } from '../fixtures/infra-context.ts';
import { createInfraPhase } from './infra-phase.ts';

const cluster = exampleCluster();
const version = `v${cluster.versions.kubernetes}`;
const phase = createInfraPhase({ kubesprayCheckout: undefined, settleMs: 200 });
const noCluster = fakeKube(version, () => undefined);
let folder = '';
let bin = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'infra-'));
  bin = folder;
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Puts an executable `ansible-playbook` in place. */
function installer(script: string): void {
  const program = join(bin, 'ansible-playbook');
  writeFileSync(program, `#!/bin/sh\n${script}\n`);
  chmodSync(program, 0o755);
}

const recap = JSON.stringify({
  _event: 'v2_playbook_on_stats',
  stats: Object.fromEntries(
    cluster.nodes.map((node) => [node.name, { ok: 5, changed: 2, failures: 0, unreachable: 0 }]),
  ),
});
/** Prints a good recap and leaves a kubeconfig, as Kubespray does. */
const goodInstaller = `mkdir -p "$(dirname "$2")/artifacts"; echo 'clusters: []' > "$(dirname "$2")/artifacts/admin.conf"; echo '${recap}'`;

async function run(context: ReturnType<typeof infraContext>, told: string[] = []): Promise<Record<string, StepResult>> {
  const steps = await phase.plan(context);
  const results: Record<string, StepResult> = {};
  for (const step of steps) {
    const [result] = await phase.perform([step], context, 'run-1', (_id, line) => told.push(line));
    if (result === undefined) throw new Error('no result');
    results[step.id] = result;
    if (result.outcome === 'failed' || result.outcome === 'blocked' || result.outcome === 'not-run') break;
  }
  return results;
}

test('bare nodes: the plan shows the files to be rendered, and says that Kubespray’s inside is unknown', async () => {
  installer('exit 0');
  const setup = missing('setup', 'setup/not-prepared', 'nothing is prepared');
  const steps = await phase.plan(infraContext(folder, noCluster, { path: bin, facts: { setup } }));
  expect(steps.map((step) => `${step.id} ${step.effect}`)).toEqual([
    'infra/render change',
    'infra/deploy unknown',
    'infra/kubeconfig unknown',
    'infra/verify none',
  ]);
  expect(steps[1]).toMatchObject({
    unknownUntil: 'setup',
    reversible: false,
    why: expect.stringContaining('Kubespray decides') as unknown,
  });
  expect(steps[1]?.needs.awake).toEqual(cluster.nodes.map((node) => node.name));
  expect(existsSync(join(folder, 'rendered'))).toBe(false);
});

test('without the installer the phase is blocked and says which program is missing', async () => {
  const [, deploy] = await phase.plan(infraContext(folder, noCluster));
  expect(deploy?.blockedBy).toMatchObject({
    code: 'infra/installer-missing',
    reason: expect.stringContaining('ansible-playbook') as unknown,
  });
});

test('an installation is followed, its kubeconfig taken over with mode 0600, and the cluster compared', async () => {
  installer(goodInstaller);
  const kube = fakeKube(version, () => (existsSync(join(folder, 'kubeconfig')) ? clusterObjects(cluster) : undefined));
  const context = infraContext(folder, kube, { path: bin });
  const results = await run(context);
  expect(Object.values(results).map((result) => `${result.stepId} ${result.outcome}`)).toEqual([
    'infra/render changed',
    'infra/deploy changed',
    'infra/kubeconfig changed',
    'infra/verify unchanged',
  ]);
  expect(results['infra/verify']?.findings.every((finding) => finding.state === 'ok')).toBe(true);
  expect(await phase.observe(context)).toMatchObject({ missing: false, fact: { version } });
});

test('the second run has nothing to do when the live cluster equals the model and the inputs are those of the last green run', async () => {
  installer(goodInstaller);
  const kube = fakeKube(version, () => clusterObjects(cluster));
  const first = infraContext(folder, kube, { path: bin });
  await run(first);
  const hash = (await phase.plan(first))[1]?.inputHash ?? '';
  const history = {
    lastGreen: (id: string) => (id === 'infra/deploy' ? { inputHash: hash, at: new Date() } : undefined),
  };
  const again = await phase.plan(infraContext(folder, kube, { path: bin, history }));
  expect(again.map((step) => `${step.id} ${step.effect} ${step.action?.type ?? '-'}`)).toEqual([
    'infra/render none -',
    'infra/deploy none -',
    'infra/kubeconfig none -',
    'infra/verify none check',
  ]);
  const other = { lastGreen: () => ({ inputHash: inputHash('other'), at: new Date() }) };
  expect((await phase.plan(infraContext(folder, kube, { path: bin, history: other })))[1]?.effect).toBe('unknown');
});

test('false green: an installer that exits 0 and does nothing ends red and names the cause', async () => {
  installer('exit 0');
  const results = await run(infraContext(folder, noCluster, { path: bin }));
  expect(results['infra/deploy']).toMatchObject({
    outcome: 'failed',
    error: { code: 'infra/installer-failed' },
    reason: expect.stringContaining('without a recap') as unknown,
  });
  expect(results['infra/verify']).toBeUndefined();
});

test('false green: a lying recap leaves no kubeconfig', async () => {
  installer(`echo '${recap}'`);
  const results = await run(infraContext(folder, noCluster, { path: bin }));
  expect(results['infra/kubeconfig']).toMatchObject({
    outcome: 'failed',
    error: { code: 'infra/kubeconfig-missing' },
  });
});

test('false green: a cluster with other ranges than the model is named by verify', async () => {
  installer(goodInstaller);
  const kube = fakeKube(version, () => clusterObjects(cluster, { pods: '10.233.64.0/18' }));
  const context = infraContext(folder, kube, { path: bin });
  const results = await run(context);
  expect(results['infra/verify']).toMatchObject({
    outcome: 'failed',
    reason: expect.stringContaining('infra/pod-range: want 10.244.0.0/16; seen 10.233.64.0/18') as unknown,
  });
  expect(await phase.observe(context)).toMatchObject({ missing: true, code: 'infra/pod-range' });
});

test('Ansible’s environment keeps host keys checked, facts private and output pure', async () => {
  installer(`env > '${bin}/env'; printf '%s\\n' "$@" > '${bin}/args'; ${goodInstaller}`);
  await run(
    infraContext(
      folder,
      fakeKube(version, () => clusterObjects(cluster)),
      { path: bin },
    ),
  );
  const env = readFileSync(join(bin, 'env'), 'utf8');
  expect(env).toContain('ANSIBLE_HOST_KEY_CHECKING=True');
  expect(env).toContain('ANSIBLE_STDOUT_CALLBACK=ansible.posix.jsonl');
  expect(env).toContain(`ANSIBLE_CACHE_PLUGIN_CONNECTION=${join(folder, 'infra/facts')}`);
  expect(env).toMatch(/^ANSIBLE_CALLBACKS_ENABLED=$/m);
  expect(readFileSync(join(bin, 'args'), 'utf8')).toBe(
    `-i\n${join(folder, 'rendered/kubespray/inventory/hosts.yaml')}\nkubernetes_sigs.kubespray.cluster\n`,
  );
});

test('passwords of sudo reach Kubespray in a file of its operator’s alone, which is gone when the run ends', async () => {
  const seen = `stat -c %a "\${file#@}" > '${bin}/mode'; cat "\${file#@}" > '${bin}/seen'`;
  installer(`printf '%s\\n' "$@" > '${bin}/args'; for file; do :; done; ${seen}; ${goodInstaller}`);
  const base = infraContext(
    folder,
    fakeKube(version, () => clusterObjects(cluster)),
    {
      path: bin,
      secrets: { get: async (name) => new Secret(`{{ pass }} of ${name}`), has: async () => true },
    },
  );
  const nodes = base.workspace.cluster.nodes.map((node) =>
    node.name === 'homelab' ? { ...node, ssh: { ...node.ssh, sudoPassword: { secret: 'homelab-sudo' } } } : node,
  );
  const context = { ...base, workspace: { ...base.workspace, cluster: { ...base.workspace.cluster, nodes } } };
  expect((await run(context))['infra/deploy']?.outcome).toBe('changed');
  expect(readFileSync(join(bin, 'mode'), 'utf8')).toBe('600\n');
  const { vmstation_become_passwords: passwords } = JSON.parse(readFileSync(join(bin, 'seen'), 'utf8')) as {
    vmstation_become_passwords: Record<string, string>;
  };
  expect(Object.keys(passwords)).toEqual(['homelab']);
  expect(Buffer.from(passwords['homelab'] ?? '', 'base64').toString()).toBe('{{ pass }} of homelab-sudo');
  expect(readFileSync(join(bin, 'args'), 'utf8')).not.toContain('pass }}');
  expect(readdirSync(join(folder, 'infra')).filter((name) => name.startsWith('secrets-'))).toEqual([]);
  const inventory = readFileSync(join(folder, 'rendered/kubespray/inventory/hosts.yaml'), 'utf8');
  expect(inventory.match(/ansible_become_password/g)).toHaveLength(1);
});

test('a stopped run leaves the installer at work; the next one follows it and starts no second', async () => {
  installer(`echo started >> '${bin}/starts'; sleep 1; ${goodInstaller}`);
  const kube = fakeKube(version, () => clusterObjects(cluster));
  const stop = new AbortController();
  const first = infraContext(folder, kube, { path: bin, signal: stop.signal });
  setTimeout(() => stop.abort(), 300);
  expect((await run(first))['infra/deploy']).toMatchObject({ outcome: 'unknown' });
  const told: string[] = [];
  const results = await run(infraContext(folder, kube, { path: bin }), told);
  expect(results['infra/deploy']?.outcome).toBe('changed');
  expect(told.join('\n')).toContain('following it');
  expect(readFileSync(join(bin, 'starts'), 'utf8')).toBe('started\n');
});

test('a file that Ansible would read as variables beside ours is shown in the plan and removed', async () => {
  installer(goodInstaller);
  const files = folderFiles(folder);
  await files.write('rendered/kubespray/inventory/group_vars/all/extra.yml', 'kube_pods_subnet: 10.0.0.0/8\n');
  const context = infraContext(
    folder,
    fakeKube(version, () => clusterObjects(cluster)),
    { path: bin },
  );
  expect((await phase.plan(context))[0]?.changes.map((change) => change.target)).toContain(
    'rendered/kubespray/inventory/group_vars/all/extra.yml',
  );
  await run(context);
  expect(existsSync(join(folder, 'rendered/kubespray/inventory/group_vars/all/extra.yml'))).toBe(false);
});

test('a sleeping node queues the installation; somebody else’s Kubernetes is refused', async () => {
  installer(goodInstaller);
  const asleep: NodeReading = { state: 'asleep', evidence: 'suspended since 09:00', since: undefined };
  const queued = infraContext(folder, noCluster, { path: bin, exceptions: new Map([['homelab', asleep]]) });
  expect((await phase.plan(queued))[1]?.blockedBy).toMatchObject({ code: 'node/asleep', asleep: true });

  const [node] = cluster.nodes;
  if (node === undefined) throw new Error('no node');
  const k3s = exampleReading(node, { nodes: new Map() }, { facts: { ...exampleFacts(node), kubernetes: 'k3s' } });
  const foreign = infraContext(folder, noCluster, { path: bin, exceptions: new Map([[node.name, k3s]]) });
  expect((await phase.plan(foreign))[1]?.blockedBy).toMatchObject({ code: 'infra/foreign-cluster' });
});

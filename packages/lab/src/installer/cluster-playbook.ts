import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { toAppError } from '@vmstation/core';
import type { ClusterOrder, NodeReadiness } from '../daemon/lab-protocol.ts';
import type { AnsibleInventory } from './ansible-inventory.ts';
import { clusterOrder, memberNames } from './cluster-order.ts';
import { hostChecks } from './host-checks.ts';
import { inventoryChecks } from './inventory-checks.ts';
import type { KubesprayVariables } from './kubespray-variables.ts';
import type { PlaybookOutput, TaskResult } from './playbook-output.ts';

/** What the playbook reaches the lab's machines with. */
export interface LabMachinesPort {
  readiness(node: string): Promise<NodeReadiness>;
  createCluster(order: ClusterOrder): Promise<{ readonly changed: boolean; readonly kubeconfig: string }>;
}

/** One run of the lab's cluster playbook. */
export interface PlaybookRun {
  readonly inventory: AnsibleInventory;
  /** Folder of the inventory, where the artifacts go. */
  readonly inventoryDir: string;
  readonly variablesOf: (host: string) => KubesprayVariables;
  readonly machines: LabMachinesPort;
  readonly output: PlaybookOutput;
  /** Time that a task takes, so that a run can be watched and interrupted. */
  readonly paceMs: number;
  readonly sleep: (milliseconds: number) => Promise<void>;
}

/** Plays and tasks of an installation that only print what the one call to the lab has done; names are Kubespray's. */
const installation: readonly {
  readonly play: string;
  readonly on: 'all' | 'kube_control_plane' | 'etcd';
  readonly tasks: readonly string[];
}[] = [
  {
    play: 'Prepare for etcd install',
    on: 'all',
    tasks: [
      'container-engine/runc : Runc | Download runc binary',
      'container-engine/containerd : Containerd | Unpack containerd archive',
      'container-engine/containerd : Containerd | Generate systemd service for containerd',
      'container-engine/containerd : Containerd | Ensure containerd is started and enabled',
      'download : Download | Download files / images',
    ],
  },
  {
    play: 'Install etcd',
    on: 'etcd',
    tasks: [
      'etcd : Check_certs | Register certs that have already been generated on first etcd node',
      'etcd : Gen_certs | Write etcd member certs',
      'etcd : Configure | Copy etcd.service systemd file',
      'etcd : Configure | Wait for etcd cluster to be healthy',
    ],
  },
  {
    play: 'Install Kubernetes nodes',
    on: 'all',
    tasks: [
      'kubernetes/node : Install | Copy kubelet binary from download dir',
      'kubernetes/node : Write kubelet config file',
      'kubernetes/node : Enable kubelet',
    ],
  },
];

const afterInit: typeof installation = [
  {
    play: 'Invoke kubeadm and install a CNI',
    on: 'all',
    tasks: [
      'kubernetes/kubeadm : Join to cluster if needed',
      'kubernetes/node-label : Set label to node',
      'network_plugin/cni : CNI | Copy cni plugins',
      'network_plugin/calico : Calico | Create calico manifests',
      'network_plugin/calico : Calico | Configure Calico IP Pool',
    ],
  },
  {
    play: 'Install Kubernetes apps',
    on: 'kube_control_plane',
    tasks: [
      'kubernetes-apps/ansible : Kubernetes Apps | Start CoreDNS',
      'kubernetes-apps/ansible : Kubernetes Apps | Start nodelocaldns',
    ],
  },
  {
    play: 'Apply resolv.conf changes now that cluster DNS is up',
    on: 'all',
    tasks: ['kubernetes/preinstall : Add entries to resolv.conf'],
  },
];

/** Ends the playbook: a task failed, and every error is fatal to all hosts. */
class PlaybookEnded extends Error {}

/** Runs the playbook; returns ansible-playbook's exit code. */
export async function runClusterPlaybook(run: PlaybookRun): Promise<number> {
  try {
    await validateInventory(run);
    await judgeHosts(run);
    await install(run);
  } catch (thrown) {
    if (!(thrown instanceof PlaybookEnded)) throw thrown;
  }
  return run.output.recap();
}

async function validateInventory(run: PlaybookRun): Promise<void> {
  const { inventory, variablesOf, output } = run;
  output.play('Inventory setup and validation');
  const [first] = inventory.hosts;
  if (first === undefined) throw new PlaybookEnded();
  for (const { task, judge } of inventoryChecks) {
    await perform(run, `validate_inventory : ${task}`, 'assert', [first], (host) => {
      const msg = judge(variablesOf(host), inventory);
      return msg === undefined ? { state: 'ok', msg: 'All assertions passed' } : { state: 'failed', msg };
    });
  }
}

async function judgeHosts(run: PlaybookRun): Promise<void> {
  const { inventory, variablesOf, machines, output } = run;
  output.play('Gather facts');
  const found = new Map<string, NodeReadiness>();
  await perform(run, 'Gather minimal facts', 'setup', inventory.hosts, async (host) => {
    const readiness = await machines.readiness(host);
    found.set(host, readiness);
    if (!readiness.reachable) {
      return { state: 'unreachable', msg: `Failed to connect to the host via ssh: ${readiness.because}` };
    }
    return readiness.python
      ? { state: 'ok' }
      : { state: 'failed', msg: 'The module interpreter /usr/bin/python3 was not found' };
  });
  output.play('Check the machines');
  for (const { task, judge } of hostChecks) {
    await perform(run, task, 'assert', inventory.hosts, (host) => {
      const readiness = found.get(host);
      const msg = readiness === undefined ? 'no facts' : judge(readiness, variablesOf(host), host);
      return msg === undefined ? { state: 'ok', msg: 'All assertions passed' } : { state: 'failed', msg };
    });
  }
}

async function install(run: PlaybookRun): Promise<void> {
  const { inventory, variablesOf, machines, output } = run;
  const order = clusterOrder(inventory, variablesOf);
  // The lab makes the whole cluster at once. It is asked first, so that a second run can say in every task that nothing changed.
  const made = await machines.createCluster(order).then(
    (answer) => answer,
    (thrown: unknown) => ({ refused: toAppError(thrown).message }),
  );
  const changed = !('refused' in made) && made.changed;
  for (const part of installation) await printPlay(run, part, changed);
  output.play('Install the control plane');
  const controlPlane = inventory.groupMembers('kube_control_plane');
  await perform(
    run,
    'kubernetes/control-plane : Kubeadm | Initialize first control plane node',
    'command',
    controlPlane,
    () => ('refused' in made ? { state: 'failed', msg: made.refused } : { state: 'ok', changed }),
  );
  if ('refused' in made) return;
  if (variablesOf(controlPlane[0] ?? '').flag('kubeconfig_localhost')) {
    await perform(
      run,
      'kubernetes/client : Write admin kubeconfig on ansible host',
      'copy',
      controlPlane.slice(0, 1),
      () => {
        const folder = join(run.inventoryDir, 'artifacts');
        mkdirSync(folder, { recursive: true, mode: 0o750 });
        writeFileSync(join(folder, 'admin.conf'), made.kubeconfig, { mode: 0o600 });
        return { state: 'ok', changed };
      },
    );
  }
  for (const part of afterInit) await printPlay(run, part, changed);
}

async function printPlay(run: PlaybookRun, part: (typeof installation)[number], changed: boolean): Promise<void> {
  const hosts = part.on === 'all' ? memberNames(run.inventory) : run.inventory.groupMembers(part.on);
  run.output.play(part.play);
  for (const task of part.tasks) await perform(run, task, 'command', hosts, () => ({ state: 'ok', changed }));
}

async function perform(
  run: PlaybookRun,
  task: string,
  action: string,
  hosts: readonly string[],
  work: (host: string) => TaskResult | Promise<TaskResult>,
): Promise<void> {
  run.output.task(task);
  const results = await Promise.all(hosts.map(async (host) => ({ host, result: await work(host) })));
  if (run.paceMs > 0) await run.sleep(run.paceMs);
  for (const { host, result } of results) run.output.result(host, action, result);
  const bad = results.some(({ result }) => result.state === 'failed' || result.state === 'unreachable');
  if (bad) throw new PlaybookEnded();
}

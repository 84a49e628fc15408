import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { AppError, type ProcessRunner, type Versions, type WorkspaceFiles } from '@vmstation/core';
import { inventoryDirectory } from '../kubespray/render-kubespray.ts';

/** Kubespray's playbook when it is installed as a collection. */
const collectionPlaybook = 'kubernetes_sigs.kubespray.cluster';
const gitTimeoutMs = 20_000;

/** A ready command line for the installer. */
export interface AnsibleCommand {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
}

/** infra/installer-missing: no `ansible-playbook` on PATH. */
export function installerMissing(versions: Versions): AppError {
  const { release } = versions.kubespray;
  return new AppError({
    code: 'infra/installer-missing',
    kind: 'environment',
    message: `Kubernetes is installed by Kubespray ${release}, and its program ansible-playbook is not on PATH.`,
    tryThis: `Make a virtual environment with the requirements.txt of Kubespray ${release}, and put its bin folder on PATH.`,
    nextSteps: ['vmstation explain infra/installer-missing'],
    context: { release },
  });
}

/**
 * The command that runs Kubespray over the rendered inventory: from a checkout when there is one (VMSTATION_KUBESPRAY_DIR, else
 * `.vmstation/kubespray`), else from the installed collection.
 * Throws infra/installer-missing, infra/kubespray-missing (the named folder holds no cluster.yml) and infra/kubespray-commit.
 */
export async function ansibleCommand(
  processes: ProcessRunner,
  files: WorkspaceFiles,
  versions: Versions,
  namedCheckout: string | undefined,
): Promise<AnsibleCommand> {
  const program = await processes.findOnPath('ansible-playbook');
  if (program === undefined) throw installerMissing(versions);
  const checkout = await findCheckout(processes, files, versions, namedCheckout);
  const inventory = files.resolve(`${inventoryDirectory}/hosts.yaml`);
  return {
    argv: [program, '-i', inventory, checkout === undefined ? collectionPlaybook : join(checkout, 'cluster.yml')],
    env: ansibleEnvironment(files, checkout),
    cwd: checkout ?? files.stateDir,
  };
}

/**
 * Ansible's settings, which win over the ansible.cfg of Kubespray: that one turns host key checking off and keeps facts in a shared folder
 * for a day. Pure JSON lines need every other callback to be off.
 */
export function ansibleEnvironment(files: WorkspaceFiles, checkout: string | undefined): Record<string, string> {
  return {
    ...(checkout === undefined ? {} : { ANSIBLE_CONFIG: join(checkout, 'ansible.cfg') }),
    ANSIBLE_STDOUT_CALLBACK: 'ansible.posix.jsonl',
    ANSIBLE_CALLBACKS_ENABLED: '',
    ANSIBLE_HOST_KEY_CHECKING: 'True',
    ANSIBLE_SSH_ARGS: '-o ControlMaster=auto -o ControlPersist=60s',
    ANSIBLE_CACHE_PLUGIN: 'jsonfile',
    ANSIBLE_CACHE_PLUGIN_CONNECTION: files.resolve('infra/facts'),
    ANSIBLE_RETRY_FILES_ENABLED: 'False',
    ANSIBLE_NOCOLOR: '1',
    PYTHONUNBUFFERED: '1',
  };
}

async function findCheckout(
  processes: ProcessRunner,
  files: WorkspaceFiles,
  versions: Versions,
  named: string | undefined,
): Promise<string | undefined> {
  const checkout = named ?? files.resolve('kubespray');
  if (named === undefined && !existsSync(checkout)) return undefined;
  if (!existsSync(join(checkout, 'cluster.yml'))) throw kubesprayMissing(versions, checkout);
  const { commit, release } = versions.kubespray;
  const head = await processes.run(['git', '-C', checkout, 'rev-parse', 'HEAD'], { timeoutMs: gitTimeoutMs });
  const seen = head.exitCode === 0 ? head.stdout.trim() : 'no git checkout';
  if (seen === commit) return checkout;
  throw new AppError({
    code: 'infra/kubespray-commit',
    kind: 'refused',
    message: `The Kubespray in ${checkout} is not the one of versions.lock: want ${release} (${commit}), seen ${seen}.`,
    tryThis: `git -C ${checkout} fetch --tags && git -C ${checkout} checkout ${commit}`,
    context: { checkout, want: commit, seen },
  });
}

function kubesprayMissing(versions: Versions, checkout: string): AppError {
  const { release } = versions.kubespray;
  return new AppError({
    code: 'infra/kubespray-missing',
    kind: 'environment',
    message: `There is no Kubespray in ${checkout}: it has no cluster.yml.`,
    tryThis: `git clone --branch ${release} --depth 1 https://github.com/kubernetes-sigs/kubespray.git ${checkout}`,
    context: { checkout, release },
  });
}

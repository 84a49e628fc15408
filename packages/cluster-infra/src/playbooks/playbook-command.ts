import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  AppError,
  type Cluster,
  type ClusterPlaybook,
  type PhaseContext,
  type Secrets,
  secretName,
  type WorkspaceFiles,
} from '@vmstation/core';
import type { AnsibleCommand } from '../installer/ansible-command.ts';
import { becomePasswords, becomeVariables } from '../inventory/become-passwords.ts';
import { renderInventory } from '../inventory/render-inventory.ts';
import { accessOf } from '../kubespray/write-kubespray.ts';
import { callbackName, callbackPlugin } from './callback-plugin.ts';

const pluginFolder = 'playbooks/callback_plugins';
const emptySettings = 'playbooks/ansible.cfg';

/** A command that runs a playbook, and what has to be taken away after it. */
export interface PlaybookCommand extends AnsibleCommand {
  /** Values that must be shown nowhere. */
  readonly secretValues: readonly string[];
  /** Removes the file of secrets, if Ansible has not done so. */
  forget(): Promise<void>;
}

/** playbook/ansible-missing: no `ansible-playbook` on PATH. */
export function ansibleMissing(): AppError {
  return new AppError({
    code: 'playbook/ansible-missing',
    kind: 'environment',
    message: 'A playbook is run by ansible-playbook, which is not on PATH.',
    tryThis:
      'Install Ansible (on Debian: apt install ansible-core), or put the bin folder of its virtual environment on PATH.',
  });
}

/**
 * Writes what a run of a playbook needs below the state folder (inventory, callback, variables) and gives the command. Secrets go into a file of
 * their own, mode 0600, that Ansible's callback removes once it is read. Throws playbook/ansible-missing, secret/missing, secret/cannot-decrypt.
 */
export async function playbookCommand(
  context: Pick<PhaseContext, 'workspace' | 'files' | 'secrets' | 'processes'>,
  playbook: ClusterPlaybook,
  nodes: readonly string[],
  mode: { readonly id: string; readonly check: boolean },
): Promise<PlaybookCommand> {
  const { workspace, files, secrets, processes } = context;
  const program = await processes.findOnPath('ansible-playbook');
  if (program === undefined) throw ansibleMissing();
  const { name, tags, skipTags } = playbook;
  const inventory = await writeInventory(workspace.cluster, files, name);
  await files.write(`${pluginFolder}/${callbackName}.py`, callbackPlugin, { mode: 0o600 });
  await files.write(emptySettings, '[defaults]\n', { mode: 0o600 });
  const { open, secret } = await splitVariables(playbook, secrets);
  const become = await becomePasswords(
    workspace.cluster.nodes.filter((node) => nodes.includes(node.name)),
    secrets,
  );
  const variables = await writeVariables(files, `playbooks/${name}/vars.json`, open);
  const hidden = await writeVariables(files, `playbooks/${name}/secrets-${mode.id}.json`, {
    ...secret,
    ...become.variables,
  });
  const folder = join(workspace.root, 'playbooks');
  return {
    argv: [
      program,
      ...['-i', inventory, '--limit', nodes.join(',')],
      ...[variables, hidden].flatMap((path) => (path === undefined ? [] : ['-e', `@${files.resolve(path)}`])),
      ...(tags.length === 0 ? [] : ['--tags', tags.join(',')]),
      ...(skipTags.length === 0 ? [] : ['--skip-tags', skipTags.join(',')]),
      ...(mode.check ? ['--check', '--diff'] : []),
      join(folder, `${name}.yml`),
    ],
    env: environment(files, hidden, folder),
    cwd: folder,
    secretValues: [...Object.values(secret).flatMap(textsOf), ...become.values],
    async forget() {
      if (hidden !== undefined) await files.remove(hidden);
    },
  };
}

async function writeInventory(cluster: Cluster, files: WorkspaceFiles, name: string): Promise<string> {
  const path = `playbooks/${name}/hosts.yaml`;
  await files.write(path, renderInventory(cluster, await accessOf(files), files.stateDir, becomeVariables), {
    mode: 0o600,
  });
  return files.resolve(path);
}

async function writeVariables(
  files: WorkspaceFiles,
  path: string,
  variables: Readonly<Record<string, unknown>>,
): Promise<string | undefined> {
  if (Object.keys(variables).length === 0) return undefined;
  await files.write(path, `${JSON.stringify(variables)}\n`, { mode: 0o600 });
  return path;
}

/** Variables without secrets, and those with: a list or map with one secret in it is secret as a whole. */
async function splitVariables({ vars }: ClusterPlaybook, secrets: Secrets) {
  const open: Record<string, unknown> = {};
  const secret: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(vars)) {
    const names = textsOf(value)
      .map(secretName)
      .filter((one) => one !== undefined);
    if (names.length === 0) open[name] = value;
    else secret[name] = await revealed(value, secrets);
  }
  return { open, secret };
}

async function revealed(value: unknown, secrets: Secrets): Promise<unknown> {
  if (typeof value === 'string') {
    const name = secretName(value);
    return name === undefined ? value : (await secrets.get(name)).reveal();
  }
  if (Array.isArray(value)) return Promise.all(value.map((part) => revealed(part, secrets)));
  if (typeof value !== 'object' || value === null) return value;
  const parts = Object.entries(value).map(async ([key, part]) => [key, await revealed(part, secrets)] as const);
  return Object.fromEntries(await Promise.all(parts));
}

function textsOf(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  if (Array.isArray(value)) return value.flatMap(textsOf);
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsOf) : [];
}

/** Ansible's settings, which win over an ansible.cfg beside the playbooks where an answer depends on them. */
function environment(files: WorkspaceFiles, hidden: string | undefined, folder: string): Record<string, string> {
  const config = join(folder, 'ansible.cfg');
  return {
    // One of somewhere else (the home, /etc) must not decide what a step of this workspace does.
    ANSIBLE_CONFIG: existsSync(config) ? config : files.resolve(emptySettings),
    ANSIBLE_STDOUT_CALLBACK: callbackName,
    ANSIBLE_CALLBACK_PLUGINS: files.resolve(pluginFolder),
    ANSIBLE_CALLBACKS_ENABLED: '',
    ANSIBLE_HOST_KEY_CHECKING: 'True',
    ANSIBLE_SSH_ARGS: '-o ControlMaster=auto -o ControlPersist=60s',
    ANSIBLE_PIPELINING: 'True',
    // Modules write their arguments into the journal of the machine otherwise.
    ANSIBLE_NO_TARGET_SYSLOG: 'True',
    ANSIBLE_RETRY_FILES_ENABLED: 'False',
    ANSIBLE_VERBOSITY: '0',
    ANSIBLE_DEBUG: 'False',
    ANSIBLE_NOCOLOR: '1',
    LC_ALL: 'C.UTF-8',
    PYTHONUNBUFFERED: '1',
    ...(hidden === undefined ? {} : { VMSTATION_SECRETS_FILE: files.resolve(hidden) }),
  };
}

import { randomBytes } from 'node:crypto';
import { clusterFileJsonSchema, defaultVersions, exampleClusterFile } from '@vmstation/core';
import type { ImportedCluster } from './inventory/imported-cluster.ts';
import { importedClusterFile } from './inventory/imported-cluster-file.ts';
import { versionsLockText } from './versions-lock-file.ts';

/** A file of a new workspace. Modes are octal. */
export interface StarterFile {
  readonly path: string;
  readonly content: string | Uint8Array;
  readonly mode: number;
}

/** The JSON Schema of the cluster file as a file for editors. */
export function editorSchemaText(): string {
  return `${JSON.stringify(clusterFileJsonSchema(), undefined, 2)}\n`;
}

/** Path of that file; the first line of the cluster file names it. */
export const editorSchemaPath = '.vmstation/vmstation.schema.json';

/** What `.gitignore` of a workspace must have. */
export const ignoredState = '.vmstation/';

function file(path: string, content: string, mode = 0o644): StarterFile {
  return { path, content, mode };
}

/** Files that every new workspace has, secrets aside. */
export function commonFiles(): readonly StarterFile[] {
  return [
    file('versions.lock', versionsLockText(defaultVersions)),
    file('.gitignore', `# Keys, journal, kubeconfig, rendered output: never in git.\n${ignoredState}\n`),
    file(editorSchemaPath, editorSchemaText(), 0o600),
    file('apps/README.md', appsReadme),
    file('dashboards/README.md', dashboardsReadme),
    file('secrets/README.md', secretsReadme),
  ];
}

/** The example cluster and what goes with it. */
export function exampleFiles(): readonly StarterFile[] {
  return [
    file('vmstation.yaml', exampleClusterFile()),
    file(
      'hosts/masternode/etc/motd',
      'masternode: control plane and monitoring of the cluster vmstation. Always on.\n',
    ),
    file('group/common/settings.yaml', commonSettings),
    file('group/storage/settings.yaml', storageSettings),
  ];
}

/** A cluster file with the places to fill in left empty, so that `vmstation check` lists them. */
export function blankFiles(clusterName: string): readonly StarterFile[] {
  return [file('vmstation.yaml', blankClusterFile(clusterName)), file('group/common/settings.yaml', commonSettings)];
}

/** A cluster file from an Ansible inventory, with the places to fill in that an inventory does not know. */
export function importedFiles(clusterName: string, imported: ImportedCluster): readonly StarterFile[] {
  return [
    file('vmstation.yaml', importedClusterFile(clusterName, imported)),
    file('group/common/settings.yaml', commonSettings),
  ];
}

/** Names of the generated secrets, each with a fresh random value. */
export function generatedSecrets(example: boolean): Readonly<Record<string, string>> {
  const names = example
    ? ['grafana-admin-password', 'homelab-bmc', 'minecraft-rcon', 'ntfy-topic']
    : ['grafana-admin-password'];
  // 20 letters and digits: 100 bits, and at most 20 characters, which is all that IPMI takes.
  return Object.fromEntries(names.map((name) => [name, randomText(20)]));
}

function randomText(length: number): string {
  const alphabet = 'abcdefghijkmnpqrstuvwxyz23456789';
  return [...randomBytes(length)].map((byte) => alphabet[byte % alphabet.length]).join('');
}

const commonSettings = `# For every node; what a folder under hosts/ says is stronger. vmstation config explain NODE KEY tells who won.
sysctl:
  vm.swappiness: 10
packages:
  - lsof
`;

const storageSettings = `# For nodes with the role storage: keep what is known of the files of large media folders in memory.
sysctl:
  vm.vfs_cache_pressure: 50
`;

const appsReadme = `# Applications of your own

Each folder here is one application: plain Kubernetes manifests (\`*.yaml\`) and an \`app.yaml\`:

    node: homelab      # the node that its pods are pinned to, when they are
    port: 30010        # the nodePort of its Service
    wakes: false       # true: its node may sleep, and use of the application wakes it

The name of the folder is the name of the application, and of its namespace unless \`namespace:\` says another.
\`vmstation check\` judges the manifests; \`vmstation app deploy NAME\` brings them to the cluster.
`;

const dashboardsReadme = `# Dashboards of your own

Grafana dashboards as it exports them, one \`.json\` file each. They are loaded beside those of VMStation.
`;

const secretsReadme = `# Secrets

One file per secret, encrypted with age for the public keys in \`recipients.txt\`: yours, and a recovery key that was printed once when the
workspace was made. The cluster file refers to \`NAME.age\` as \`secret:NAME\`. To put a value of your own in place of a generated one:

    vmstation secret set NAME        # asks for the value; age -R secrets/recipients.txt -o secrets/NAME.age does the same

Your own key is \`.vmstation/age-identity.txt\`. It is not in git: without it and without the recovery key nobody can read these files.
A management controller's password (\`*-bmc\`) is generated too; replace it by the real one before VMStation is to wake that machine.
`;

function blankClusterFile(clusterName: string): string {
  return `# yaml-language-server: $schema=.vmstation/vmstation.schema.json
#
# The machines of this cluster and everything that is to run on them. Fill in what is empty; vmstation check says what
# is still wrong with this file, and vmstation up makes it so. vmstation init --example shows a cluster of three machines.

cluster:
  name: ${clusterName}

network:
  nodes:                  # the range of your LAN, such as 192.168.1.0/24
  gateway:                # your router

ssh:
  user: root              # who logs in to the machines: root, or a user who may sudo
  # sudo-password: secret:sudo    # if sudo asks that user for a password; give it with: vmstation secret set sudo

nodes:
  masternode:             # the host name of the machine that is always on
    address:              # its IPv4 address
    os: debian-12         # debian-12, debian-13, rhel-9 or rhel-10
    roles: [control-plane, worker, monitoring]
    power: always-on

  # A machine that sleeps when nobody uses it:
  # storage:
  #   address:
  #   os: debian-12
  #   mac:                # of the network card that wakes it
  #   roles: [worker, storage]
  #   power: { policy: auto-sleep, idle-after: 2h }
`;
}

import { type CommandDefinition, defineCommand } from '../command/define-command.ts';

/** Commands about the workspace itself. */
export const workspaceCommands: readonly CommandDefinition[] = [
  defineCommand({
    path: ['init'],
    summary: 'write a workspace',
    description:
      'Writes a workspace into the folder: vmstation.yaml with the editor schema, versions.lock, a key for SSH, a key for secrets and generated passwords. With --example the cluster file is the example cluster of three machines; with --from-inventory it has the machines of an Ansible inventory (INI, YAML or JSON, with group_vars/ and host_vars/ beside it), their roles guessed from the names of their groups, and everything that was not taken is listed with file and line. Values that ansible-vault encrypted are never read. Nothing that is there already is overwritten.',
    options: [
      { name: 'example', description: 'the example cluster: masternode, storagenodet3500, homelab' },
      { name: 'from-inventory', value: 'file', description: 'the machines of an Ansible inventory' },
    ],
    args: [{ name: 'folder', description: 'where (default: here, or --workspace)', required: false }],
    examples: [
      ['vmstation init my-cluster', 'a workspace to fill in'],
      ['vmstation init --example try', 'the example cluster, ready for the lab'],
      ['vmstation init --from-inventory hosts.ini my-cluster', 'the machines that Ansible knows'],
    ],
    replaces: ['cluster-config inventory', 'hosts.ini'],
    mutates: true,
    exitCodes: [0],
    load: async () => (await import('../handlers/init.ts')).handleInit,
  }),
  defineCommand({
    path: ['check'],
    summary: 'all faults of the workspace at once',
    description:
      'Reads vmstation.yaml, versions.lock, drift-ignore.yaml, hosts/, group/, apps/ and secrets/, and reports every fault with file, line, column, what is wrong and how to mend it. Reaches no machine.',
    examples: [['vmstation check', 'before a commit']],
    replaces: ['tests/syntax'],
    mutates: false,
    exitCodes: [0],
    load: async () => (await import('../handlers/check.ts')).handleCheck,
  }),
  defineCommand({
    path: ['secret', 'set'],
    summary: 'encrypt a value into the workspace',
    description:
      'Encrypts a value for everybody in secrets/recipients.txt and writes it as secrets/NAME.age, which the cluster file refers to as secret:NAME. The value is typed at the terminal, twice and without being shown, or comes from standard input; it never stands on a command line. A value that is there is replaced.',
    args: [{ name: 'name', description: 'name of the secret, as after secret: in the cluster file', required: true }],
    examples: [
      ['vmstation secret set sudo', 'the password that sudo asks for on the machines (ssh.sudo-password)'],
      ['pass show bmc | vmstation secret set homelab-bmc', 'from a password store'],
    ],
    replaces: [],
    mutates: true,
    exitCodes: [0],
    load: async () => (await import('../handlers/secret-set.ts')).handleSecretSet,
  }),
];

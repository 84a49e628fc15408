import { type CommandDefinition, defineCommand } from '../command/define-command.ts';

/** Commands about the workspace itself. */
export const workspaceCommands: readonly CommandDefinition[] = [
  defineCommand({
    path: ['init'],
    summary: 'write a workspace',
    description:
      'Writes a workspace into the folder: vmstation.yaml with the editor schema, versions.lock, a key for SSH, a key for secrets and generated passwords. With --example the cluster file is the example cluster of three machines. Nothing that is there already is overwritten.',
    options: [{ name: 'example', description: 'the example cluster: masternode, storagenodet3500, homelab' }],
    args: [{ name: 'folder', description: 'where (default: here, or --workspace)', required: false }],
    examples: [
      ['vmstation init my-cluster', 'a workspace to fill in'],
      ['vmstation init --example try', 'the example cluster, ready for the lab'],
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
];

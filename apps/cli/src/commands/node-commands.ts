import { type CommandDefinition, defineCommand } from '../command/define-command.ts';

/** Commands about single machines. */
export const nodeCommands: readonly CommandDefinition[] = [
  defineCommand({
    path: ['node', 'list'],
    summary: 'the machines, and whether they answer',
    description:
      'Lists every machine with its address, roles and power policy, and asks each whether it answers. Exit code 3 when one that is awake does not, 69 when none does, 4 when all sleep. With --inventory nobody is asked: the machines are printed as an Ansible inventory in YAML (with --json in JSON), with groups by role, power policy and the groups of vmstation.yaml, for playbooks of your own; the same workspace gives the same bytes.',
    options: [{ name: 'inventory', description: 'print an Ansible inventory and ask nobody' }],
    examples: [
      ['vmstation node list', 'one round trip per machine'],
      ['vmstation node list --inventory > hosts.yaml', 'for ansible-playbook -i hosts.yaml'],
    ],
    replaces: ['hosts.ini'],
    mutates: false,
    exitCodes: [0, 3, 4, 69],
    load: async () => (await import('../handlers/node-list.ts')).handleNodeList,
  }),
  defineCommand({
    path: ['node', 'trust'],
    summary: 'show a machine’s host key and remember it',
    description:
      'Fetches the SSH host keys that a machine offers, shows their fingerprints and, when you confirm, keeps them for this workspace. Compare them with the machine’s own console: `ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub`.',
    args: [
      { name: 'nodes', description: 'which (default: all that are not trusted yet)', required: false, variadic: true },
    ],
    examples: [['vmstation node trust masternode', 'shows the fingerprint and asks']],
    replaces: ['setup-ssh-keys.sh'],
    mutates: true,
    exitCodes: [0, 1],
    load: async () => (await import('../handlers/node-trust.ts')).handleNodeTrust,
  }),
  defineCommand({
    path: ['node', 'run'],
    summary: 'run a command on a machine',
    description: 'Runs one command there, as root with --root, prints what it prints and ends with its exit code.',
    args: [
      { name: 'node', description: 'the machine', required: true },
      { name: 'command', description: 'the command and its arguments, after --', required: true, variadic: true },
    ],
    options: [{ name: 'root', description: 'with sudo' }],
    examples: [['vmstation node run masternode -- uptime', 'the connection is the same as for everything else']],
    replaces: [],
    mutates: true,
    exitCodes: [0],
    load: async () => (await import('../handlers/node-run.ts')).handleNodeRun,
  }),
  defineCommand({
    path: ['uninstall'],
    summary: 'take back everything that was changed on a machine',
    description:
      'Shows what the machine keeps of all runs, asks for its name, and puts everything back as it was found, newest first: files with owner and mode, packages that came, services, kernel settings, keys. What the way in stands on (sshd, login keys, sudo) is kept taken back only when a new connection still comes in; what somebody changed since is left and named. When nothing was left, the records themselves go too. Kubernetes, what runs in it and its data are not touched.',
    args: [{ name: 'node', description: 'the machine', required: true }],
    options: [
      { name: 'dry-run', description: 'show what would be put back and stop' },
      { name: 'node-name', value: 'NODE', description: 'in scripts, with --yes: the name of the machine once more' },
      { name: 'forget', description: 'remove the records also when something is left as it is' },
      { name: 'despite-kubernetes', description: 'also while Kubernetes runs there, which loses what it stands on' },
    ],
    examples: [
      ['vmstation uninstall homelab --dry-run', 'what would be put back'],
      ['vmstation uninstall homelab --yes --node-name homelab', 'in a script'],
    ],
    replaces: [],
    mutates: true,
    exitCodes: [0, 1, 2, 75],
    load: async () => (await import('../handlers/uninstall.ts')).handleUninstall,
  }),
];

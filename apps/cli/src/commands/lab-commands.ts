import { type CommandDefinition, defineCommand } from '../command/define-command.ts';

/** Commands of the rehearsal. */
export const labCommands: readonly CommandDefinition[] = [
  defineCommand({
    path: ['lab', 'start'],
    summary: 'machines to rehearse on, for this workspace',
    description:
      'Starts one background process that plays the machines of the cluster file: real SSH servers on loopback, and a Kubernetes API once the installer ran. No root, nothing downloaded. From then on every command of this workspace reaches the lab instead of the real addresses, until `lab stop`. With --provider hosts (root on Debian) the machines are real Debian installations with systemd, sshd and apt, run by systemd-nspawn on a network of their own: setup, config, drift and their checks run there as on metal, Kubernetes does not. The workspace remembers the provider, and each keeps its own disks.',
    options: [
      {
        name: 'provider',
        description: 'who plays the machines; as last time when left out, embedded at first',
        value: 'PROVIDER',
        choices: ['embedded', 'hosts'],
      },
      {
        name: 'from',
        description: 'rehearse another workspace: copy it beside (or to --workspace), and start the lab of the copy',
        value: 'CLUSTER-FILE',
      },
    ],
    examples: [
      ['vmstation lab start', 'then: vmstation up'],
      ['vmstation lab start --from my-cluster/vmstation.yaml', 'rehearse a copy; nothing is written or dialled there'],
      ['sudo vmstation lab start --provider hosts', 'real machines, then: vmstation setup, vmstation config apply'],
    ],
    replaces: [],
    mutates: true,
    exitCodes: [0],
    load: async () => (await import('../handlers/lab.ts')).handleLabStart,
  }),
  defineCommand({
    path: ['lab', 'stop'],
    summary: 'stop it; the machines’ disks stay',
    description:
      'Ends the background process and powers its machines off. Disks and API objects stay for the next start. What a killed lab of real machines left on this computer is taken away too.',
    examples: [['vmstation lab stop', '']],
    replaces: [],
    mutates: true,
    exitCodes: [0],
    load: async () => (await import('../handlers/lab.ts')).handleLabStop,
  }),
  defineCommand({
    path: ['lab', 'status'],
    summary: 'its machines and ports',
    description: 'Shows whether the lab of this workspace runs, its machines, their ports and their power.',
    examples: [['vmstation lab status', '']],
    replaces: [],
    mutates: false,
    exitCodes: [0, 1],
    load: async () => (await import('../handlers/lab.ts')).handleLabStatus,
  }),
  defineCommand({
    path: ['lab', 'reset'],
    summary: 'bare machines again',
    description:
      'Throws the disks of the lab’s machines and their cluster away, those of the provider of last time; the workspace itself stays.',
    examples: [['vmstation lab reset --yes', 'without asking']],
    replaces: [],
    mutates: true,
    exitCodes: [0],
    load: async () => (await import('../handlers/lab.ts')).handleLabReset,
  }),
  defineCommand({
    path: ['lab', 'scenario'],
    summary: 'play a scripted life of a cluster',
    description:
      'Plays a scenario: a seeded script that starts machines in this process, runs commands of vmstation on them, lets virtual time pass, breaks things and says what it expects. The record it prints is the same on any computer, so it can be committed and compared. Nothing outside this process is touched, and nothing waits for real time. Ends with 1 when an expectation was not met.',
    args: [{ name: 'file', description: 'the script', required: true }],
    examples: [
      ['vmstation lab scenario week.scenario', 'print the record'],
      ['vmstation lab scenario week.scenario > week.out', 'keep it, to compare later'],
    ],
    replaces: [],
    mutates: false,
    exitCodes: [0, 1],
    load: async () => (await import('../handlers/lab-scenario.ts')).handleLabScenario,
  }),
  defineCommand({
    path: ['lab', 'ssh'],
    summary: 'log in to a machine of the lab',
    description: 'Opens a session on a machine of the lab with the system’s own ssh, or runs the command after --.',
    args: [
      { name: 'node', description: 'the machine', required: true },
      { name: 'command', description: 'what to run there, after --', required: false, variadic: true },
    ],
    examples: [['vmstation lab ssh masternode -- hostname', 'one command']],
    replaces: [],
    mutates: true,
    exitCodes: [0],
    load: async () => (await import('../handlers/lab.ts')).handleLabSsh,
  }),
];

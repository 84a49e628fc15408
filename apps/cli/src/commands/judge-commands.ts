import { type CommandDefinition, defineCommand } from '../command/define-command.ts';

const verified = {
  mutates: false,
  exitCodes: [0, 1, 3, 4],
  load: async () => (await import('../handlers/verify.ts')).handleVerify,
} as const;

/** Commands that look and judge, and change nothing. */
export const judgeCommands: readonly CommandDefinition[] = [
  defineCommand({
    ...verified,
    path: ['verify', 'prerequisites'],
    summary: 'are the bare machines fit',
    description:
      'Reads each machine and names what is missing for a cluster: memory, disk, clock, names, operating system. Needs bare machines only.',
    examples: [['vmstation verify prerequisites', 'the checklist before the first deployment']],
    replaces: ['verify-prerequisites.sh', 'pre-deployment-checklist.sh'],
  }),
  defineCommand({
    ...verified,
    path: ['verify', 'cluster'],
    summary: 'nodes, versions, system pods, DNS',
    description:
      'Compares the live cluster with the cluster file: expected nodes, readiness, versions, network plugin, DNS, system workloads.',
    examples: [['vmstation verify cluster', 'after an installation or an upgrade']],
    replaces: ['verify-cluster.yaml', 'validate-cluster-health.sh'],
  }),
  defineCommand({
    ...verified,
    path: ['verify', 'monitoring'],
    summary: 'does every part of monitoring answer',
    description: 'Asks Prometheus, Alertmanager, Grafana, Loki and the exporters, and judges their answers.',
    examples: [['vmstation verify monitoring', 'before trusting the dashboards']],
    replaces: ['validate-monitoring-stack.sh'],
  }),
  defineCommand({
    ...verified,
    path: ['verify', 'network'],
    summary: 'names, ranges and published addresses',
    description:
      'Checks that the ranges of the cluster equal the cluster file and that every published address answers.',
    examples: [['vmstation verify network', 'when something is not reachable']],
    replaces: ['validate-network-connectivity.sh'],
  }),
  defineCommand({
    ...verified,
    path: ['verify', 'all'],
    summary: 'everything above, and drift',
    description:
      'Runs every check and prints one table of named findings, worst first. A sleeping machine is asleep, not failed.',
    examples: [['vmstation verify all', 'is it all as it should be']],
    replaces: ['validate-cluster-health.sh', 'validate-monitoring-stack.sh', 'validate-network-connectivity.sh'],
  }),
  defineCommand({
    path: ['drift'],
    summary: 'declared against observed',
    description:
      'Compares every machine with its declared state in one round trip, and the objects in the cluster with what would be applied. Each difference is told with its age: since when this workspace has seen that value. With --json: schema 1, one record for each thing that is not as declared, with the role that owns it, and counts for each node. Changes nothing.',
    options: [
      { name: 'diff', description: 'show the text that differs' },
      { name: 'node', value: 'NODE', repeats: true, description: 'only this node (may repeat, or a,b)' },
    ],
    examples: [
      ['vmstation drift', 'exit code 2 when something differs'],
      ['vmstation drift --diff --node homelab', 'what exactly, on one machine'],
    ],
    replaces: ['check-drift.sh', 'tests/drift-detection'],
    mutates: false,
    exitCodes: [0, 2, 3, 4],
    load: async () => (await import('../handlers/drift.ts')).handleDrift,
  }),
  defineCommand({
    path: ['drift', 'ignore'],
    summary: 'let a difference be until a day; alone: list them',
    description:
      'Writes into drift-ignore.yaml, which is in git, that a resource of a node may differ until the end of a day (UTC). `vmstation drift` shows it as ignored, with date and reason, and it does not count for the exit code; after that day it counts again. `vmstation up` still puts back what is declared: what is to stay is accepted, not ignored.',
    args: [
      { name: 'node', description: 'the node that differs', required: false },
      { name: 'resource', description: 'as `vmstation drift` names it', required: false },
    ],
    options: [
      { name: 'until', value: 'DATE', description: 'the last day, as 2027-01-31' },
      { name: 'reason', value: 'TEXT', description: 'why' },
      { name: 'remove', description: 'let it count again' },
    ],
    examples: [
      ['vmstation drift ignore homelab file:/etc/motd --until 2027-01-31 --reason "new text comes"', ''],
      ['vmstation drift ignore', 'what is ignored'],
      ['vmstation drift ignore homelab file:/etc/motd --remove', 'it counts again'],
    ],
    replaces: [],
    mutates: true,
    exitCodes: [0],
    load: async () => (await import('../handlers/drift-ignore.ts')).handleDriftIgnore,
  }),
  defineCommand({
    path: ['drift', 'accept'],
    summary: 'write what a machine has into the workspace',
    description:
      'Makes what is observed of one resource what is declared: the text of a file goes to hosts/NODE/PATH; a kernel setting, the state of a service, the time zone and a package to hosts/NODE/settings.yaml, where comments stay. The workspace and the machine are then read anew, and what was written stays only when they agree. A kernel setting or time zone that differs between now and the next start is made one on the machine, after a question. Everything else is refused with the reason; a file with a secret always is.',
    args: [
      { name: 'node', description: 'the node that differs', required: true },
      { name: 'resource', description: 'as `vmstation drift` names it', required: true },
    ],
    examples: [['vmstation drift accept homelab file:/etc/motd', 'into hosts/homelab/etc/motd']],
    replaces: [],
    mutates: true,
    exitCodes: [0],
    load: async () => (await import('../handlers/drift-accept.ts')).handleDriftAccept,
  }),
  defineCommand({
    path: ['drift', 'revert'],
    summary: 'put back what is declared, for single resources',
    description:
      'Plans, shows, asks, and brings exactly the named resources of a node to what is declared; without names, all that differ and are not ignored. Nothing else of the node is touched. What could close your own way in is changed on trial, as in `vmstation up`. Each resource is looked at again afterwards.',
    args: [
      { name: 'node', description: 'the node that differs', required: true },
      { name: 'resource', description: 'as `vmstation drift` names it', required: false, variadic: true },
    ],
    options: [
      { name: 'dry-run', description: 'only show what would change' },
      { name: 'diff', description: 'show every difference' },
    ],
    examples: [
      ['vmstation drift revert homelab sysctl:vm.swappiness', 'one of them'],
      ['vmstation drift revert homelab --yes', 'all on that machine, without a question'],
    ],
    replaces: [],
    mutates: true,
    exitCodes: [0, 1, 2, 3, 4, 75],
    load: async () => (await import('../handlers/drift-revert.ts')).handleDriftRevert,
  }),
  defineCommand({
    path: ['explain'],
    summary: 'the page of an error or finding',
    description: 'Prints what a code means, why it happens and what to do. Without a code it lists all of them.',
    args: [{ name: 'code', description: 'as printed with an error or in a table of findings', required: false }],
    examples: [['vmstation explain ssh/host-key-changed', 'one page']],
    replaces: ['troubleshooting/'],
    mutates: false,
    exitCodes: [0],
    load: async () => (await import('../handlers/explain.ts')).handleExplain,
  }),
];

import { type CommandDefinition, defineCommand } from '../command/define-command.ts';
import { narrowingOptions, planExitCodes, planOptions, removalOptions } from './scope-options.ts';

const planned = { mutates: true, exitCodes: [...planExitCodes] } as const;
const onePhase = async () => (await import('../handlers/phase-command.ts')).handlePhaseCommand;

/** Commands that run one phase, or one part of it. */
export const phaseCommands: readonly CommandDefinition[] = [
  defineCommand({
    ...planned,
    path: ['setup'],
    summary: 'phase 1: reach and prepare the machines',
    description:
      'Checks the prerequisites of every machine, puts the workspace’s SSH key there, installs what the later phases need and prepares the node: kernel modules, sysctl, swap, time.',
    options: [...narrowingOptions, ...planOptions],
    examples: [['vmstation setup --dry-run', 'what is missing on the bare machines']],
    replaces: [],
    load: onePhase,
  }),
  defineCommand({
    ...planned,
    path: ['setup', 'dependencies'],
    summary: 'only the packages that later phases need',
    description: 'The part of setup that installs packages.',
    options: [...narrowingOptions.slice(0, 1), ...planOptions],
    examples: [['vmstation setup dependencies --node homelab', 'packages of one machine']],
    replaces: ['install-dependencies.sh'],
    load: onePhase,
  }),
  defineCommand({
    ...planned,
    path: ['setup', 'ssh-keys'],
    summary: 'only the workspace’s SSH key',
    description: 'The part of setup that puts the public key of the workspace on each machine.',
    options: [...narrowingOptions.slice(0, 1), ...planOptions],
    examples: [['vmstation setup ssh-keys', 'all machines']],
    replaces: ['setup-ssh-keys.sh'],
    load: onePhase,
  }),
  defineCommand({
    ...planned,
    path: ['setup', 'nodes'],
    summary: 'only kernel modules, sysctl, swap and time',
    description: 'The part of setup that prepares the operating system of each machine.',
    options: [...narrowingOptions.slice(0, 1), ...planOptions],
    examples: [['vmstation setup nodes --dry-run', 'what would be prepared']],
    replaces: ['prepare-nodes.sh'],
    load: onePhase,
  }),
  defineCommand({
    ...planned,
    path: ['infra', 'deploy'],
    summary: 'phase 2: install Kubernetes with Kubespray',
    description:
      'Renders Kubespray’s inventory and variables from the cluster file, runs ansible-playbook and judges the result by what the cluster itself answers, never by the exit code alone.',
    options: planOptions,
    examples: [['vmstation infra deploy', 'plan, ask, install, verify']],
    replaces: ['deploy-cluster.yaml', 'run-kubespray.sh', 'inventory/'],
    load: onePhase,
  }),
  defineCommand({
    path: ['infra', 'render'],
    summary: 'write Kubespray’s inventory and variables, run nothing',
    description: 'Writes what `infra deploy` would give to Kubespray into the state folder and lists the files.',
    examples: [['vmstation infra render', 'to read, or to compare with an earlier rendering']],
    replaces: ['inventory/'],
    mutates: false,
    exitCodes: [0],
    load: async () => (await import('../handlers/infra-render.ts')).handleInfraRender,
  }),
  defineCommand({
    ...planned,
    path: ['config', 'apply'],
    summary: 'phase 3: host state (system, ntp, syslog, storage, ssh, networking)',
    description:
      'Compares every machine with its declared state in one round trip and applies what differs; files are validated before they replace others, and the previous content is kept.',
    options: [...narrowingOptions, ...planOptions],
    examples: [
      ['vmstation config apply --tags ntp', 'one role on all machines'],
      ['vmstation config apply --tags ssh', 'the SSH server’s own settings'],
    ],
    replaces: ['site.yml', 'infrastructure-services.yml', 'ntp-sync.yml', 'syslog-server.yml', 'roles'],
    load: onePhase,
  }),
  defineCommand({
    path: ['config', 'explain'],
    summary: 'where a value of a machine comes from',
    description:
      'Prints what is declared for a key on a node and the place that declared it (default, group, host). The key is a setting (power.policy, sysctl.vm.swappiness), a file or a resource; without it all keys are listed.',
    args: [
      { name: 'node', description: 'the machine', required: true },
      { name: 'key', description: 'a setting, a resource as in a plan, or a file', required: false },
    ],
    examples: [
      ['vmstation config explain masternode sysctl', 'every sysctl and who asked for it'],
      ['vmstation config explain homelab power.policy', 'default, cluster file, group or host: which one counts'],
    ],
    replaces: ['roles'],
    mutates: false,
    exitCodes: [0],
    load: async () => (await import('../handlers/config-explain.ts')).handleConfigExplain,
  }),
  defineCommand({
    path: ['config', 'adopt'],
    summary: 'take over what a machine has into hosts/NODE',
    description:
      'Reads a machine and writes into hosts/NODE/ what somebody set up there by hand: SSH, fstab, exports, hosts, kernel settings, time, logs, network, cron, sudo, units and timers of its own, packages that were asked for by name, the time zone. The machine is only read. Files as their package brought them and what this workspace declares already are left out; so are secrets, binary files and whatever would contradict a role or is not in force, each with the reason. What is wrong with the machine is named as findings with remedies. Shows everything first; afterwards `vmstation drift` is clean for what was taken over, and a second adoption writes nothing.',
    args: [{ name: 'node', description: 'the machine', required: true }],
    options: [
      { name: 'dry-run', description: 'show what would be written and stop' },
      { name: 'diff', description: 'show new files line by line too' },
    ],
    examples: [
      ['vmstation config adopt homelab --dry-run', 'what would be written, and what is wrong with the machine'],
      ['vmstation config adopt homelab --yes', 'in a script'],
    ],
    replaces: ['gather-baseline.yml', 'hosts/<node>'],
    mutates: true,
    exitCodes: [0, 2],
    load: async () => (await import('../handlers/config-adopt.ts')).handleConfigAdopt,
  }),
  defineCommand({
    path: ['config', 'rollback'],
    summary: 'put back what a run changed on the machines',
    description:
      'Restores, on every machine that the run touched, the content that was there before it. What the run created is removed. Only host state: objects in the cluster are not rolled back.',
    args: [{ name: 'run', description: 'its id, as `vmstation runs list` shows it', required: true }],
    options: narrowingOptions.slice(0, 1),
    examples: [['vmstation config rollback 20261123-091500-k3f9', 'undo one run']],
    replaces: ['version control strategy'],
    mutates: true,
    exitCodes: [0, 1, 75],
    load: async () => (await import('../handlers/config-rollback.ts')).handleConfigRollback,
  }),
  defineCommand({
    ...planned,
    path: ['monitoring', 'deploy'],
    summary: 'phase 4: Prometheus, Alertmanager, Grafana, Loki, Alloy, exporters',
    description: 'Applies the monitoring stack on the always-on node and waits until every part answers.',
    options: [...planOptions, ...removalOptions],
    examples: [['vmstation monitoring deploy --dry-run', 'which objects would change']],
    replaces: ['deploy-monitoring-stack.yaml', 'dashboards/'],
    load: onePhase,
  }),
  defineCommand({
    ...planned,
    path: ['app', 'deploy'],
    summary: 'phase 5: Jellyfin, Minecraft and the folders under apps/',
    description:
      'Applies applications and waits until they are ready, and removes those that were taken out of the workspace; without names all of them. Claims and volumes of a removed application stay unless --delete-data names it.',
    args: [
      {
        name: 'names',
        description: 'applications of the cluster file, or folders under apps/',
        required: false,
        variadic: true,
      },
    ],
    options: [...planOptions, ...removalOptions],
    examples: [
      ['vmstation app deploy jellyfin', 'one application'],
      ['vmstation app deploy --dry-run', 'what would change, and what would be removed'],
    ],
    replaces: ['jellyfin.yml', 'deploy-minecraft.yml', 'new-application workflow'],
    load: onePhase,
  }),
  defineCommand({
    path: ['app', 'list'],
    summary: 'applications, where they run and where they answer',
    description:
      'Lists the applications of the cluster file and of apps/, with node, address and what the address answers now.',
    examples: [['vmstation app list', 'all of them']],
    replaces: ['new-application workflow'],
    mutates: false,
    exitCodes: [0, 1],
    load: async () => (await import('../handlers/app-list.ts')).handleAppList,
  }),
];

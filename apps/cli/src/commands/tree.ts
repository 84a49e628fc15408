import type { CommandTree, GroupDefinition } from '../command/define-command.ts';
import { judgeCommands } from './judge-commands.ts';
import { labCommands } from './lab-commands.ts';
import { labFaultCommands } from './lab-fault-commands.ts';
import { nodeCommands } from './node-commands.ts';
import { phaseCommands } from './phase-commands.ts';
import { runCommands } from './run-commands.ts';
import { workspaceCommands } from './workspace-commands.ts';

const groups: readonly GroupDefinition[] = [
  { path: ['verify'], summary: 'named findings about machines, cluster, monitoring, network' },
  { path: ['infra'], summary: 'Kubernetes itself' },
  { path: ['config'], summary: 'state of the machines' },
  { path: ['monitoring'], summary: 'Prometheus, Grafana, Loki' },
  { path: ['app'], summary: 'applications' },
  { path: ['runs'], summary: 'the journal' },
  { path: ['secret'], summary: 'encrypted values of the workspace' },
  { path: ['node'], summary: 'single machines' },
  { path: ['lab'], summary: 'rehearse on simulated machines' },
];

/** First words in the order of an operator's day; help lists them so. */
const topLevelOrder: readonly string[] = [
  ...['init', 'check', 'up', 'verify', 'drift', 'runs'],
  ...['setup', 'infra', 'config', 'monitoring', 'app'],
  ...['secret', 'node', 'uninstall', 'lab', 'explain'],
];

/** The one list of what `vmstation` can be told. */
export const commandTree: CommandTree = {
  groups,
  commands: [
    ...workspaceCommands,
    ...runCommands,
    ...judgeCommands,
    ...phaseCommands,
    ...nodeCommands,
    ...labCommands,
    ...labFaultCommands,
  ],
  order: topLevelOrder,
};

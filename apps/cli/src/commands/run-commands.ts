import { type CommandDefinition, defineCommand } from '../command/define-command.ts';
import { narrowingOptions, phaseOptions, planExitCodes, planOptions, removalOptions } from './scope-options.ts';

/** Commands that plan and carry out, and what they left in the journal. */
export const runCommands: readonly CommandDefinition[] = [
  defineCommand({
    path: ['up'],
    summary: 'plan, approve, run and verify all phases',
    description:
      'Reads every machine, shows what would change, asks, does it phase by phase (setup, infra, config, monitor-stack, application-stack, tools) and verifies each against the live state. Run again it changes nothing; broken off, the next run continues. Ctrl-C finishes the step in hand.',
    options: [...phaseOptions, ...narrowingOptions, ...planOptions, ...removalOptions],
    examples: [
      ['vmstation up', 'shows the plan and asks'],
      ['vmstation up --dry-run', 'the plan with every difference; exit code 2 when something would change'],
      ['vmstation up --only config --node homelab', 'one phase on one machine'],
    ],
    replaces: ['deploy-wrapper.sh', 'quick-deploy.sh', 'site.yml'],
    mutates: true,
    exitCodes: [...planExitCodes],
    load: async () => (await import('../handlers/up.ts')).handleUp,
  }),
  defineCommand({
    path: ['runs', 'list'],
    summary: 'what ran, newest first',
    description: 'Lists the runs of the journal with how they ended.',
    options: [{ name: 'last', value: 'N', description: 'how many (default 20)' }],
    examples: [['vmstation runs list', 'the last twenty']],
    replaces: [],
    mutates: false,
    exitCodes: [0],
    load: async () => (await import('../handlers/runs.ts')).handleRunsList,
  }),
  defineCommand({
    path: ['runs', 'show'],
    summary: 'one run, step by step',
    description: 'Shows what each step of a run did, as its journal tells it. With --json the events of the run.',
    args: [{ name: 'run', description: 'its id, or the beginning of it (default: the newest)', required: false }],
    examples: [['vmstation runs show', 'the newest run']],
    replaces: [],
    mutates: false,
    exitCodes: [0],
    load: async () => (await import('../handlers/runs.ts')).handleRunsShow,
  }),
];

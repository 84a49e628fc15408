import { phaseNames } from '@vmstation/core';
import type { OptionDefinition } from '../command/define-command.ts';

/** Options of commands that change things by a plan. */
export const planOptions: readonly OptionDefinition[] = [
  { name: 'dry-run', description: 'show the plan with its differences and stop' },
  { name: 'diff', description: 'show every difference in the plan' },
];

/** Options that narrow a plan to nodes and tags. */
export const narrowingOptions: readonly OptionDefinition[] = [
  { name: 'node', value: 'NODE', repeats: true, description: 'only this node (may repeat, or a,b)' },
  { name: 'tags', value: 'TAG', repeats: true, description: 'only steps with this tag: a role, a component, a check' },
];

/** Options that narrow a plan to phases. */
export const phaseOptions: readonly OptionDefinition[] = [
  { name: 'only', value: 'PHASE', choices: phaseNames, description: `only this phase: ${phaseNames.join(', ')}` },
  { name: 'from', value: 'PHASE', choices: phaseNames, description: 'begin with this phase' },
  { name: 'to', value: 'PHASE', choices: phaseNames, description: 'end with this phase' },
];

/** Exit codes of a command that runs a plan. */
export const planExitCodes = [0, 1, 2, 3, 4, 75] as const;

/** What a removal may take besides what runs. */
export const removalOptions: readonly OptionDefinition[] = [
  {
    name: 'delete-data',
    value: 'APP',
    repeats: true,
    description: 'of an application that was taken out of the workspace, delete claims and volumes too (may repeat)',
  },
];

import * as z from 'zod';
import { phaseNames } from '../phase/phase-name.ts';
import { described, labelText, referenceText } from './field.ts';

const scalar = z.union([z.string(), z.number(), z.boolean()]);
const variableName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, { error: 'is not the name of a variable' });
const tag = z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9_.:-]*$/, { error: 'is not a tag' });

const playbookSchema = z.strictObject({
  after: described(
    z.enum(phaseNames).default('config'),
    'The phase after whose own steps it runs, as a part of that phase.',
    'config',
  ),
  nodes: described(
    z.array(referenceText).min(1).optional(),
    'The nodes it runs on. Left out, with groups: every node.',
    ['homelab'],
  ),
  groups: described(z.array(labelText).min(1).optional(), 'Groups or roles whose nodes it runs on as well.', [
    'storage',
  ]),
  tags: described(z.array(tag).default([]), 'Only tasks with one of these tags.', ['agent']),
  'skip-tags': described(z.array(tag).default([]), 'No tasks with one of these tags.', ['slow']),
  vars: described(
    z.record(variableName, z.union([scalar, z.array(scalar), z.record(z.string(), scalar)])).default({}),
    'Extra variables, which win over all others. A secret is written secret:NAME and never reaches a command line or a log.',
    { keep_days: 7, password: 'secret:backup' },
  ),
  check: described(
    z.boolean().default(false),
    'Whether every task can be asked what it would change (ansible-playbook --check --diff). Then the plan says what would change, and nothing runs when that is nothing.',
    true,
  ),
});

/** Playbooks of the operator, by name; each lies in `playbooks/NAME.yml`. */
export const playbooksSchema = z.record(labelText, playbookSchema).default({});

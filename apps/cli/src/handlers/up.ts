import type { CommandHandler } from '../command/define-command.ts';
import { chosenPhases, runPlan } from './run-plan.ts';

/** All phases, or those that the options leave. */
export const handleUp: CommandHandler = (invocation) =>
  runPlan(invocation, {
    phases: chosenPhases(invocation),
    nodes: invocation.options('node'),
    tags: invocation.options('tags'),
  });

import { type CommandResource, resourceId } from '@vmstation/core';
import { sh } from '../../script/shell-text.ts';
import { defineKind, difference, rank } from '../kind.ts';

/** A command with a guard: it is right when the guard says yes, and runs when it says no. */
export const commandKind = defineKind<CommandResource, boolean>({
  kind: 'command',
  rank: rank.command,
  probes: (want) => [{ see: 'guard', name: resourceId(want), argv: want.check }],
  read: (want, seen) => seen.guardHolds(resourceId(want)),
  diff: ({ check }, holds) => (holds ? [] : [difference('check', 'yes', `no (${check.join(' ')})`)]),
  apply: ({ run, undo }) => ({
    keeps: [],
    change: sh`${run}`,
    ...(undo === undefined ? {} : { undo: sh`${undo}` }),
  }),
});

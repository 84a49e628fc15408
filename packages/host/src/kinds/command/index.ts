import { type CommandResource, resourceId } from '@vmstation/core';
import { guardSeconds } from '../../observe/check-script.ts';
import { type ShellText, sh } from '../../script/shell-text.ts';
import { defineKind, difference, rank } from '../kind.ts';

/** A command with a guard: it is right when the guard says yes, and runs when it says no. */
export const commandKind = defineKind<CommandResource, boolean>({
  kind: 'command',
  rank: rank.command,
  probes: (want) => [
    {
      see: 'guard',
      name: resourceId(want),
      argv: want.check,
      ...(want.prints === undefined ? {} : { prints: want.prints }),
    },
  ],
  read: (want, seen) => seen.guardHolds(resourceId(want)),
  diff: ({ check }, holds) => (holds ? [] : [difference('check', 'yes', `no (${check.join(' ')})`)]),
  apply: ({ run, check, prints, undo, stdin }) => ({
    keeps: [],
    // Another run may have seen to it while this one waited for it to end.
    expects: [{ show: sh`if ${succeeds(check, prints)}; then echo yes; else echo no; fi`, seen: 'no' }],
    secret: stdin !== undefined,
    // printf is the shell's own: what it is given stands in no list of processes.
    change: stdin === undefined ? sh`${run}` : sh`printf '%s' ${stdin.reveal()} | ${run}`,
    ...(undo === undefined ? {} : { undo: sh`${undo}` }),
  }),
});

function succeeds(check: readonly string[], prints: string | undefined): ShellText {
  if (prints === undefined) return sh`timeout ${guardSeconds} ${check} >/dev/null 2>&1`;
  return sh`printed=$(timeout ${guardSeconds} ${check} 2>/dev/null) && printf '%s\n' "$printed" | cmp -s - ${prints}`;
}

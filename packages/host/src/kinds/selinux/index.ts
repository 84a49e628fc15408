import type { Difference, SelinuxResource } from '@vmstation/core';
import { lines, sh } from '../../script/shell-text.ts';
import { defineKind, difference, rank } from '../kind.ts';

const file = '/etc/selinux/config';
const inForce = '/sys/fs/selinux/enforce';
const off = '(SELinux is off)';

interface SelinuxSeen {
  readonly running: 'enforcing' | 'permissive' | undefined;
  readonly atBoot: string | undefined;
}

/** The mode of SELinux, in force and for the next boot. One that is off is not turned on: every file would have to be labelled first. */
export const selinuxKind = defineKind<SelinuxResource, SelinuxSeen>({
  kind: 'selinux',
  rank: rank.sysctl,
  probes: () => [
    { see: 'lines', path: inForce },
    { see: 'content', path: file },
    { see: 'lines', path: file },
  ],
  read(_want, seen) {
    const enforce = seen.linesOf(inForce)?.[0];
    const atBoot = (seen.linesOf(file) ?? [])
      .map((line) => /^\s*SELINUX\s*=\s*(\S+)/.exec(line)?.[1]?.toLowerCase())
      .findLast((mode) => mode !== undefined);
    return { running: enforce === undefined ? undefined : enforce === '1' ? 'enforcing' : 'permissive', atBoot };
  },
  diff({ mode }, { running, atBoot }) {
    const found: Difference[] = [];
    if (running !== mode) found.push(difference('running', mode, running ?? off));
    if (atBoot !== mode) found.push(difference('at boot', mode, atBoot ?? '(not set)'));
    return found;
  },
  apply({ mode }, { running, atBoot }, context) {
    const change = running === mode ? undefined : sh`printf '%s' ${numberOf(mode)} >${inForce}`;
    return {
      keeps: [file],
      change: lines(
        running === undefined
          ? sh`echo 'SELinux is off on this machine: turn it on by hand (fixfiles -F onboot, then restart), because every file must be labelled first'; exit 1`
          : undefined,
        change,
        atBoot === mode
          ? undefined
          : lines(
              sh`t=${context.beside(file)}; room ${file} "$t" part; f=${file}; if [ ! -f "$f" ]; then f=/dev/null; fi`,
              sh`V=${`SELINUX=${mode}`} awk '/^[ \t]*SELINUX[ \t]*=/ { if (!done) print ENVIRON["V"]; done = 1; next } { print } END { if (!done) print ENVIRON["V"] }' "$f" >"$t"`,
              sh`dress ${file} "$t" - - -; place ${file} "$t"`,
            ),
      ),
      ...(change === undefined || running === undefined
        ? {}
        : { undo: sh`printf '%s' ${numberOf(running)} >${inForce}` }),
    };
  },
});

function numberOf(mode: 'enforcing' | 'permissive'): string {
  return mode === 'enforcing' ? '1' : '0';
}

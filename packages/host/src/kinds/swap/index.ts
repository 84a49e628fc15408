import type { Difference, SwapResource } from '@vmstation/core';
import { lines, type ShellText, sh } from '../../script/shell-text.ts';
import { defineKind, difference, rank } from '../kind.ts';

const fstab = '/etc/fstab';

/** A line of /proc/swaps; the kernel chooses a negative priority where nobody gave one (swapon(2)). */
interface SwapDevice {
  readonly path: string;
  readonly priority: number;
}

interface SwapSeen {
  readonly devices: readonly SwapDevice[];
  readonly inFstab: readonly string[];
}

/** No swap: none in use, and no active line in fstab. The lines are made comments, so that a rollback or a person can find them. */
export const swapKind = defineKind<SwapResource, SwapSeen>({
  kind: 'swap',
  rank: rank.mount,
  probes: () => [
    { see: 'lines', path: '/proc/swaps' },
    { see: 'lines', path: fstab },
    { see: 'content', path: fstab },
  ],
  read: (_want, seen) => ({
    devices: (seen.linesOf('/proc/swaps') ?? []).slice(1).map(deviceOf),
    inFstab: (seen.linesOf(fstab) ?? []).filter(
      (line) => !line.trim().startsWith('#') && line.trim().split(/\s+/)[2] === 'swap',
    ),
  }),
  diff(_want, { devices, inFstab }) {
    const found: Difference[] = [];
    if (devices.length > 0) found.push(difference('in use', 'none', devices.map(({ path }) => path).join(', ')));
    if (inFstab.length > 0)
      found.push(difference('in fstab', 'none', inFstab.map((line) => line.split(/\s+/)[0]).join(', ')));
    return found;
  },
  apply: (_want, { devices, inFstab }, context) => ({
    keeps: [fstab],
    shared: true,
    change: lines(
      devices.length === 0 ? undefined : sh`swapoff -a`,
      inFstab.length === 0
        ? undefined
        : lines(
            sh`t=${context.beside(fstab)}; room ${fstab} "$t" part`,
            sh`awk '$1 !~ /^#/ && $3 == "swap" { print "# off, by vmstation: " $0; next } { print }' ${fstab} >"$t"`,
            sh`dress ${fstab} "$t" - - -; place ${fstab} "$t"`,
          ),
    ),
    ...(devices.length === 0 ? {} : { undoAfter: lines(...devices.map(switchedOnAgain)) }),
  }),
});

function deviceOf(line: string): SwapDevice {
  const [path = '', , , , priority = '-1'] = line.trim().split(/\s+/);
  return { path, priority: Number(priority) };
}

function switchedOnAgain({ path, priority }: SwapDevice): ShellText {
  const on = priority < 0 ? sh`swapon ${path}` : sh`swapon -p ${priority} ${path}`;
  return sh`if ! grep -q -F -e ${`${path} `} /proc/swaps; then ${on}; fi`;
}

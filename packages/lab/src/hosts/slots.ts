import { existsSync } from 'node:fs';
import { AppError } from '@vmstation/core';
import { type Claim, claimName } from './claim.ts';
import type { HostCommands } from './host-commands.ts';
import { allSlots, guardMetric, hostsLabNames, subnetOf } from './settings.ts';
import { takeDown } from './take-down.ts';

/** A place for a lab on this computer, held by this process: it numbers bridge, subnet and machines. */
export interface Slot {
  readonly number: number;
  release(): Promise<void>;
}

/**
 * Takes the first free slot whose subnet nothing else on this computer uses. What killed labs left in any slot is taken away first. Labs of
 * different owners thus run side by side. Throws lab/no-free-slot.
 */
export async function takeSlot(note: string, commands: HostCommands): Promise<Slot> {
  let taken: Slot | undefined;
  const holders = await sweepSlots(note, commands, async (number, claim) => {
    if (taken !== undefined || !(await isUnused(number, commands))) return false;
    taken = { number, release: () => claim.release() };
    return true;
  });
  if (taken !== undefined) return taken;
  throw new AppError({
    code: 'lab/no-free-slot',
    kind: 'locked',
    message: `All ${allSlots.length} places for labs of real machines on this computer are taken${holders.length === 0 ? '; their bridges or subnets belong to something else' : ` by ${holders.join(', ')}`}.`,
    tryThis: 'Stop one of these labs.',
  });
}

/**
 * Takes away what killed labs left in slots that nobody holds. `keep` may take a clean slot for good. Returns who holds the others.
 */
export async function sweepSlots(
  note: string,
  commands: HostCommands,
  keep: (slot: number, claim: Claim) => Promise<boolean> = async () => false,
): Promise<readonly string[]> {
  const holders: string[] = [];
  for (const number of allSlots) {
    const claimed = await claimName(`slot-${number}`, note);
    if ('heldBy' in claimed) {
      holders.push(claimed.heldBy);
      continue;
    }
    await takeDown(number, commands);
    if (!(await keep(number, claimed))) await claimed.release();
  }
  return holders;
}

/** A subnet that is routed already, or a bridge of that name, belongs to somebody who is no lab. */
async function isUnused(slot: number, commands: HostCommands): Promise<boolean> {
  if (existsSync(`/sys/class/net/${hostsLabNames(slot).bridge}`)) return false;
  const { stdout } = await commands.run(['ip', '-4', 'route', 'show', 'table', 'all', 'to', 'root', subnetOf(slot)]);
  return stdout.split('\n').every((line) => line.trim() === '' || line.includes(`metric ${guardMetric}`));
}

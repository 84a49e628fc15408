import { AppError } from '@vmstation/core';
import { type Claim, claimName } from './claim.ts';
import type { HostCommands } from './host-commands.ts';
import { allSlots, guardMetric, subnetOf } from './settings.ts';

/** A place for a lab on this computer, held by this process: it numbers bridge, subnet and machines. */
export interface Slot {
  readonly number: number;
  release(): Promise<void>;
}

/**
 * Takes the first free slot whose subnet nothing else on this computer uses; what a killed lab left in a slot is taken away first, by `clean`.
 * Labs of different owners thus run side by side. Throws lab/no-free-slot.
 */
export async function takeSlot(
  note: string,
  commands: HostCommands,
  clean: (slot: number) => Promise<void>,
): Promise<Slot> {
  const holders: string[] = [];
  let taken: Slot | undefined;
  for (const number of allSlots) {
    const claimed = await claimName(`slot-${number}`, note);
    if ('heldBy' in claimed) {
      holders.push(claimed.heldBy);
      continue;
    }
    // A slot that was never used costs no look at the computer's network, once we have one.
    await clean(number);
    if (taken === undefined && (await isUnused(number, commands))) taken = slotOf(number, claimed);
    else await claimed.release();
  }
  if (taken !== undefined) return taken;
  throw new AppError({
    code: 'lab/no-free-slot',
    kind: 'locked',
    message: `All ${allSlots.length} places for labs of real machines on this computer are taken${holders.length === 0 ? ': their subnets are routed elsewhere' : ` by ${holders.join(', ')}`}.`,
    tryThis: 'Stop one of these labs.',
  });
}

function slotOf(number: number, claim: Claim): Slot {
  return { number, release: () => claim.release() };
}

/** A subnet that is routed already, by whomever, is not ours to take. */
async function isUnused(slot: number, commands: HostCommands): Promise<boolean> {
  const { stdout } = await commands.run(['ip', '-4', 'route', 'show', 'table', 'all', 'to', 'root', subnetOf(slot)]);
  return stdout.split('\n').every((line) => line.trim() === '' || line.includes(`metric ${guardMetric}`));
}

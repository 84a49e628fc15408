import type { Clock } from '@vmstation/core';
import { expect } from 'vitest';
import type { Contract } from '../contract-case.ts';

/** A clock, and what makes its time go by. */
export interface ClockSubject {
  readonly clock: Clock;
  /** Lets so much of its time pass while something waits for it. */
  readonly pass: (ms: number) => Promise<void>;
}

/** Time as the product is given it: this computer's, or the lab's that runs weeks in seconds. */
export const clockContract: Contract<ClockSubject> = {
  port: 'Clock',
  cases: [
    {
      title: 'time does not go back',
      async run({ clock, pass }) {
        const times: number[] = [];
        for (let round = 0; round < 20; round += 1) {
          times.push(clock.now().getTime());
          await pass(1);
        }
        expect(times).toEqual(times.toSorted((one, other) => one - other));
      },
    },
    {
      title: 'a sleep ends after its time and not before',
      async run({ clock, pass }) {
        const began = clock.now().getTime();
        const ends = clock.sleep(50).then(() => clock.now().getTime());
        await pass(60);
        // Timers of this computer count from the start of a millisecond.
        expect((await ends) - began).toBeGreaterThanOrEqual(49);
      },
    },
    {
      title: 'sleeps end in the order of their times',
      async run({ clock, pass }) {
        const ended: number[] = [];
        const sleeps = [40, 10, 25].map((ms) => clock.sleep(ms).then(() => ended.push(ms)));
        await pass(60);
        await Promise.all(sleeps);
        expect(ended).toEqual([10, 25, 40]);
      },
    },
    {
      title: 'a sleep that is called off rejects with the reason that was given',
      async run({ clock, pass }) {
        const stop = new AbortController();
        const sleeping = clock.sleep(60_000, stop.signal);
        const reason = new Error('the operator had enough');
        const ended = sleeping.catch((thrown: unknown) => thrown);
        stop.abort(reason);
        await pass(1);
        expect(await ended).toBe(reason);
      },
    },
    {
      title: 'a sleep that was called off beforehand does not begin',
      async run({ clock }) {
        const reason = new Error('too late');
        await expect(clock.sleep(60_000, AbortSignal.abort(reason))).rejects.toBe(reason);
      },
    },
    {
      title: 'a sleep of no time ends, and gives others their turn',
      async run({ clock, pass }) {
        const ended: string[] = [];
        const sleeping = clock.sleep(0).then(() => ended.push('slept'));
        ended.push('went on');
        await pass(1);
        await sleeping;
        expect(ended).toEqual(['went on', 'slept']);
      },
    },
  ],
};

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { randomBelow, randomUuid, seededRandom } from './randomness.ts';
import { TimerQueue } from './timer-queue.ts';
import { VirtualClock } from './virtual-clock.ts';

test('property: timers come in the order of their time, equal ones in that of their setting, removed ones never', () => {
  const timer = fc.record({ dueMs: fc.integer({ min: 0, max: 20 }), removed: fc.boolean() });
  fc.assert(
    fc.property(fc.array(timer, { maxLength: 60 }), (wanted) => {
      const queue = new TimerQueue();
      const fired: number[] = [];
      const timers = wanted.map(({ dueMs }, index) => queue.add(dueMs, () => fired.push(index), false));
      for (const [index, { removed }] of wanted.entries())
        if (removed) queue.remove(timers[index] as (typeof timers)[0]);
      for (let next = queue.first(); next !== undefined; next = queue.first()) {
        queue.remove(next);
        next.action();
      }
      const expected = wanted
        .map(({ dueMs, removed }, index) => ({ dueMs, removed, index }))
        .filter(({ removed }) => !removed)
        .toSorted((a, b) => a.dueMs - b.dueMs || a.index - b.index)
        .map(({ index }) => index);
      expect(fired).toEqual(expected);
    }),
  );
});

test('nodes, cluster and product share one time, and what one starts the others see in order', async () => {
  const clock = new VirtualClock(0);
  const seen: string[] = [];
  const note = (who: string): void => void seen.push(`${who} ${clock.now()}`);
  clock.cluster.setTimeout(() => note('cluster'), 2000);
  const machine = async (): Promise<void> => {
    for (const ms of [1000, 1500]) {
      await clock.machines.sleep(ms);
      note('machine');
    }
  };
  void machine();
  void clock.product.sleep(2000).then(() => note('product'));
  await clock.advance(10_000);
  expect(seen).toEqual(['machine 1000', 'cluster 2000', 'product 2000', 'machine 2500']);
  expect(clock.now()).toBe(10_000);
});

test('time moves as far as work needs it, and not at all while it needs none', async () => {
  const clock = new VirtualClock(0);
  expect(await clock.until(clock.product.sleep(90_000).then(() => 'done'))).toBe('done');
  expect(clock.now()).toBe(90_000);
  await clock.until(new Promise((resolve) => setImmediate(() => setImmediate(resolve))));
  expect(clock.now()).toBe(90_000);
});

test('while real work is held, time stands', async () => {
  const clock = new VirtualClock(0);
  clock.cluster.setTimeout(() => undefined, 1000);
  await clock.until(clock.hold(new Promise((resolve) => setTimeout(resolve, 20))));
  expect(clock.now()).toBe(0);
});

test('an aborted sleep ends with the signal’s own reason', async () => {
  const clock = new VirtualClock(0);
  const stop = new AbortController();
  const asleep = clock.product.sleep(1000, stop.signal);
  stop.abort(new Error('enough'));
  await expect(asleep).rejects.toThrow('enough');
});

test('randomness follows from its seed', () => {
  const texts = ['a', 'a', 'b'].map((seed) => randomUuid(seededRandom(seed)));
  expect(texts[0]).toBe(texts[1]);
  expect(texts[0]).not.toBe(texts[2]);
  expect(texts[0]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  const random = seededRandom('numbers');
  const counts = Array.from({ length: 6 }, () => 0);
  for (let index = 0; index < 6000; index += 1) counts[randomBelow(random, 6)]! += 1;
  for (const count of counts) expect(count).toBeGreaterThan(800);
});

import { AppError } from '@vmstation/core';
import { expect, test } from 'vitest';
import { SudoTurns } from './sudo-turns.ts';

const wrong = () => new AppError({ code: 'ssh/sudo-password', kind: 'user', message: 'wrong' });

test('the first command of a node goes alone; once it is root, the others go side by side', async () => {
  const turns = new SudoTurns();
  const began: number[] = [];
  const end = Promise.withResolvers<void>();
  const root = Promise.withResolvers<void>();
  const all = [1, 2, 3].map((number) =>
    turns.take('homelab', async ({ accepted }) => {
      began.push(number);
      if (number === 1) await root.promise.then(accepted);
      await end.promise;
      return number;
    }),
  );
  const elsewhere = turns.take('masternode', async () => 'at once');
  expect(await elsewhere).toBe('at once');
  expect(began).toEqual([1]);
  root.resolve();
  await expect.poll(() => began).toEqual([1, 2, 3]);
  end.resolve();
  expect(await Promise.all(all)).toEqual([1, 2, 3]);
});

test('a wrong password is tried once, by however many commands', async () => {
  const turns = new SudoTurns();
  let tried = 0;
  const run = () =>
    turns.take('homelab', async () => {
      tried += 1;
      throw wrong();
    });
  const ends = await Promise.allSettled([run(), run(), run()]);
  expect(ends.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
  await expect(run()).rejects.toMatchObject({ code: 'ssh/sudo-password' });
  expect(tried).toBe(1);
});

test('a machine that could not be reached is tried by the next one', async () => {
  const turns = new SudoTurns();
  const lost = turns.take('homelab', async () => {
    throw new Error('unreachable');
  });
  const next = turns.take('homelab', async () => 'there');
  await expect(lost).rejects.toThrow('unreachable');
  expect(await next).toBe('there');
});

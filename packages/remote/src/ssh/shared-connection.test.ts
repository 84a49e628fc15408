import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { type SharedConnection, withSession } from './shared-connection.ts';

function connectionIn(folder: string): SharedConnection {
  return { controlPath: join(folder, 'control'), opening: undefined, opened: false, running: 0, waiting: [] };
}

function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), 'vmstation-shared-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Turns of the queue of promises, without a timer: what waits in a circle would never let one run. */
async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await Promise.resolve();
}

test('a connection that another process opened in the same moment is open', async () => {
  const connection = connectionIn(scratch());
  const counters = { roundTrips: 0, connections: 0 };
  let end: () => void = () => undefined;
  const first = withSession(connection, counters, () => {
    writeFileSync(connection.controlPath, '');
    return new Promise<void>((resolve) => {
      end = resolve;
    });
  });
  await turns(20);
  expect(connection.opening).toBeUndefined();
  expect(await withSession(connection, counters, async () => 'second')).toBe('second');
  end();
  await first;
  expect(connection).toMatchObject({ running: 0, opening: undefined });
});

test('the second command waits until the first has opened the connection, or has ended', async () => {
  const connection = connectionIn(scratch());
  const counters = { roundTrips: 0, connections: 0 };
  const order: string[] = [];
  const first = withSession(connection, counters, async () => {
    await new Promise((resolve) => setTimeout(resolve, 30));
    order.push('first');
  });
  const second = withSession(connection, counters, async () => void order.push('second'));
  await Promise.all([first, second]);
  expect(order).toEqual(['first', 'second']);
  await turns(20);
  expect(counters.connections).toBe(2);
  expect(connection).toMatchObject({ running: 0, opening: undefined });
});

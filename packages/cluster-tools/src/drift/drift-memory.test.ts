import type { NodeCheck, ResourceState, WorkspaceFiles } from '@vmstation/core';
import { expect, test } from 'vitest';
import { sinceOf } from './drift-history.ts';
import { driftMemory } from './drift-memory.ts';

const start = Date.parse('2026-01-01T00:00:00.000Z');
const motd = { target: 'file:/etc/motd', attribute: 'content', seen: 'sha256 1' };

function filesIn(store: Map<string, string>, refusal?: Error): WorkspaceFiles {
  return {
    stateDir: '/state',
    read: async (path) => store.get(path),
    write: async (path, content) => {
      if (refusal !== undefined) throw refusal;
      store.set(path, content);
      return true;
    },
    remove: async () => undefined,
    list: async () => [],
    resolve: (path) => path,
  };
}

function memoryOn(files: WorkspaceFiles, day: number, places: readonly string[] = ['node/a']) {
  const now = () => new Date(start + day * 86_400_000);
  return driftMemory({ files, clock: { now, sleep: async () => undefined }, places });
}

function check(state: ResourceState): NodeCheck {
  return { node: 'a', resources: new Map([['file:/etc/motd', state]]) } as unknown as NodeCheck;
}

const differs: ResourceState = {
  state: 'differs',
  differences: [{ attribute: 'content', want: 'w', seen: 'sha256 1' }],
};

test('what one process saw is as old for the next; unreadable keeps it, equal forgets it', async () => {
  const files = filesIn(new Map());
  const seenOn = async (day: number, state: ResourceState) => {
    const memory = memoryOn(files, day);
    memory.readNode(check(state));
    return sinceOf((await memory.keep()).history, 'node/a', motd);
  };
  expect(await seenOn(0, differs)).toBe('2026-01-01T00:00:00.000Z');
  expect(await seenOn(1, differs)).toBe('2026-01-01T00:00:00.000Z');
  expect(await seenOn(2, { state: 'unreadable', reason: 'no' })).toBe('2026-01-01T00:00:00.000Z');
  expect(await seenOn(3, { state: 'equal' })).toBeUndefined();
  expect(await seenOn(4, differs)).toBe('2026-01-05T00:00:00.000Z');
});

test('a node that the cluster file has no more is forgotten', async () => {
  const store = new Map<string, string>();
  const memory = memoryOn(filesIn(store), 0);
  memory.readNode(check(differs));
  await memory.keep();
  expect((await memoryOn(filesIn(store), 1, ['node/b']).keep()).history).toEqual([]);
});

test('a state folder that takes no writes is told, and does not fail the look', async () => {
  const refusal = Object.assign(new Error('EROFS: read-only file system'), { code: 'EROFS', syscall: 'open' });
  const memory = memoryOn(filesIn(new Map(), refusal), 0);
  memory.readNode(check(differs));
  const { history, problem } = await memory.keep();
  expect(problem).toBe('EROFS: read-only file system');
  expect(sinceOf(history, 'node/a', motd)).toBe('2026-01-01T00:00:00.000Z');
});

import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { StateFile } from '../kubernetes/storage/state-file.ts';
import { noRoomError } from './no-room.ts';
import { writeWhole } from './write-whole.ts';

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'no-room-'));
  onTestFinished(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

test.each([
  ['SQLite has no room', { errcode: 13 }, true],
  ['SQLite’s write was refused', { errcode: 778 }, true],
  ['the disk is full', { code: 'ENOSPC' }, true],
  ['the quota is used up', { code: 'EDQUOT' }, true],
  ['a file may not be that large', { code: 'EFBIG' }, true],
  ['the database is broken', { errcode: 11 }, false],
  ['a constraint does not hold', { errcode: 19 }, false],
  ['somebody else owns it', { code: 'EACCES' }, false],
])('%s', (_what, thrown, full) => {
  expect(noRoomError('/nowhere/at/all', thrown)?.code).toBe(full ? 'lab/no-room' : undefined);
});

test('a small file is replaced whole or not at all, and nothing is left beside it', () => {
  const file = join(folder(), 'ports.json');
  writeWhole(file, 'one');
  writeWhole(file, 'two');
  expect(readFileSync(file, 'utf8')).toBe('two');
  expect(() => writeWhole(join(file, 'below'), 'three')).toThrow('ENOTDIR');
  expect(readdirSync(join(file, '..'))).toEqual(['ports.json']);
});

test('a deletion that fails in the middle leaves the cluster’s file usable', () => {
  const file = new StateFile(join(folder(), 'cluster.sqlite'));
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', namespace: 'n' } };
  file.put('configmaps', 'n', 'a', 1, object);
  expect(() =>
    file.together(() => {
      file.remove('configmaps', 'n', 'a', 2);
      throw new Error('in the middle');
    }),
  ).toThrow('in the middle');
  expect(file.rows()).toHaveLength(1);
  file.remove('configmaps', 'n', 'a', 2);
  expect(file.rows()).toHaveLength(0);
  file.close();
});

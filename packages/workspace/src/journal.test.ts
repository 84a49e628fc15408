import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Outcome, RunEvent, RunSummary } from '@vmstation/core';
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest';
import { openJournal, readJournal } from './journal.ts';
import { storageFailure } from './storage-failure.ts';

let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vmstation-journal-'));
  path = join(folder, 'state/journal.db');
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const at = '2026-11-23T09:00:00.000Z';

function run(runId: string): Parameters<ReturnType<typeof openJournal>['begin']>[0] {
  return { runId, command: 'up', cluster: 'vmstation', startedAt: new Date(at), versions: { node: '24' } };
}

function stepEnded(runId: string, stepId: string, outcome: Outcome, inputHash: string): RunEvent {
  return {
    type: 'step-ended',
    at,
    runId,
    result: { stepId, outcome, changes: [], findings: [] },
    inputHash,
    durationMs: 1,
  };
}

const summary: RunSummary = {
  runId: 'one',
  ended: 'done',
  exitCode: 0,
  counts: { unchanged: 1, changed: 0, failed: 0, blocked: 0, queued: 0, 'not-run': 0, unknown: 0, 'not-proved': 0 },
  durationMs: 5,
  attention: [],
};

test('what was recorded is read back in its order, newest run first', () => {
  const journal = openJournal(path);
  journal.begin(run('one'));
  const events = [stepEnded('one', 'setup/a/x', 'changed', 'h1'), stepEnded('one', 'setup/b/x', 'failed', 'h2')];
  for (const event of events) journal.append(event);
  journal.end('one', summary, new Date(at));
  journal.begin(run('two'));
  journal.close();
  const again = openJournal(path);
  expect(again.runs(10).map((record) => [record.runId, record.endedAt?.toISOString(), record.summary])).toEqual([
    ['two', undefined, undefined],
    ['one', at, summary],
  ]);
  expect(again.runs(1)).toHaveLength(1);
  expect(again.events('one')).toEqual(events);
  again.close();
});

test('the last green end of a step is found over all runs', () => {
  const journal = openJournal(path);
  journal.begin(run('one'));
  journal.begin(run('two'));
  journal.append(stepEnded('one', 's', 'changed', 'h1'));
  journal.append(stepEnded('two', 's', 'unchanged', 'h2'));
  journal.append(stepEnded('two', 's', 'failed', 'h3'));
  journal.append(stepEnded('two', 't', 'not-proved', 'h4'));
  expect(journal.lastGreen('s')).toEqual({ inputHash: 'h2', at: new Date(at) });
  expect(journal.lastGreen('t')).toBeUndefined();
  journal.close();
});

test('nothing can be changed, removed, recorded twice or recorded for a run that never began', () => {
  const journal = openJournal(path);
  journal.begin(run('one'));
  journal.append(stepEnded('one', 's', 'changed', 'h1'));
  expect(() => journal.begin(run('one'))).toThrow(/UNIQUE/);
  expect(() => journal.append(stepEnded('none', 's', 'changed', 'h1'))).toThrow(/FOREIGN KEY/);
  const raw = new DatabaseSync(path);
  expect(() => raw.exec("UPDATE events SET outcome = 'failed'")).toThrow(/append-only/);
  expect(() => raw.exec('DELETE FROM events')).toThrow(/append-only/);
  raw.close();
  journal.close();
});

test('a reader sees what a writer has recorded, while it writes', () => {
  const writer = openJournal(path);
  const reader = openJournal(path);
  writer.begin(run('one'));
  expect(reader.runs(10)).toHaveLength(1);
  writer.append(stepEnded('one', 's', 'changed', 'h1'));
  expect(reader.events('one')).toHaveLength(1);
  reader.close();
  writer.close();
});

test('a file that is no journal, or a newer one, is refused by name', async () => {
  await writeFile(join(folder, 'text.db'), 'this is not a database, whatever its name may say. '.repeat(100));
  expect(() => openJournal(join(folder, 'text.db'))).toThrow(expect.objectContaining({ code: 'journal/unreadable' }));
  openJournal(path).close();
  const raw = new DatabaseSync(path);
  raw.exec('PRAGMA user_version = 99');
  raw.close();
  expect(() => openJournal(path)).toThrow(expect.objectContaining({ code: 'journal/newer' }));
  expect((await stat(path)).mode & 0o777).toBe(0o600);
});

test('everything that a killed process had recorded is there', async () => {
  // It writes to the file descriptor, because process.stdout queues without end where a reader falls behind and nothing yields.
  const writer = `
    import { writeSync } from 'node:fs';
    import { openJournal } from ${JSON.stringify(join(import.meta.dirname, 'journal.ts'))};
    const journal = openJournal(${JSON.stringify(path)});
    journal.begin({ runId: 'one', command: 'up', cluster: 'c', startedAt: new Date(), versions: {} });
    for (let n = 1; ; n += 1) {
      journal.append({ type: 'step-progress', at: '', runId: 'one', stepId: 's', line: String(n) });
      writeSync(1, n + '\\n');
    }`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', writer], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
    if (said.length > 3000) child.kill('SIGKILL');
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  // As on a machine with more to do than this: the reader comes late.
  for (const until = Date.now() + 1500; Date.now() < until; );
  await once(child, 'close');
  const last = Number(said.slice(0, said.lastIndexOf('\n')).split('\n').at(-1));
  const journal = openJournal(path);
  const lines = journal.events('one').map((event) => (event.type === 'step-progress' ? Number(event.line) : 0));
  expect(last).toBeGreaterThan(100);
  expect(lines.length).toBeGreaterThanOrEqual(last);
  expect(lines).toEqual(lines.map((_line, index) => index + 1));
  journal.append({ type: 'step-progress', at: '', runId: 'one', stepId: 's', line: 'after' });
  journal.close();
});

test('a journal is read where nothing may be written beside it, with what a killed run left in the log', async () => {
  const journal = openJournal(path);
  journal.begin(run('one'));
  // As after a kill: the log beside the file still holds everything.
  const copy = join(folder, 'copy');
  await mkdir(copy);
  for (const suffix of ['', '-wal']) await copyFile(path + suffix, join(copy, `journal.db${suffix}`));
  journal.close();
  const reading = readJournal(join(copy, 'journal.db'));
  expect(reading.runs(10).map(({ runId }) => runId)).toEqual(['one']);
  expect(() => reading.begin(run('two'))).toThrow(/took no further record|cannot/);
  reading.close();
});

test('looking at a journal that is not there makes none', async () => {
  const reading = readJournal(path);
  expect(reading.runs(10)).toEqual([]);
  reading.close();
  await expect(stat(path)).rejects.toMatchObject({ code: 'ENOENT' });
});

test('a file that is no journal is told apart from a place that cannot be used', async () => {
  await writeFile(join(folder, 'text'), 'no database '.repeat(100));
  expect(() => openJournal(join(folder, 'text'))).toThrow(expect.objectContaining({ code: 'journal/unreadable' }));
  expect(() => readJournal(join(folder, 'text'))).toThrow(expect.objectContaining({ code: 'journal/unreadable' }));
  const full = Object.assign(new Error('database or disk is full'), { code: 'ERR_SQLITE_ERROR', errcode: 13 });
  expect(storageFailure(path, full)).toMatchObject({ code: 'file/disk-full', kind: 'environment' });
  const sick = Object.assign(new Error('disk I/O error'), { code: 'ERR_SQLITE_ERROR', errcode: 10 });
  expect(storageFailure(join(folder, 'text'), sick)).toBe(undefined);
});

import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { AppError, type Journal, type RunEvent, type RunRecord, type RunSummary } from '@vmstation/core';
import { isMissing } from './find-workspace.ts';
import { storageFailure } from './storage-failure.ts';

const schemaVersion = 1;

const schema = `
  CREATE TABLE IF NOT EXISTS runs (
    run_id TEXT PRIMARY KEY, command TEXT NOT NULL, cluster TEXT NOT NULL,
    started_at TEXT NOT NULL, versions TEXT NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, run_id TEXT NOT NULL REFERENCES runs (run_id), at TEXT NOT NULL,
    type TEXT NOT NULL, step_id TEXT, outcome TEXT, body TEXT NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS events_of_run ON events (run_id, seq);
  CREATE INDEX IF NOT EXISTS ends_of_step ON events (step_id, seq) WHERE type = 'step-ended';
  CREATE TABLE IF NOT EXISTS run_ends (
    run_id TEXT PRIMARY KEY REFERENCES runs (run_id), ended_at TEXT NOT NULL, summary TEXT NOT NULL
  ) STRICT;
`;

/** Nothing that was recorded can be changed or removed, by us either. */
const appendOnly = ['runs', 'events', 'run_ends']
  .flatMap((table) =>
    ['UPDATE', 'DELETE'].map(
      (verb) => `CREATE TRIGGER IF NOT EXISTS ${table}_no_${verb.toLowerCase()} BEFORE ${verb} ON ${table}
        BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;`,
    ),
  )
  .join('\n');

/**
 * The journal in one SQLite file (WAL: readers never wait for the writer, and an append survives the death of the process).
 * Throws journal/unreadable when the file is no journal, journal/newer when a newer vmstation wrote it, file/… when its place cannot be used,
 * and the same or journal/not-written when an append fails.
 * @param path the file; made, with its folder, when it is absent
 */
export function openJournal(path: string): Journal {
  const database = openDatabase(path);
  return journalOver(database, path, () => database.close());
}

/**
 * The journal for looking only: nothing is made or written, so that it works on read-only media and full disks. An absent file is an empty
 * journal. Throws what {@link openJournal} throws when opening.
 */
export function readJournal(path: string): Journal {
  const { database, close } = databaseForReading(path);
  return journalOver(database, path, close);
}

function journalOver(database: DatabaseSync, path: string, close: () => void): Journal {
  const statements = prepare(database);
  const write = (statement: Statement, ...values: readonly (string | null)[]): void => {
    try {
      statement.run(...values);
    } catch (error) {
      // A record that breaks the tables' own rules is our bug, whatever the disk is like.
      if (isConstraint(error)) throw error;
      throw storageFailure(path, error) ?? notWritten(path, error);
    }
  };
  return {
    begin: (run) => {
      const versions = JSON.stringify(run.versions);
      write(statements.begin, run.runId, run.command, run.cluster, run.startedAt.toISOString(), versions);
    },
    append: (event) => {
      const result = event.type === 'step-ended' ? event.result : undefined;
      const stepId = result?.stepId ?? null;
      const body = JSON.stringify(event);
      write(statements.append, event.runId, event.at, event.type, stepId, result?.outcome ?? null, body);
    },
    end: (runId, summary, endedAt) => write(statements.end, runId, endedAt.toISOString(), JSON.stringify(summary)),
    runs: (limit) => statements.runs.all(limit).map((row) => runRecord(row as unknown as RunRow)),
    events: (runId) => statements.events.all(runId).map((row) => JSON.parse(String(row['body'])) as RunEvent),
    lastGreen: (stepId) => {
      const row = statements.lastGreen.get(stepId);
      if (row === undefined) return undefined;
      const event = JSON.parse(String(row['body'])) as { readonly inputHash: string; readonly at: string };
      return { inputHash: event.inputHash, at: new Date(event.at) };
    },
    close,
  };
}

function openDatabase(path: string): DatabaseSync {
  let database: DatabaseSync | undefined;
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    database = new DatabaseSync(path, { enableForeignKeyConstraints: true, timeout: 5000 });
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;');
    refuseNewer(database, path);
    makeTables(database);
    chmodSync(path, 0o600);
    return database;
  } catch (error) {
    database?.close();
    throw notOpened(path, error);
  }
}

function databaseForReading(path: string): { readonly database: DatabaseSync; readonly close: () => void } {
  if (isAbsent(path)) {
    const database = new DatabaseSync(':memory:');
    makeTables(database);
    return { database, close: () => database.close() };
  }
  try {
    return openToRead(path, path, () => undefined);
  } catch (first) {
    if (first instanceof AppError) throw first;
    // SQLite keeps a file of its own beside a journal that it reads; where it may not, a copy is read.
    return openCopy(path);
  }
}

function openCopy(path: string): { readonly database: DatabaseSync; readonly close: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'vmstation-journal-'));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  const copy = join(folder, 'journal.sqlite');
  try {
    for (const suffix of ['', '-wal']) if (existsSync(path + suffix)) copyFileSync(path + suffix, copy + suffix);
    return openToRead(copy, path, remove);
  } catch (error) {
    remove();
    throw notOpened(path, error);
  }
}

function openToRead(
  file: string,
  path: string,
  afterwards: () => void,
): { readonly database: DatabaseSync; readonly close: () => void } {
  const database = new DatabaseSync(file, { readOnly: true, timeout: 5000 });
  try {
    refuseNewer(database, path);
    // A file without tables is none of ours, and what reads it must not be the first to notice.
    prepare(database);
  } catch (error) {
    database.close();
    throw error;
  }
  return {
    database,
    close: () => {
      database.close();
      afterwards();
    },
  };
}

function makeTables(database: DatabaseSync): void {
  database.exec(`BEGIN IMMEDIATE; ${schema} ${appendOnly} PRAGMA user_version = ${schemaVersion}; COMMIT;`);
}

function refuseNewer(database: DatabaseSync, path: string): void {
  const version = Number(database.prepare('PRAGMA user_version').get()?.['user_version'] ?? 0);
  if (version > schemaVersion) throw newerJournal(path, version);
}

function notOpened(path: string, error: unknown): AppError {
  if (error instanceof AppError) return error;
  return (
    storageFailure(path, error) ??
    new AppError({
      code: 'journal/unreadable',
      kind: 'environment',
      message: `The journal ${path} cannot be opened.`,
      tryThis: 'Move the file aside to start a new journal; the record of earlier runs stays in the moved file.',
      context: { path },
      cause: error,
    })
  );
}

/** Unlike a file that may not be looked at. */
function isAbsent(path: string): boolean {
  try {
    statSync(path);
    return false;
  } catch (error) {
    if (isMissing(error)) return true;
    throw notOpened(path, error);
  }
}

/** SQLite's SQLITE_CONSTRAINT, https://www.sqlite.org/rescode.html#constraint */
function isConstraint(error: unknown): boolean {
  const code = (error as { readonly errcode?: unknown }).errcode;
  return typeof code === 'number' && (code & 0xff) === 19;
}

function notWritten(path: string, error: unknown): AppError {
  return new AppError({
    code: 'journal/not-written',
    kind: 'environment',
    message: `The journal ${path} took no further record, so the run was stopped.`,
    tryThis: 'Look at the disk it lies on, then run the same command again: it goes on where it stopped.',
    context: { path },
    cause: error,
  });
}

function newerJournal(path: string, version: number): AppError {
  return new AppError({
    code: 'journal/newer',
    kind: 'environment',
    message: `The journal ${path} was written by a newer vmstation (format ${version}; this one knows ${schemaVersion}).`,
    tryThis: 'Use that version of vmstation for this workspace.',
    context: { path, version },
  });
}

type Statement = ReturnType<DatabaseSync['prepare']>;

function prepare(
  database: DatabaseSync,
): Readonly<Record<'begin' | 'append' | 'end' | 'runs' | 'events' | 'lastGreen', Statement>> {
  return {
    begin: database.prepare('INSERT INTO runs (run_id, command, cluster, started_at, versions) VALUES (?, ?, ?, ?, ?)'),
    append: database.prepare('INSERT INTO events (run_id, at, type, step_id, outcome, body) VALUES (?, ?, ?, ?, ?, ?)'),
    end: database.prepare('INSERT INTO run_ends (run_id, ended_at, summary) VALUES (?, ?, ?)'),
    runs: database.prepare(`
      SELECT runs.run_id AS runId, command, cluster, started_at AS startedAt, versions, ended_at AS endedAt, summary
      FROM runs LEFT JOIN run_ends ON run_ends.run_id = runs.run_id
      ORDER BY started_at DESC, runs.rowid DESC LIMIT ?`),
    events: database.prepare('SELECT body FROM events WHERE run_id = ? ORDER BY seq'),
    lastGreen: database.prepare(`
      SELECT body FROM events WHERE step_id = ? AND type = 'step-ended' AND outcome IN ('unchanged', 'changed')
      ORDER BY seq DESC LIMIT 1`),
  };
}

interface RunRow {
  readonly runId: string;
  readonly command: string;
  readonly cluster: string;
  readonly startedAt: string;
  readonly versions: string;
  readonly endedAt: string | null;
  readonly summary: string | null;
}

function runRecord(row: RunRow): RunRecord {
  return {
    runId: row.runId,
    command: row.command,
    cluster: row.cluster,
    startedAt: new Date(row.startedAt),
    endedAt: row.endedAt === null ? undefined : new Date(row.endedAt),
    summary: row.summary === null ? undefined : (JSON.parse(row.summary) as RunSummary),
    versions: JSON.parse(row.versions) as Record<string, string>,
  };
}

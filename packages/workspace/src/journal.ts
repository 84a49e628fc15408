import { chmodSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { AppError, type Journal, type RunEvent, type RunRecord, type RunSummary } from '@vmstation/core';

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
 * Throws journal/unreadable when the file is no journal, journal/newer when a newer vmstation wrote it.
 * @param path the file; made, with its folder, when it is absent
 */
export function openJournal(path: string): Journal {
  const database = openDatabase(path);
  const statements = prepare(database);
  return {
    begin: (run) => {
      const versions = JSON.stringify(run.versions);
      statements.begin.run(run.runId, run.command, run.cluster, run.startedAt.toISOString(), versions);
    },
    append: (event) => {
      const result = event.type === 'step-ended' ? event.result : undefined;
      const stepId = result?.stepId ?? null;
      statements.append.run(event.runId, event.at, event.type, stepId, result?.outcome ?? null, JSON.stringify(event));
    },
    end: (runId, summary, endedAt) => {
      statements.end.run(runId, endedAt.toISOString(), JSON.stringify(summary));
    },
    runs: (limit) => statements.runs.all(limit).map((row) => runRecord(row as unknown as RunRow)),
    events: (runId) => statements.events.all(runId).map((row) => JSON.parse(String(row['body'])) as RunEvent),
    lastGreen: (stepId) => {
      const row = statements.lastGreen.get(stepId);
      if (row === undefined) return undefined;
      const event = JSON.parse(String(row['body'])) as { readonly inputHash: string; readonly at: string };
      return { inputHash: event.inputHash, at: new Date(event.at) };
    },
    close: () => database.close(),
  };
}

function openDatabase(path: string): DatabaseSync {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path, { enableForeignKeyConstraints: true, timeout: 5000 });
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;');
    const version = Number(database.prepare('PRAGMA user_version').get()?.['user_version'] ?? 0);
    if (version > schemaVersion) throw newerJournal(path, version);
    database.exec(`BEGIN IMMEDIATE; ${schema} ${appendOnly} PRAGMA user_version = ${schemaVersion}; COMMIT;`);
    chmodSync(path, 0o600);
    return database;
  } catch (error) {
    database?.close();
    if (error instanceof AppError) throw error;
    throw new AppError({
      code: 'journal/unreadable',
      kind: 'environment',
      message: `The journal ${path} cannot be opened.`,
      tryThis: 'Move the file aside to start a new journal; the record of earlier runs stays in the moved file.',
      context: { path },
      cause: error,
    });
  }
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

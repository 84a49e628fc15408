import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { noRoomError } from '../../disk/no-room.ts';
import type { KubeObject, ResourceName } from '../kinds.ts';

/** A stored object with its address. */
export interface StoredRow {
  readonly resource: ResourceName;
  readonly namespace: string;
  readonly name: string;
  readonly object: KubeObject;
}

/**
 * The cluster's memory on disk: one SQLite file with every object, the last resourceVersion and a few named values.
 * A write is in the file before the call returns, so that `kill -9` loses nothing that a client has seen. On a full disk a write throws
 * lab/no-room and has changed nothing.
 */
export class StateFile {
  readonly #database: DatabaseSync;
  readonly #path: string;
  /** Nobody can open ':memory:' again, so objects need not be written. */
  readonly #keeps: boolean;
  readonly #put: StatementSync;
  readonly #remove: StatementSync;
  readonly #setValue: StatementSync;
  readonly #getValue: StatementSync;

  /** Opens or creates the file; ':memory:' keeps nothing. Throws node:sqlite's error when the file is no database. */
  constructor(path: string) {
    this.#path = path;
    this.#keeps = path !== ':memory:';
    this.#database = new DatabaseSync(path);
    this.#database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; PRAGMA busy_timeout = 2000;
      CREATE TABLE IF NOT EXISTS objects (resource TEXT, namespace TEXT, name TEXT, revision INTEGER, json TEXT,
        PRIMARY KEY (resource, namespace, name)) WITHOUT ROWID;
      CREATE TABLE IF NOT EXISTS named_values (name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;`);
    this.#put = this.#database.prepare('INSERT OR REPLACE INTO objects VALUES (?, ?, ?, ?, ?)');
    this.#remove = this.#database.prepare('DELETE FROM objects WHERE resource = ? AND namespace = ? AND name = ?');
    this.#setValue = this.#database.prepare('INSERT OR REPLACE INTO named_values VALUES (?, ?)');
    this.#getValue = this.#database.prepare('SELECT value FROM named_values WHERE name = ?');
  }

  /** Every stored object. */
  rows(): StoredRow[] {
    return this.#database
      .prepare('SELECT resource, namespace, name, json FROM objects')
      .all()
      .map((row) => ({
        resource: String(row.resource) as ResourceName,
        namespace: String(row.namespace),
        name: String(row.name),
        object: JSON.parse(String(row.json)) as KubeObject,
      }));
  }

  /** The highest resourceVersion ever given out. */
  lastRevision(): number {
    const highest = this.#database.prepare('SELECT max(revision) AS revision FROM objects').get();
    return Math.max(Number(highest?.revision ?? 0), Number(this.value('revision') ?? 0));
  }

  put(resource: ResourceName, namespace: string, name: string, revision: number, object: KubeObject): void {
    if (!this.#keeps) return;
    this.#written(() => this.#put.run(resource, namespace, name, revision, JSON.stringify(object)));
  }

  remove(resource: ResourceName, namespace: string, name: string, revision: number): void {
    if (!this.#keeps) return;
    this.together(() => {
      this.#remove.run(resource, namespace, name);
      this.#setValue.run('revision', String(revision));
    });
  }

  value(name: string): string | undefined {
    const row = this.#getValue.get(name);
    return row ? String(row.value) : undefined;
  }

  setValue(name: string, value: string): void {
    this.#written(() => this.#setValue.run(name, value));
  }

  /** Runs `action` in one transaction: for the many objects of a new cluster. */
  together(action: () => void): void {
    this.#written(() => {
      // A deletion may be part of something larger.
      if (this.#database.isTransaction) return action();
      this.#database.exec('BEGIN');
      try {
        action();
        this.#database.exec('COMMIT');
      } catch (error) {
        // On a full disk SQLite may have taken it back itself.
        if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
        throw error;
      }
    });
  }

  #written(write: () => void): void {
    try {
      write();
    } catch (error) {
      throw noRoomError(this.#path, error) ?? error;
    }
  }

  close(): void {
    this.#database.close();
  }
}

import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { AppError } from '@vmstation/core';
import type { KernelState } from '../machine/kernel-state.ts';
import type { Inode, InodeKind, Volume, VolumeKind } from './inode.ts';
import { noRoomError } from './no-room.ts';

/** A machine as it was kept. */
export interface StoredMachine {
  /** The disk with its root directory filled; what `MachineOptions.volume` takes. */
  readonly volume: Volume;
  /** Kept memory; absent: the machine was off. */
  readonly state: KernelState | undefined;
  /** The caller's own plain data: specification, power state, counters, faults. */
  readonly extra: Readonly<Record<string, unknown>>;
}

/** What to keep of a machine. What is absent stays as it was kept before. */
export interface MachineChanges {
  /** Only inodes changed since its last save are written. */
  readonly volume?: Volume;
  /** `null` forgets kept memory: the machine is off. */
  readonly state?: KernelState | null;
  readonly extra?: Readonly<Record<string, unknown>>;
}

/** The disks and memories of all machines of a laboratory, in one SQLite file. */
export interface DiskStore {
  /** Names of the kept machines, sorted. */
  names(): string[];
  /** A kept machine, or undefined. Throws `lab/disk-store-unreadable` when its directories name lost inodes. */
  load(machineName: string): StoredMachine | undefined;
  /** Writes the changes in one transaction; once it returns, `kill -9` of this process loses nothing of them. Throws lab/no-room, and has written nothing then. */
  save(machineName: string, changes: MachineChanges): void;
  /** Forgets a machine; nothing happens where there is none. */
  remove(machineName: string): void;
  close(): void;
}

const SCHEMA_VERSION = 1;

// Content apart from metadata: a chmod does not rewrite the bytes of a file.
const SCHEMA = `
CREATE TABLE machine (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, volume TEXT, state TEXT, extra TEXT);
CREATE TABLE inode (machine INTEGER, ino INTEGER, kind TEXT, mode INTEGER, uid INTEGER, gid INTEGER, mtime REAL, ctime REAL,
  links INTEGER, target TEXT, device TEXT, context TEXT, entries TEXT, PRIMARY KEY (machine, ino)) WITHOUT ROWID;
CREATE TABLE content (machine INTEGER, ino INTEGER, bytes BLOB, PRIMARY KEY (machine, ino));
PRAGMA user_version = ${SCHEMA_VERSION};`;

/** Opens or creates the file. Throws `lab/disk-store-unreadable` when it is no store of this version. */
export function openDiskStore(file: string): DiskStore {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(file);
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 5000;');
    const version = Number(database.prepare('PRAGMA user_version').get()?.user_version);
    if (version === 0) database.exec(`BEGIN IMMEDIATE; ${SCHEMA} COMMIT;`);
    else if (version !== SCHEMA_VERSION)
      throw new Error(`it has schema ${version}, this program reads ${SCHEMA_VERSION}`);
    return new SqliteDiskStore(database, file);
  } catch (error) {
    database?.close();
    throw noRoomError(file, error) ?? unreadable(file, error instanceof Error ? error.message : String(error), error);
  }
}

function unreadable(file: string, why: string, cause?: unknown): AppError {
  return new AppError({
    code: 'lab/disk-store-unreadable',
    kind: 'environment',
    message: `The laboratory's machines could not be read from ${file}: ${why}.`,
    tryThis: 'Discard the laboratory and start it anew; its machines are simulated and nothing real is lost.',
    context: { file },
    cause,
  });
}

interface VolumeRecord {
  id: string;
  kind: VolumeKind;
  typeName: string;
  device: string;
  nextIno: number;
  capacityBytes: number;
  usedBytes: number;
  writes: number;
  rootIno: number;
}

class SqliteDiskStore implements DiskStore {
  readonly #database: DatabaseSync;
  readonly #file: string;
  readonly #statements: Record<
    | 'find'
    | 'addMachine'
    | 'setVolume'
    | 'setState'
    | 'setExtra'
    | 'putInode'
    | 'putContent'
    | 'dropInode'
    | 'dropContent',
    StatementSync
  >;
  /** JSON last written, by `machine id:column`: unchanged state costs no write. */
  readonly #written = new Map<string, string | null>();
  /** Bytes last written for an inode; content is replaced, never changed in place, so identity tells. */
  readonly #bytes = new WeakMap<Inode, Uint8Array>();

  constructor(database: DatabaseSync, file: string) {
    this.#database = database;
    this.#file = file;
    const prepare = (sql: string): StatementSync => database.prepare(sql);
    this.#statements = {
      find: prepare('SELECT id, volume, state, extra FROM machine WHERE name = ?'),
      addMachine: prepare('INSERT INTO machine (name) VALUES (?) RETURNING id'),
      setVolume: prepare('UPDATE machine SET volume = ? WHERE id = ?'),
      setState: prepare('UPDATE machine SET state = ? WHERE id = ?'),
      setExtra: prepare('UPDATE machine SET extra = ? WHERE id = ?'),
      putInode: prepare('INSERT OR REPLACE INTO inode VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)'),
      putContent: prepare('INSERT OR REPLACE INTO content (machine, ino, bytes) VALUES (?, ?, ?)'),
      dropInode: prepare('DELETE FROM inode WHERE machine = ? AND ino = ?'),
      dropContent: prepare('DELETE FROM content WHERE machine = ? AND ino = ?'),
    };
  }

  names(): string[] {
    return this.#database
      .prepare('SELECT name FROM machine ORDER BY name')
      .all()
      .map((row) => String(row.name));
  }

  load(machineName: string): StoredMachine | undefined {
    const row = this.#statements.find.get(machineName);
    if (!row || row.volume === null) return undefined;
    const volume = this.#loadVolume(Number(row.id), JSON.parse(String(row.volume)) as VolumeRecord);
    return {
      volume,
      state: row.state === null ? undefined : (JSON.parse(String(row.state)) as KernelState),
      extra: row.extra === null ? {} : (JSON.parse(String(row.extra)) as Record<string, unknown>),
    };
  }

  #loadVolume(id: number, record: VolumeRecord): Volume {
    const { rootIno, ...plain } = record;
    const volume = { ...plain, changed: new Set<Inode>(), removed: new Set<number>() } as unknown as Volume & {
      root: Inode;
    };
    const inodes = new Map<number, Inode>();
    const names = new Map<Inode, [string, number][]>();
    for (const row of this.#database.prepare('SELECT * FROM inode WHERE machine = ?').iterate(id)) {
      const inode = inodeOf(row, volume);
      inodes.set(inode.ino, inode);
      if (inode.kind === 'directory') names.set(inode, JSON.parse(String(row.entries)) as [string, number][]);
    }
    for (const row of this.#database.prepare('SELECT ino, bytes FROM content WHERE machine = ?').iterate(id)) {
      const inode = inodes.get(Number(row.ino));
      if (!inode || !(row.bytes instanceof Uint8Array)) continue;
      inode.content = row.bytes;
      this.#bytes.set(inode, row.bytes);
    }
    for (const [directory, entries] of names) {
      for (const [name, ino] of entries) {
        const inode = inodes.get(ino);
        if (!inode) throw unreadable(this.#file, `the directory entry ${name} leads to no inode`);
        directory.entries?.set(name, inode);
      }
    }
    const root = inodes.get(rootIno);
    if (!root) throw unreadable(this.#file, 'a disk has no root directory');
    volume.root = root;
    return volume;
  }

  save(machineName: string, { volume, state, extra }: MachineChanges): void {
    const written = new Map<string, string | null>();
    const saved: Inode[] = [];
    this.#together(() => {
      const found = this.#statements.find.get(machineName);
      const id = Number((found ?? this.#statements.addMachine.get(machineName))?.id);
      if (volume) this.#saveVolume(id, volume, !found || found.volume === null, saved, written);
      if (state !== undefined) this.#setColumn(id, 'State', state === null ? null : JSON.stringify(state), written);
      if (extra !== undefined) this.#setColumn(id, 'Extra', JSON.stringify(extra), written);
    });
    for (const [key, value] of written) this.#written.set(key, value);
    for (const inode of saved) if (inode.content) this.#bytes.set(inode, inode.content);
    volume?.changed.clear();
    volume?.removed.clear();
  }

  #saveVolume(id: number, volume: Volume, whole: boolean, saved: Inode[], written: Map<string, string | null>): void {
    for (const ino of volume.removed) {
      this.#statements.dropInode.run(id, ino);
      this.#statements.dropContent.run(id, ino);
    }
    for (const inode of whole ? reachable(volume.root) : volume.changed) {
      this.#saveInode(id, inode, whole);
      saved.push(inode);
    }
    const { nextIno, capacityBytes, usedBytes, writes, root, kind, typeName, device } = volume;
    const record: VolumeRecord = {
      id: volume.id,
      kind,
      typeName,
      device,
      nextIno,
      capacityBytes,
      usedBytes,
      writes,
      rootIno: root.ino,
    };
    this.#setColumn(id, 'Volume', JSON.stringify(record), written);
  }

  #saveInode(id: number, inode: Inode, whole: boolean): void {
    const entries = inode.entries ? JSON.stringify([...inode.entries].map(([name, child]) => [name, child.ino])) : null;
    const { ino, kind, mode, uid, gid, mtimeMs, ctimeMs, links, target, device, context } = inode;
    this.#statements.putInode.run(
      id,
      ino,
      kind,
      mode,
      uid,
      gid,
      mtimeMs,
      ctimeMs,
      links,
      target ?? null,
      device ?? null,
      context ?? null,
      entries,
    );
    if (inode.content && (whole || this.#bytes.get(inode) !== inode.content))
      this.#statements.putContent.run(id, ino, inode.content);
  }

  #setColumn(
    id: number,
    column: 'Volume' | 'State' | 'Extra',
    json: string | null,
    written: Map<string, string | null>,
  ): void {
    const key = `${id}:${column}`;
    if (this.#written.has(key) && this.#written.get(key) === json) return;
    this.#statements[`set${column}`].run(json, id);
    written.set(key, json);
  }

  remove(machineName: string): void {
    const id = Number(this.#statements.find.get(machineName)?.id ?? -1);
    this.#together(() =>
      this.#database.exec(`DELETE FROM inode WHERE machine = ${id}; DELETE FROM content WHERE machine = ${id};
      DELETE FROM machine WHERE id = ${id};`),
    );
    for (const column of ['Volume', 'State', 'Extra']) this.#written.delete(`${id}:${column}`);
  }

  /** All of the action's writes or none of them. */
  #together(action: () => void): void {
    try {
      this.#database.exec('BEGIN IMMEDIATE');
      action();
      this.#database.exec('COMMIT');
    } catch (error) {
      // On a full disk SQLite may have taken it back itself.
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw noRoomError(this.#file, error) ?? error;
    }
  }

  close(): void {
    this.#database.close();
  }
}

function inodeOf(row: Record<string, SQLInputValue>, volume: Volume): Inode {
  const kind = row.kind as InodeKind;
  const inode: Inode = {
    ino: Number(row.ino),
    volume,
    kind,
    mode: Number(row.mode),
    uid: Number(row.uid),
    gid: Number(row.gid),
    mtimeMs: Number(row.mtime),
    ctimeMs: Number(row.ctime),
    links: Number(row.links),
    content: kind === 'file' ? new Uint8Array(0) : undefined,
    entries: kind === 'directory' ? new Map() : undefined,
  };
  if (typeof row.target === 'string') inode.target = row.target;
  if (typeof row.device === 'string') inode.device = row.device;
  if (typeof row.context === 'string') inode.context = row.context;
  return inode;
}

/** Every inode that has a name below the root, once. */
function reachable(root: Inode): Set<Inode> {
  const found = new Set([root]);
  for (const inode of found) for (const child of inode.entries?.values() ?? []) found.add(child);
  return found;
}

import { accessSync, constants, statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { type AppError, diskFullError, systemError } from '@vmstation/core';

/** SQLite's SQLITE_FULL, https://www.sqlite.org/rescode.html#full */
const sqliteFull = 13;
/** Less than the smallest write of a journal. */
const noRoomBytes = 64 * 1024;

/**
 * Why a database file could not be opened or written, where that is the fault of its place: the disk is full, or the file or its folder may
 * not be used. Undefined when the place is in order, so that the file itself must be at fault.
 */
export function storageFailure(path: string, thrown: unknown): AppError | undefined {
  const code = (thrown as { readonly errcode?: unknown } | null)?.errcode;
  // The low byte is the kind of failure, the rest says where in SQLite it was noticed.
  if (typeof code === 'number' && (code & 0xff) === sqliteFull) return diskFullError(path, thrown);
  const told = systemError(thrown, path);
  if (told !== undefined) return told;
  for (const [place, mode] of [
    [dirname(path), constants.W_OK | constants.X_OK],
    [path, constants.R_OK | constants.W_OK],
  ] as const) {
    const refused = refusalOf(place, mode);
    if (refused !== undefined) return refused;
  }
  return roomAt(path) < noRoomBytes ? diskFullError(path, thrown) : undefined;
}

function refusalOf(place: string, mode: number): AppError | undefined {
  try {
    accessSync(place, mode);
    return undefined;
  } catch (error) {
    return systemError(error);
  }
}

function roomAt(path: string): number {
  try {
    const { bavail, bsize } = statfsSync(dirname(path));
    return bavail * bsize;
  } catch {
    // A folder that is not there is not full.
    return Number.POSITIVE_INFINITY;
  }
}

import { statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { AppError } from '@vmstation/core';

/** SQLite's SQLITE_FULL and SQLITE_IOERR_WRITE: a quota and a limit of the file's size end as the latter. https://www.sqlite.org/rescode.html */
const sqliteFull = 13;
const sqliteWriteFailed = 778;
const systemCodes: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

/** What the lab could not keep because its disk took nothing more; undefined for any other failure. `file` is the one that was written. */
export function noRoomError(file: string, thrown: unknown): AppError | undefined {
  if (isNoRoom(thrown)) return thrown;
  const { errcode, code } = (thrown ?? {}) as { readonly errcode?: unknown; readonly code?: unknown };
  const full = typeof errcode === 'number' && ((errcode & 0xff) === sqliteFull || errcode === sqliteWriteFailed);
  if (!full && !systemCodes.has(code)) return undefined;
  return new AppError({
    code: 'lab/no-room',
    kind: 'environment',
    message: `The lab could not write ${file}: its disk takes nothing more (${freeAt(file)} free).`,
    tryThis: `Make room there (df -h ${dirname(file)}; a quota or ulimit -f may limit it too). The lab goes on by itself then; what it could not write it keeps in memory until it can.`,
    context: { file },
    cause: thrown,
  });
}

/** True for what {@link noRoomError} makes. */
export function isNoRoom(thrown: unknown): thrown is AppError {
  return thrown instanceof AppError && thrown.code === 'lab/no-room';
}

function freeAt(file: string): string {
  try {
    const { bavail, bsize } = statfsSync(dirname(file));
    const bytes = bavail * bsize;
    return bytes < 10 * 1024 ** 2 ? `${Math.floor(bytes / 1024)} KiB` : `${Math.floor(bytes / 1024 ** 2)} MiB`;
  } catch {
    return 'nobody knows how much';
  }
}

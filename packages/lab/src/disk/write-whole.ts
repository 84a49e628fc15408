import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { noRoomError } from './no-room.ts';

/** Writes a small file so that whoever reads it sees the old content or the new one, also on a full disk. Throws lab/no-room. */
export function writeWhole(file: string, content: string): void {
  const beside = `${file}.lab-new`;
  try {
    writeFileSync(beside, content, { mode: 0o600 });
    renameSync(beside, file);
  } catch (error) {
    rmSync(beside, { force: true });
    throw noRoomError(file, error) ?? error;
  }
}

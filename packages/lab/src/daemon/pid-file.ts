import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { processToken } from './process-token.ts';

/** The process that a pid file names. */
export interface NotedProcess {
  readonly pid: number;
  readonly token: string;
  readonly startedAt: string;
}

/** The process of a pid file if it still lives; a file that a killed process left counts as none. */
export async function livingProcess(file: string): Promise<NotedProcess | undefined> {
  const noted = readNote(file);
  if (noted === undefined) return undefined;
  return (await processToken(noted.pid)) === noted.token ? noted : undefined;
}

/** Notes our own process. Returns false when another that lives is noted already. */
export async function notePid(file: string, startedAt: Date): Promise<boolean> {
  const token = (await processToken(process.pid)) ?? '';
  const text = `${JSON.stringify({ pid: process.pid, token, startedAt: startedAt.toISOString() })}\n`;
  for (;;) {
    try {
      writeFileSync(file, text, { flag: 'wx', mode: 0o600 });
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    if ((await livingProcess(file)) !== undefined) return false;
    rmSync(file, { force: true });
  }
}

function readNote(file: string): NotedProcess | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as NotedProcess;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

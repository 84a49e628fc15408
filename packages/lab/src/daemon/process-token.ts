import { execFile } from 'node:child_process';
import { processIdentity } from '../hosts/process-identity.ts';

/** What tells a process from a later one with the same number; undefined when it is gone. */
export async function processToken(pid: number): Promise<string | undefined> {
  if (process.platform === 'linux') return processIdentity(pid);
  return new Promise((resolve) => {
    execFile('ps', ['-o', 'lstart=', '-p', String(pid)], (error, stdout) => {
      const started = stdout.trim();
      resolve(error !== null || started === '' ? undefined : `${pid} ${started}`);
    });
  });
}

import { readFile } from 'node:fs/promises';

/** Identifies a process beyond its number, which the kernel uses again: `pid start-time` (Linux). Undefined when it is gone or a zombie. */
export async function processIdentity(pid: number): Promise<string | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  // The command name, in parentheses, may hold anything; fields are counted after it. proc(5): state is 3, starttime is 22.
  const fields = text?.slice(text.lastIndexOf(')') + 2).split(' ');
  if (fields === undefined || fields[0] === 'Z') return undefined;
  return `${pid} ${fields[19]}`;
}

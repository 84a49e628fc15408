import type { Kernel, Process } from '../shell/process.ts';

/** Lets everything that can run at once run; what waits for time goes on waiting. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** Ends a process and everything below it: TERM, then KILL for what is still there. */
export async function endTree(host: Pick<Kernel, 'processes'>, process: Process): Promise<void> {
  const members = [process];
  for (const one of host.processes.values())
    if (members.some((parent) => parent.pid === one.parentPid)) members.push(one);
  for (const one of members.toReversed()) one.kill(15);
  await nextTurn();
  for (const one of members) if (host.processes.has(one.pid)) one.kill(9);
}

import type { HostPort, Resource, Transport } from '@vmstation/core';

/** Processes that were started on a machine, counted there. */
export interface ProcessCount {
  /** All of a check: sshd's session, the login shell, sudo and sh among them. */
  readonly whole: number;
  /** The same for a bare command over the same connection: what reaching the machine costs. */
  readonly bare: number;
  /** How many processes the check itself says that it starts. */
  readonly told: number;
}

/**
 * Counts by the numbers that the machine's own kernel namespace gives to processes one after the other: two looks at the number of a new process, and what
 * came between. The least of several rounds, because services of the machine start processes of their own now and then.
 */
export async function countProcesses(
  transport: Transport,
  host: HostPort,
  node: string,
  resources: readonly Resource[],
  rounds = 7,
): Promise<ProcessCount> {
  const number = async (): Promise<number> => {
    const { stdout } = await transport.run(node, { argv: ['sh', '-c', 'echo $$'], timeoutMs: 10_000 });
    return Number(new TextDecoder().decode(stdout));
  };
  const between = async (work: () => Promise<unknown>): Promise<number> => {
    const before = await number();
    await work();
    return (await number()) - before;
  };
  let told = 0;
  const least = async (work: () => Promise<unknown>): Promise<number> => {
    const counts: number[] = [];
    for (let round = 0; round < rounds; round += 1) counts.push(await between(work));
    // A machine's numbers begin anew at their end.
    return Math.min(...counts.filter((count) => count > 0));
  };
  const nothing = await least(async () => undefined);
  const bare = await least(() =>
    transport.run(node, { argv: ['sh', '-s'], stdin: ':', elevate: true, timeoutMs: 10_000 }),
  );
  const whole = await least(async () => {
    told = (await host.check(node, resources)).remoteProcesses;
  });
  return { whole: whole - nothing, bare: bare - nothing, told };
}

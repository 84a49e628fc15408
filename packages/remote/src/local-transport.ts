import type { RemoteResult, Transport } from '@vmstation/core';
import { runChild } from './process/child.ts';
import { deadlinePassed, interrupted, sudoRefusal } from './ssh/ssh-failure.ts';

/**
 * The machine itself behind the same port, for the always-on node that runs vmstation. `elevate` becomes `sudo -n` unless we are root.
 * A program that does not exist answers 127, as a shell would. Throws ssh/timeout, ssh/interrupted and ssh/no-sudo.
 */
export function localTransport(): Transport {
  const counters = { roundTrips: 0, connections: 0 };
  return {
    counters,
    async run(node, command): Promise<RemoteResult> {
      const what = `\`${command.argv[0] ?? ''}\``;
      if (command.signal?.aborted === true) throw interrupted(node, what);
      counters.roundTrips += 1;
      const elevated = command.elevate === true && process.getuid?.() !== 0;
      const argv = elevated ? ['sudo', '-n', '--', ...command.argv] : command.argv;
      const result = await runChild(argv, {
        timeoutMs: command.timeoutMs,
        ...(command.stdin === undefined ? {} : { stdin: command.stdin }),
        ...(command.signal === undefined ? {} : { signal: command.signal }),
        ...(command.onStdout === undefined ? {} : { onStdout: command.onStdout }),
      });
      if (result.ended === 'timeout') throw deadlinePassed(node, what, command.timeoutMs);
      if (result.ended === 'aborted') throw interrupted(node, what);
      const { exitCode, stdout, durationMs } = result;
      const stderr = result.startError === undefined ? result.stderr : `${result.startError}\n`;
      const refusal = elevated ? sudoRefusal(node, exitCode, stdout.length, stderr) : undefined;
      if (refusal !== undefined) throw refusal;
      return { exitCode, stdout, stderr, durationMs };
    },
    async close(): Promise<void> {
      // Nothing stays open between local commands.
    },
  };
}

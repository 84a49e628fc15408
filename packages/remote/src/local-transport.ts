import type { RemoteCommand, RemoteResult, Transport } from '@vmstation/core';
import { runChild } from './process/child.ts';
import { deadlinePassed, interrupted, sudoRefusal } from './ssh/ssh-failure.ts';
import { SudoDialogue } from './sudo/sudo-dialogue.ts';
import { type SudoPasswords, SudoTurns } from './sudo/sudo-turns.ts';

/** What a {@link localTransport} may need. */
export interface LocalSettings {
  /** Left out: sudo asks for no password. */
  readonly sudoPassword?: SudoPasswords;
}

/**
 * The machine itself behind the same port, for the always-on node that runs vmstation. `elevate` becomes `sudo -n` unless we are root, or a sudo that is given
 * its password. A program that does not exist answers 127, as a shell would. Throws ssh/timeout, ssh/interrupted, ssh/no-sudo and ssh/sudo-password.
 */
export function localTransport(settings: LocalSettings = {}): Transport {
  const counters = { roundTrips: 0, connections: 0 };
  const turns = new SudoTurns();
  return {
    counters,
    async run(node, command): Promise<RemoteResult> {
      if (command.signal?.aborted === true) throw interrupted(node, whatOf(command));
      const elevated = command.elevate === true && process.getuid?.() !== 0;
      const password = elevated ? await settings.sudoPassword?.(node) : undefined;
      if (password === undefined) {
        counters.roundTrips += 1;
        const argv = elevated ? ['sudo', '-n', '--', ...command.argv] : command.argv;
        const result = await started(node, command, argv);
        const refusal = elevated ? sudoRefusal(node, result.exitCode, result.stdout.length, result.stderr) : undefined;
        if (refusal !== undefined) throw refusal;
        return result;
      }
      return turns.take(node, async ({ accepted }) => {
        counters.roundTrips += 1;
        const { argv, stdin } = command;
        const dialogue = new SudoDialogue({ node, argv, stdin, password, onRoot: accepted });
        const result = await started(node, command, dialogue.argv, dialogue);
        const refusal = dialogue.refusal(result.exitCode);
        if (refusal !== undefined) throw refusal;
        return { ...result, stderr: dialogue.stderr };
      });
    },
    async close(): Promise<void> {
      // Nothing stays open between local commands.
    },
  };
}

async function started(
  node: string,
  command: RemoteCommand,
  argv: readonly string[],
  dialogue?: SudoDialogue,
): Promise<RemoteResult> {
  const result = await runChild(argv, {
    timeoutMs: command.timeoutMs,
    ...(dialogue === undefined ? {} : { dialogue, env: { ...process.env, LC_ALL: 'C' } }),
    ...(command.stdin === undefined ? {} : { stdin: command.stdin }),
    ...(command.signal === undefined ? {} : { signal: command.signal }),
    ...(command.onStdout === undefined ? {} : { onStdout: command.onStdout }),
  });
  if (result.ended === 'timeout') throw deadlinePassed(node, whatOf(command), command.timeoutMs);
  if (result.ended === 'aborted') throw interrupted(node, whatOf(command));
  const { exitCode, stdout, durationMs } = result;
  return {
    exitCode,
    stdout,
    durationMs,
    stderr: result.startError === undefined ? result.stderr : `${result.startError}\n`,
  };
}

function whatOf({ argv }: RemoteCommand): string {
  return `\`${argv[0] ?? ''}\``;
}

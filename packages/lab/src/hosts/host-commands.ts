import { AppError, type ProcessResult, type ProcessRunner } from '@vmstation/core';

/** Runs programs of this computer for the lab. */
export interface HostCommands {
  /** Throws lab/host-command-failed with the program's own words. */
  run(
    argv: readonly string[],
    options?: { stdin?: string; env?: Readonly<Record<string, string>>; timeoutMs?: number },
  ): Promise<ProcessResult>;
  /** The exit code is an answer. */
  ask(argv: readonly string[]): Promise<ProcessResult>;
}

/** {@link HostCommands} over a process runner. */
export function hostCommands(runner: ProcessRunner): HostCommands {
  const ask: HostCommands['ask'] = (argv) => runner.run(argv, { timeoutMs: 60_000 });
  return {
    ask,
    run: async (argv, options = {}) => {
      const result = await runner.run(argv, { timeoutMs: 60_000, ...options });
      if (result.exitCode === 0) return result;
      throw new AppError({
        code: 'lab/host-command-failed',
        kind: 'environment',
        message: `The lab could not prepare its machines: \`${argv.join(' ')}\` ended with ${result.exitCode}: ${lastLines(result)}`,
        tryThis:
          'The hosts provider needs root on Debian with systemd-container, debootstrap and iproute2; see `vmstation explain lab/host-command-failed`.',
      });
    },
  };
}

function lastLines(result: ProcessResult): string {
  const text = result.stderr.trim() === '' ? result.stdout.trim() : result.stderr.trim();
  return text.split('\n').slice(-4).join(' / ');
}

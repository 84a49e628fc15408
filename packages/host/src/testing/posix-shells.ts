import { spawnSync } from 'node:child_process';

/** A shell that generated scripts must be read by. */
export interface PosixShell {
  readonly name: string;
  readonly argv: readonly string[];
  readonly present: boolean;
  /** Says why its tests are skipped, where they are. */
  readonly title: string;
}

/**
 * The shells of machines that we manage, and BusyBox's. One that is not on this computer is skipped where people can see it; where real machines are
 * required (REQUIRE_HOSTS=1), it counts as there, so that its tests fail.
 */
export const posixShells: readonly PosixShell[] = [['dash'], ['bash'], ['busybox', 'sh']].map((argv) => {
  const name = argv.join(' ');
  const required = process.env['REQUIRE_HOSTS'] === '1';
  const present = required || spawnSync('sh', ['-c', 'command -v "$1"', 'sh', argv[0] ?? '']).status === 0;
  return { name, argv, present, title: present ? name : `${name}, which is not on this computer` };
});

import { existsSync } from 'node:fs';
import { AppError } from '@vmstation/core';
import type { HostCommands } from './host-commands.ts';
import { python } from './magic-packets.ts';

/** Programs that real machines need, and the Debian package of each. */
const programs: readonly (readonly [program: string, from: string])[] = [
  ['systemd-nspawn', 'systemd-container'],
  ['debootstrap', 'debootstrap'],
  ['ip', 'iproute2'],
  ['ssh-keygen', 'openssh-client'],
  [python, 'python3'],
];

/** Throws lab/needs-root. */
export function requireRoot(): void {
  if (process.getuid?.() === 0) return;
  throw new AppError({
    code: 'lab/needs-root',
    kind: 'environment',
    message: 'Real machines need root on this computer.',
    tryThis: 'Run as root, or use the embedded lab, which needs nothing: vmstation lab start --provider embedded',
  });
}

/** Throws lab/needs-debian and lab/needs-root where this computer cannot carry real machines. */
export async function requireRealMachines(commands: HostCommands): Promise<void> {
  if (process.platform !== 'linux' || !existsSync('/etc/debian_version')) {
    throw needsDebian(
      'Real machines need Debian on this computer; this is another system.',
      'Use the embedded lab, which needs nothing: vmstation lab start --provider embedded',
    );
  }
  requireRoot();
  const missing: string[] = [];
  for (const [program, from] of programs)
    if ((await commands.ask(['sh', '-c', 'command -v "$1"', 'sh', program])).exitCode !== 0) missing.push(from);
  if (missing.length === 0) return;
  throw needsDebian(
    `Real machines need packages that this computer does not have: ${missing.join(', ')}.`,
    `apt-get install ${missing.join(' ')}`,
  );
}

function needsDebian(message: string, tryThis: string): AppError {
  return new AppError({ code: 'lab/needs-debian', kind: 'environment', message, tryThis });
}

import { appendFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { AppError, type ProcessRunner } from '@vmstation/core';
import type { LabRandom } from '../clock/randomness.ts';
import type { VirtualClock } from '../clock/virtual-clock.ts';
import type { LabMachinesPort } from '../installer/cluster-playbook.ts';
import { PlaybookOutput } from '../installer/playbook-output.ts';
import { playInstaller } from '../installer/run-lab-installer.ts';

/** Where the lab's installer seems to be installed. */
const program = '/lab/bin/ansible-playbook';
/** A task of a real installation takes about this long. */
const paceMs = 15_000;
/** No process of this computer has a number beyond Linux's largest. */
const noPid = 2 ** 22 + 1;

/**
 * The programs of this computer in a rehearsal within one process: `ansible-playbook` is the lab's, played here on the virtual clock, and there is no
 * other. Throws process/not-found for anything else.
 */
export function inProcessPrograms(parts: {
  readonly machines: LabMachinesPort;
  readonly clock: VirtualClock;
  readonly random: LabRandom;
}): ProcessRunner {
  const { machines, clock, random } = parts;
  const play = async (argv: readonly string[], print: (line: string) => void): Promise<number> => {
    const now = (): number => clock.now();
    const output = new PlaybookOutput(print, now, random);
    const sleep = (ms: number): Promise<void> => clock.machines.sleep(ms);
    return playInstaller(argv.slice(1), { machines, output, print, paceMs, sleep });
  };
  return {
    findOnPath: async (name) => (name === 'ansible-playbook' ? program : undefined),
    async run(argv) {
      requireInstaller(argv[0]);
      const lines: string[] = [];
      const exitCode = await play(argv, (line) => lines.push(line));
      return { exitCode, stdout: lines.map((line) => `${line}\n`).join(''), stderr: '' };
    },
    async follow(argv, { logFile, onLine }) {
      requireInstaller(argv[0]);
      mkdirSync(dirname(logFile), { recursive: true });
      rmSync(`${logFile}.exit`, { force: true });
      writeFileSync(logFile, '', { mode: 0o600 });
      const follow = async (): Promise<{ readonly exitCode: number }> => {
        const exitCode = await play(argv, (line) => {
          appendFileSync(logFile, `${line}\n`);
          onLine(line);
        });
        writeFileSync(`${logFile}.exit`, `${exitCode}\n`);
        return { exitCode };
      };
      return { pid: noPid, exited: follow() };
    },
  };
}

function requireInstaller(name: string | undefined): void {
  if (name === program || name === 'ansible-playbook') return;
  throw new AppError({
    code: 'process/not-found',
    kind: 'environment',
    message: `In a rehearsal within one process there is no program ${name ?? ''}.`,
    tryThis: 'Rehearse this with `vmstation lab start`, where programs are processes of their own.',
  });
}

import { readFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { run } from './programs.ts';

/** The computer that something was measured on. */
export interface MachineFacts {
  readonly measuredAt: string;
  readonly processor: string;
  readonly cores: number;
  readonly memoryGib: number;
  readonly kernel: string;
  readonly system: string;
  readonly loadBefore: readonly number[];
  readonly versions: readonly string[];
}

/** Reads them now, before anything is measured. */
export async function machineFacts(): Promise<MachineFacts> {
  const first = async (argv: readonly string[]): Promise<string> => {
    const { stdout, stderr } = await run(argv);
    return `${stdout}${stderr}`.split('\n')[0]?.trim() ?? '';
  };
  return {
    measuredAt: new Date().toISOString(),
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryGib: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    system: /^PRETTY_NAME="(.*)"$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? 'unknown',
    loadBefore: loadavg(),
    versions: [
      `Node ${process.version}`,
      await first(['ansible-playbook', '--version']),
      await first(['ssh', '-V']),
      await first(['systemd-nspawn', '--version']),
    ],
  };
}

import { quoteArguments } from '@vmstation/remote';
import { machinesCpuMs, plainSshOptions, threeMachines } from './machines.ts';
import { type Cost, mustWithCpu } from './programs.ts';
import { siteOf } from './site.ts';

/**
 * What every way to bring the site about has to wait for: the package manager of three new machines, told by hand over one connection each to
 * install the packages of the site.
 */
export async function packagesAlone(folder: string, say: (line: string) => void): Promise<Cost> {
  const machines = await threeMachines(say);
  try {
    const { resources } = await siteOf(machines, folder);
    const before = machinesCpuMs(machines) ?? Number.NaN;
    const started = performance.now();
    const ended = await Promise.all(
      [...resources].map(([name, list]) => {
        const names = list.flatMap((one) => (one.kind === 'package' && one.ensure !== 'absent' ? [one.name] : []));
        // What is declared comes after the packages, so that nothing of theirs is asked about.
        const keepOld = ['confdef', 'confold'].flatMap((option) => ['-o', `Dpkg::Options::=--force-${option}`]);
        const words = ['apt-get', '-y', '-q', ...keepOld, 'install', '--no-install-recommends', ...names];
        const stdin = `export DEBIAN_FRONTEND=noninteractive\napt-get -q update\n${quoteArguments(words)} </dev/null\n`;
        return mustWithCpu(['ssh', ...plainSshOptions(machines), name, 'sudo -n sh -eu -s'], { stdin });
      }),
    );
    const wallMs = performance.now() - started;
    const cpuMs = ended.reduce((sum, one) => sum + one.cpuMs, (machinesCpuMs(machines) ?? Number.NaN) - before);
    return { wallMs, cpuMs };
  } finally {
    await machines.down();
  }
}

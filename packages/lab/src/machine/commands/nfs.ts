import type { RootFiles } from '../root-files.ts';
import type { MachineProgram } from './machine-program.ts';
import { parseOptions } from './options.ts';

/** One exported directory. */
export interface ExportLine {
  path: string;
  /** Addresses, networks or `*`. */
  clients: string[];
}

/** Reads /etc/exports and /etc/exports.d/*.exports. */
export function readExports(files: RootFiles): ExportLine[] {
  const texts = [
    files.read('/etc/exports') ?? '',
    ...files
      .list('/etc/exports.d')
      .filter((name) => name.endsWith('.exports'))
      .map((name) => files.read(`/etc/exports.d/${name}`) ?? ''),
  ];
  return texts
    .join('\n')
    .split('\n')
    .flatMap((line) => {
      const words = line.replace(/#.*/, '').trim().split(/\s+/);
      const path = words.shift();
      if (!path?.startsWith('/')) return [];
      return [{ path, clients: words.map((word) => word.replace(/\(.*$/, '') || '*') }];
    });
}

/** exportfs(8): -r, -a, -v, -s. Exports are read from the files whenever a client asks. */
export const exportfs: MachineProgram = async (process, machine) => {
  const options = parseOptions(process, 'r a v s u f o: i');
  const lines = readExports(machine.files);
  let status = 0;
  for (const line of lines) {
    if (machine.files.find(line.path)?.kind !== 'directory') {
      await process.err(`exportfs: Failed to stat ${line.path}: No such file or directory\n`);
      status = 1;
    } else if (options.has('v', 's') || process.argv.length === 1) {
      for (const client of line.clients)
        await process.out(
          `${line.path}\t${client}(sync,wdelay,hide,no_subtree_check,sec=sys,rw,secure,root_squash,no_all_squash)\n`,
        );
    }
  }
  return status;
};

/** showmount(8) -e: what another machine exports. */
export const showmount: MachineProgram = async (process, machine) => {
  const host = process.argv.at(-1) ?? 'localhost';
  const peer = machine.network?.find(host);
  if (!peer?.listens(2049)) return process.fail(`clnt_create: RPC: Unable to receive`);
  await process.out(`Export list for ${host}:\n`);
  return 0;
};

import type { Process } from '../../shell/process.ts';
import type { Machine } from '../machine.ts';

const list = '/etc/dnf/plugins/versionlock.list';

/** The plugin versionlock of dnf (dnf-plugins-core 4): add, delete and list. */
export async function versionLock(
  process: Process,
  machine: Machine,
  [verb = 'list', ...names]: readonly string[],
  quiet: boolean,
): Promise<number> {
  if (machine.files.find('/etc/dnf/plugins/versionlock.conf') === undefined) {
    await process.err(
      `No such command: versionlock. Please use /usr/bin/dnf --help\nIt could be a DNF plugin command, try: "dnf install 'dnf-command(versionlock)'"\n`,
    );
    return 1;
  }
  const specs = locks(machine);
  if (verb === 'add') return add(process, machine, names, quiet);
  if (verb === 'delete') {
    const going = specs.filter((spec) => names.includes(nameOf(spec)));
    for (const spec of going) await process.out(`Deleting versionlock for: ${spec}\n`);
    if (going.length === 0) return 0;
    machine.files.write(
      list,
      specs
        .filter((spec) => !going.includes(spec))
        .map((spec) => `${spec}\n`)
        .join(''),
    );
    return 0;
  }
  for (const spec of specs) await process.out(`${spec}\n`);
  return 0;
}

async function add(process: Process, machine: Machine, names: readonly string[], quiet: boolean): Promise<number> {
  for (const name of names) {
    const entry = machine.packages.get(name);
    if (entry === undefined) {
      await process.out(`No package found for: ${name}\n`);
      continue;
    }
    const spec = `${name}-${entry.version.includes(':') ? '' : '0:'}${entry.version}.*`;
    if (locks(machine).includes(spec)) {
      if (!quiet) await process.out(`Package already locked in equivalent form: ${spec}\n`);
      continue;
    }
    const text = machine.files.read(list) ?? '';
    machine.files.write(list, `${text}\n# Added lock on ${new Date(machine.now()).toUTCString()}\n${spec}\n`);
    await process.out(`Adding versionlock on: ${spec}\n`);
  }
  return 0;
}

/** Whether a lock keeps a version out that was asked for. */
export function isKeptOut(machine: Machine, name: string, version: string | undefined): boolean {
  const specs = locks(machine).filter((spec) => nameOf(spec) === name);
  return version !== undefined && specs.length > 0 && !specs.some((spec) => spec.includes(version));
}

function locks(machine: Machine): readonly string[] {
  if (machine.files.find('/etc/dnf/plugins/versionlock.conf') === undefined) return [];
  const lines = (machine.files.read(list) ?? '').split('\n');
  return lines.filter((line) => line !== '' && !line.startsWith('#'));
}

function nameOf(spec: string): string {
  return /^(.+)-[^-]+-[^-]+$/.exec(spec)?.[1] ?? spec;
}

import type { Process } from '../../shell/process.ts';
import type { Machine } from '../machine.ts';
import { hasModule, loadModule, unloadModule } from '../modules.ts';
import { mountEntry, readTable, startSwap, type TableEntry, unmountPath } from '../mounts.ts';
import { allMounts } from '../proc-files.ts';
import { parseSysctl, setSysctl, sysctlFiles } from '../sysctl-files.ts';
import { type MachineProgram, unlessRoot } from './machine-program.ts';
import { parseOptions } from './options.ts';

/** sysctl(8): -n, -w, -a, -p, --system, -e, -q. */
export const sysctl: MachineProgram = async (process, machine) => {
  const options = parseOptions(process, 'n values w write a all A p:: load:: system e ignore q quiet r: pattern= N b');
  const loads = options.has('p', 'load') || options.has('system');
  if (options.has('a', 'all', 'A')) {
    for (const key of machine.sysctl.list()) await process.out(`${key} = ${machine.sysctl.get(key)}\n`);
    return 0;
  }
  if (loads)
    return loadFiles(
      process,
      machine,
      options.has('system'),
      [...options.values('p', 'load').filter(Boolean), ...options.operands],
      options.has('e', 'ignore'),
    );
  let status = 0;
  for (const word of options.operands) {
    const key =
      word
        .split('=')[0]
        ?.trim()
        .replace(/^([^.]*)\//, (all) => all.replaceAll('/', '.')) ?? '';
    const dotted = key.includes('/') ? key.replaceAll('/', '.') : key;
    if (word.includes('=')) {
      status =
        (await assign(
          process,
          machine,
          dotted,
          word.slice(word.indexOf('=') + 1),
          options.has('q', 'quiet') || options.has('n', 'values') ? 'quiet' : '',
        )) || status;
      continue;
    }
    const value = machine.sysctl.get(dotted);
    if (value === undefined) {
      if (options.has('e', 'ignore')) continue;
      await process.err(`sysctl: cannot stat /proc/sys/${dotted.replaceAll('.', '/')}: No such file or directory\n`);
      status = 255;
    } else await process.out(options.has('n', 'values') ? `${value}\n` : `${dotted} = ${value}\n`);
  }
  return status;
};

async function assign(process: Process, machine: Machine, key: string, value: string, quiet: string): Promise<number> {
  if (process.credentials.uid !== 0) {
    await process.err(`sysctl: permission denied on key "${key}"\n`);
    return 255;
  }
  const complaint = setSysctl(machine, { key, value: value.trim(), tolerant: false });
  if (complaint) {
    await process.err(`sysctl: ${complaint}\n`);
    return 255;
  }
  if (!quiet) await process.out(`${key} = ${value.trim()}\n`);
  return 0;
}

async function loadFiles(
  process: Process,
  machine: Machine,
  system: boolean,
  names: readonly string[],
  ignore: boolean,
): Promise<number> {
  const paths = system ? sysctlFiles(machine) : names.length > 0 ? names : ['/etc/sysctl.conf'];
  let status = 0;
  for (const path of paths) {
    if (system) await process.out(`* Applying ${path} ...\n`);
    if (path !== '-' && !process.find(path)) {
      status = await process.fail(`cannot open "${path}": No such file or directory`, 255);
      continue;
    }
    const text = path === '-' ? await process.readAll() : await process.readFile(path);
    for (const line of parseSysctl(text)) {
      const complaint =
        process.credentials.uid === 0 ? setSysctl(machine, line) : `permission denied on key "${line.key}"`;
      if (!complaint) await process.out(`${line.key} = ${line.value}\n`);
      else if (!line.tolerant && !ignore) {
        await process.err(`sysctl: ${complaint}\n`);
        if (!system) status = 255;
      }
    }
  }
  return status;
}

export const modprobe: MachineProgram = async (process, machine) => {
  const options = parseOptions(process, 'r remove a all q quiet v verbose n dry-run show first-time f');
  const refused = await unlessRoot(
    process,
    `modprobe: ERROR: could not insert '${options.operands[0]}': Operation not permitted`,
  );
  if (refused !== undefined) return refused;
  for (const name of options.has('a', 'all', 'r', 'remove') ? options.operands : options.operands.slice(0, 1)) {
    if (options.has('r', 'remove')) {
      const complaint = unloadModule(machine, name);
      if (complaint) return process.fail(complaint);
    } else if (options.has('n', 'dry-run') ? !hasModule(machine, name) : !loadModule(machine, name)) {
      if (!options.has('q', 'quiet'))
        await process.err(
          `modprobe: FATAL: Module ${name} not found in directory /lib/modules/${machine.kernelRelease}\n`,
        );
      return 1;
    }
  }
  return 0;
};

export const rmmod: MachineProgram = async (process, machine) => {
  for (const name of process.argv.slice(1)) {
    const complaint = unloadModule(machine, name);
    if (complaint) return process.fail(`ERROR: ${complaint}`);
  }
  return 0;
};

export const modinfo: MachineProgram = async (process, machine) => {
  const name = process.argv.at(-1) ?? '';
  if (!hasModule(machine, name)) return process.fail(`ERROR: Module ${name} not found.`);
  await process.out(
    `filename:       /lib/modules/${machine.kernelRelease}/kernel/${name}.ko\nname:           ${name}\n`,
  );
  return 0;
};

export const lsmod: MachineProgram = async (process, machine) => {
  await process.out(
    `Module                  Size  Used by\n${machine.state.modules.map((name) => `${name.padEnd(20)} 16384  0\n`).join('')}`,
  );
  return 0;
};

export const swapon: MachineProgram = async (process, machine) => {
  const options = parseOptions(process, 'a all s summary show:: noheadings bytes raw e p: priority= f v');
  if (options.has('show', 's', 'summary') || process.argv.length === 1) {
    const { swaps } = machine.state;
    if (swaps.length === 0) return 0;
    if (!options.has('noheadings')) await process.out('NAME      TYPE      SIZE USED PRIO\n');
    for (const swap of swaps)
      await process.out(
        `${swap.path} ${swap.kind} ${options.has('bytes') ? swap.sizeKib * 1024 : `${Math.round(swap.sizeKib / 1024)}M`} 0B ${swap.priority}\n`,
      );
    return 0;
  }
  const refused = await unlessRoot(
    process,
    `swapon: ${options.operands[0] ?? ''}: swapon failed: Operation not permitted`,
  );
  if (refused !== undefined) return refused;
  const table = readTable(machine)
    .filter((entry) => entry.type === 'swap')
    .map((entry) => entry.source);
  const priority = options.value('p', 'priority');
  let status = 0;
  for (const path of options.has('a', 'all')
    ? table.filter((one) => !machine.state.swaps.some((swap) => swap.path === one))
    : options.operands) {
    const complaint = startSwap(machine, path, priority === undefined ? undefined : Number(priority));
    if (complaint) status = await process.fail(complaint, 255);
  }
  return status;
};

export const swapoff: MachineProgram = async (process, machine) => {
  const options = parseOptions(process, 'a all v');
  const refused = await unlessRoot(process, 'swapoff: Not superuser.');
  if (refused !== undefined) return refused;
  let status = 0;
  for (const path of options.has('a', 'all') ? machine.state.swaps.map((swap) => swap.path) : options.operands) {
    if (machine.state.swaps.some((swap) => swap.path === path))
      machine.state.swaps = machine.state.swaps.filter((swap) => swap.path !== path);
    else {
      const why = process.find(path) === undefined ? 'No such file or directory' : 'Invalid argument';
      status = await process.fail(`${path}: swapoff failed: ${why}`, 4);
    }
  }
  return status;
};

export const mount: MachineProgram = async (process, machine) => {
  const options = parseOptions(process, 'a all t: types= o: options= v r rw B bind R m mkdir n f fake l');
  const operands = options.operands;
  if (operands.length === 0 && !options.has('a', 'all')) {
    for (const one of allMounts(machine))
      await process.out(`${one.device} on ${one.path} type ${one.type} (${one.options})\n`);
    return 0;
  }
  const refused = await unlessRoot(process, 'mount: only root can do that', 1);
  if (refused !== undefined) return refused;
  const table = readTable(machine);
  const extra = [options.value('o', 'options'), options.has('B', 'bind') ? 'bind' : undefined]
    .filter(Boolean)
    .join(',');
  const mounted = (path: string): boolean => allMounts(machine).some((one) => one.path === path);
  if (options.has('a', 'all')) {
    let status = 0;
    for (const entry of table) {
      if (entry.type === 'swap' || mounted(entry.path) || /\bnoauto\b/.test(entry.options)) continue;
      status = (await tryMount(process, machine, entry)) || status;
    }
    return status;
  }
  if (extra.includes('remount')) {
    const target = machine.state.mounts.findLast((one) => one.path === process.path(operands[0] ?? ''));
    if (target === undefined) return process.fail(`${operands[0]}: mount point not mounted or bad option.`, 32);
    // With the folder alone, the options of fstab come first.
    const listed = operands.length === 1 ? table.find(({ path }) => path === target.path)?.options : undefined;
    target.options = remounted(target.options, `${listed ?? ''},${extra}`.split(','));
    return 0;
  }
  const only =
    operands.length === 1
      ? table.find((entry) => entry.path === operands[0]?.replace(/(.)\/$/, '$1') || entry.source === operands[0])
      : undefined;
  if (operands.length === 1 && !only) return process.fail(`${operands[0]}: can't find in /etc/fstab.`);
  const entry: TableEntry = only ?? {
    source: operands[0] as string,
    path: process.path(operands[1] as string),
    type: options.value('t', 'types') ?? 'auto',
    options: extra || 'defaults',
  };
  if (only && mounted(entry.path)) return process.fail(`${entry.source} already mounted on ${entry.path}.`, 32);
  return tryMount(process, machine, entry);
};

const flags: Readonly<Record<string, string>> = {
  ro: 'rw',
  nosuid: 'suid',
  nodev: 'dev',
  noexec: 'exec',
  noatime: 'relatime',
};

/** Options of a mount after a remount: every flag anew, what is the file system's own stays. */
function remounted(options: string, asked: readonly string[]): string {
  const set = Object.keys(flags).filter((flag) => asked.lastIndexOf(flag) > asked.lastIndexOf(flags[flag] ?? ''));
  const own = options.split(',').filter((word) => !(word in flags) && !Object.values(flags).includes(word));
  const access = set.includes('ro') ? 'ro' : 'rw';
  const time = set.includes('noatime') ? 'noatime' : 'relatime';
  return [access, ...set.filter((flag) => flag !== 'ro' && flag !== 'noatime'), time, ...own].join(',');
}

async function tryMount(process: Process, machine: Machine, entry: TableEntry): Promise<number> {
  const failed = mountEntry(machine, entry);
  if (!failed) return 0;
  const hint = '       dmesg(1) may have more information after failed mount system call.\n';
  await process.err(failed.message.startsWith('mount.') ? `${failed.message}\n` : `mount: ${failed.message}\n${hint}`);
  return failed.status;
}

export const umount: MachineProgram = async (process, machine) => {
  const options = parseOptions(process, 'l lazy f force R recursive a t: v n q quiet');
  const refused = await unlessRoot(process, 'umount: must be superuser to unmount.', 1);
  if (refused !== undefined) return refused;
  let status = 0;
  for (const path of options.operands) {
    if (!/^[\w.-]+:/.test(path) && process.find(path) === undefined) {
      status = await process.fail(`${path}: no mount point specified.`, 32);
      continue;
    }
    const complaint = unmountPath(machine, /^[\w.-]+:/.test(path) ? path : process.path(path).replace(/(.)\/$/, '$1'));
    if (complaint) status = await process.fail(complaint, 32);
  }
  return status;
};

export const mountpoint: MachineProgram = async (process, machine) => {
  const options = parseOptions(process, 'q quiet d fs-devno x');
  const path = process.path(options.operands[0] ?? '');
  const yes = allMounts(machine).some((one) => one.path === path);
  if (!options.has('q', 'quiet')) await process.out(`${options.operands[0]} is ${yes ? '' : 'not '}a mountpoint\n`);
  return yes ? 0 : 32;
};

export const findmnt: MachineProgram = async (process, machine) => {
  const options = parseOptions(
    process,
    'n noheadings o: output= t: types= S: source= T: target= M: mountpoint= r raw l list verify x s fstab J D k m R',
  );
  if (options.has('verify', 'x')) return verifyTable(process, machine);
  const within = options.value('T', 'target');
  const point = options.value('M', 'mountpoint') ?? options.operands.find((word) => word.startsWith('/'));
  const types = options.value('t', 'types')?.split(',');
  const covering =
    within === undefined
      ? undefined
      : allMounts(machine)
          .filter((one) => `${process.path(within)}/`.startsWith(one.path === '/' ? '/' : `${one.path}/`))
          .toSorted((a, b) => a.path.length - b.path.length)
          .at(-1);
  const rows = allMounts(machine).filter(
    (one) =>
      (covering === undefined || one === covering || one.path === covering.path) &&
      (point === undefined || one.path === point || one.device === point) &&
      (types === undefined || types.includes(one.type)) &&
      (options.value('S', 'source') === undefined || one.device === options.value('S', 'source')),
  );
  if (rows.length === 0) return 1;
  const columns = (options.value('o', 'output') ?? 'TARGET,SOURCE,FSTYPE,OPTIONS').toUpperCase().split(',');
  if (!options.has('n', 'noheadings')) await process.out(`${columns.join(' ')}\n`);
  for (const row of rows)
    await process.out(
      `${columns.map((column) => ({ TARGET: row.path, SOURCE: row.device, FSTYPE: row.type, OPTIONS: row.options })[column] ?? '').join(' ')}\n`,
    );
  return 0;
};

async function verifyTable(process: Process, machine: Machine): Promise<number> {
  const faults = (machine.files.read('/etc/fstab') ?? '')
    .split('\n')
    .filter((line) => line.trim() && !/^\s*#/.test(line) && line.trim().split(/\s+/).length < 3);
  for (const line of faults) await process.err(`${line}: parse error\n`);
  await process.out(
    faults.length > 0 ? `${faults.length} parse errors\n` : 'Success, no errors or warnings detected\n',
  );
  return faults.length > 0 ? 1 : 0;
}

import { unescape } from '../../shell/printf.ts';
import type { Process } from '../../shell/process.ts';
import { catalogueOf } from '../face.ts';
import type { Machine } from '../machine.ts';
import type { InstalledPackage } from '../package-database.ts';
import { plannedRemoval, removePackages } from '../package-transaction.ts';
import { type MachineProgram, unlessRoot } from './machine-program.ts';
import { parseOptions, UsageError } from './options.ts';
import { conffilesOf, dependsOf, isBase, isInstalled } from './package-fields.ts';
import { unreadableDatabase } from './package-refusals.ts';

function formatted(format: string, entry: InstalledPackage, machine: Machine): string {
  const [want = '', flag = '', status = ''] = entry.status.split(' ');
  const fields: Record<string, string> = {
    Package: entry.name,
    'binary:Package': entry.name,
    'source:Package': entry.name,
    Version: entry.version,
    Architecture: entry.architecture,
    Status: entry.status,
    'Installed-Size': String(entry.sizeKib),
    'db:Status-Want': want,
    'db:Status-Eflag': flag,
    'db:Status-Status': status,
    'db:Status-Abbrev': `${want[0]}${status === 'installed' ? 'i' : status === 'config-files' ? 'c' : 'n'} `,
    'binary:Summary': entry.summary,
    Priority: isBase(machine, entry) ? 'required' : 'optional',
    Essential: isBase(machine, entry) ? 'yes' : 'no',
    Conffiles: conffilesOf(machine, entry),
    'Pre-Depends': '',
    Depends: dependsOf(machine, entry),
    Description: entry.summary,
  };
  return unescape(format, 'printf', false).text.replace(
    /\$\{([^};]+)(?:;(-?\d+))?\}/g,
    (_all, name: string, width?: string) => {
      const value = fields[name] ?? '';
      if (width === undefined) return value;
      return width.startsWith('-') ? value.padEnd(-Number(width)) : value.padStart(Number(width));
    },
  );
}

/** dpkg-query(1): -W with -f, -l, -s, -L, -S. */
export const dpkgQuery: MachineProgram = async (process, machine) => {
  const options = parseOptions(process, 'W show f: showformat= l list s status L listfiles S search no-pager');
  if (options.has('l', 'list')) return listTable(process, machine, options.operands);
  if (options.has('s', 'status')) return showStatus(process, machine, options.operands);
  if (options.has('L', 'listfiles')) return listFiles(process, machine, options.operands);
  if (options.has('S', 'search')) return searchFile(process, machine, options.operands);
  const unreadable = unreadableDatabase(machine);
  if (unreadable !== undefined) return process.fail(`error: ${unreadable}`, 2);
  const format = options.value('f', 'showformat')?.replace(/^=/, '') ?? '${binary:Package}\\t${Version}\\n';
  if (options.operands.length === 0) {
    await process.out(
      machine.packages
        .list()
        .map((entry) => formatted(format, entry, machine))
        .join(''),
    );
    return 0;
  }
  let status = 0;
  for (const name of options.operands) {
    const matching = matchPackages(machine, name);
    if (matching.length === 0) {
      await process.err(`dpkg-query: no packages found matching ${name}\n`);
      status = 1;
    }
    await process.out(matching.map((entry) => formatted(format, entry, machine)).join(''));
  }
  return status;
};

function matchPackages(machine: Machine, pattern: string): InstalledPackage[] {
  const name = pattern.replace(/:(amd64|all|arm64)$/, '');
  if (!/[*?[]/.test(name)) return [machine.packages.get(name)].filter((entry) => entry !== undefined);
  const expression = new RegExp(
    `^${name
      .replace(/[.+^${}()|\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.')}$`,
  );
  return machine.packages.list().filter((entry) => expression.test(entry.name));
}

async function listTable(process: Process, machine: Machine, names: readonly string[]): Promise<number> {
  const entries = names.length === 0 ? machine.packages.list() : names.flatMap((name) => matchPackages(machine, name));
  if (entries.length === 0) return process.fail(`no packages found matching ${names[0]}`);
  await process.out(
    'Desired=Unknown/Install/Remove/Purge/Hold\n| Status=Not/Inst/Conf-files/Unpacked/halF-conf/Half-inst/trig-aWait/Trig-pend\n|/ Err?=(none)/Reinst-required (Status,Err: uppercase=bad)\n||/ Name Version Architecture Description\n+++-====-=======-============-===========\n',
  );
  for (const entry of entries)
    await process.out(
      `${formatted('${db:Status-Abbrev}', entry, machine)} ${entry.name} ${entry.version} ${entry.architecture} ${entry.summary}\n`,
    );
  return 0;
}

async function showStatus(process: Process, machine: Machine, names: readonly string[]): Promise<number> {
  let status = 0;
  for (const name of names) {
    const entry = machine.packages.get(name);
    if (entry)
      await process.out(
        `Package: ${entry.name}\nStatus: ${entry.status}\nArchitecture: ${entry.architecture}\nVersion: ${entry.version}\nDescription: ${entry.summary}\n\n`,
      );
    else status = await process.fail(`package '${name}' is not installed and no information is available`);
  }
  return status;
}

async function listFiles(process: Process, machine: Machine, names: readonly string[]): Promise<number> {
  const definition = catalogueOf(machine.face).get(names[0] ?? '');
  if (!definition || !isInstalled(machine.packages.get(definition.name)))
    return process.fail(`package '${names[0]}' is not installed`);
  await process.out(
    [...Object.keys(definition.programs), ...Object.keys(definition.files)].map((path) => `${path}\n`).join(''),
  );
  return 0;
}

async function searchFile(process: Process, machine: Machine, paths: readonly string[]): Promise<number> {
  let status = 0;
  for (const path of paths) {
    const owner = machine.packages.list().find((entry) => {
      const definition = catalogueOf(machine.face).get(entry.name);
      return definition && (path in definition.programs || path in definition.files);
    });
    if (owner) await process.out(`${owner.name}: ${path}\n`);
    else status = await process.fail(`no path found matching pattern ${path}`);
  }
  return status;
}

/** dpkg(1): queries as dpkg-query, --configure -a, --purge and --remove, --print-architecture, selections. */
export const dpkg: MachineProgram = async (process, machine) => {
  const options = parseOptions(
    process,
    'configure a l list s status L S W r remove P purge i install force-confdef force-confold force-all force-depends print-architecture get-selections set-selections audit C print-foreign-architectures add-architecture= no-triggers',
  );
  if (options.has('l', 'list')) return listTable(process, machine, options.operands);
  if (options.has('s', 'status')) return showStatus(process, machine, options.operands);
  if (options.has('L')) return listFiles(process, machine, options.operands);
  if (options.has('S')) return searchFile(process, machine, options.operands);
  if (options.has('print-architecture')) {
    await process.out('amd64\n');
    return 0;
  }
  if (options.has('get-selections')) {
    for (const entry of machine.packages.list()) await process.out(`${entry.name}\t${entry.status.split(' ')[0]}\n`);
    return 0;
  }
  const refused = await unlessRoot(process, 'dpkg: error: requested operation requires superuser privilege', 2);
  if (refused !== undefined) return refused;
  const holder = machine.packageLockHolder;
  if (holder !== undefined)
    return process.fail(`error: dpkg frontend lock was locked by another process with pid ${holder.pid}`, 2);
  if (options.has('configure')) return configure(process, machine, options.operands);
  if (options.has('P', 'purge', 'r', 'remove'))
    return removeByName(process, machine, options.operands, options.has('P', 'purge'));
  throw new UsageError('need an action option');
};

async function configure(process: Process, machine: Machine, names: readonly string[]): Promise<number> {
  if (machine.faults.brokenPackages) return process.fail("error: parsing file '/var/lib/dpkg/status' near line 1", 2);
  const unknown = names.filter((name) => !isInstalled(machine.packages.get(name)));
  for (const name of unknown)
    await process.err(
      `dpkg: error processing package ${name} (--configure):\n no package named '${name}' is installed, cannot configure\n`,
    );
  return couldNot(process, unknown);
}

async function couldNot(process: Process, names: readonly string[]): Promise<number> {
  if (names.length === 0) return 0;
  await process.err(`Errors were encountered while processing:\n${names.map((name) => ` ${name}\n`).join('')}`);
  return 1;
}

async function removeByName(
  process: Process,
  machine: Machine,
  names: readonly string[],
  purge: boolean,
): Promise<number> {
  const known = names.filter((name) => machine.packages.get(name));
  for (const name of names)
    if (!known.includes(name))
      await process.err(`dpkg: warning: ignoring request to remove ${name} which isn't installed\n`);
  const kept: string[] = [];
  for (const name of known) {
    const needing = plannedRemoval(machine, [name]).find((other) => !known.includes(other));
    if (needing === undefined) continue;
    kept.push(name);
    const entry = machine.packages.get(name);
    if (entry !== undefined)
      machine.packages.record({ ...entry, status: `${purge ? 'purge' : 'deinstall'} ok installed` });
    await process.err(
      `dpkg: dependency problems prevent removal of ${name}:\n ${needing} depends on ${name}.\n\ndpkg: error processing package ${name} (--${purge ? 'purge' : 'remove'}):\n dependency problems - not removing\n`,
    );
  }
  await removePackages(
    machine,
    known.filter((name) => !kept.includes(name)),
    purge,
  );
  return couldNot(process, kept);
}

/** apt-cache(8): policy and show, for what is asked of them. */
export const aptCache: MachineProgram = async (process, machine) => {
  const [verb = '', ...names] = process.argv.slice(1).filter((arg) => !arg.startsWith('-'));
  for (const name of names) {
    const definition = catalogueOf(machine.face).get(name);
    if (!definition) continue;
    const installed = machine.packages.get(name);
    if (verb === 'policy')
      await process.out(
        `${name}:\n  Installed: ${isInstalled(installed) ? installed?.version : '(none)'}\n  Candidate: ${definition.version}\n`,
      );
    else await process.out(`Package: ${name}\nVersion: ${definition.version}\n\n`);
  }
  return 0;
};

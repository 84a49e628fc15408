import { unescape } from '../../shell/printf.ts';
import type { Process } from '../../shell/process.ts';
import { catalogueOf } from '../face.ts';
import { whyUnsimulated } from '../faces/unsimulated-packages.ts';
import type { Machine } from '../machine.ts';
import type { InstalledPackage } from '../package-database.ts';
import { installPackages, plannedInstall, plannedRemoval, removePackages } from '../package-transaction.ts';
import { aptUpdate } from './apt-update.ts';
import { type MachineProgram, unlessRoot } from './machine-program.ts';
import { parseOptions, UsageError } from './options.ts';
import { conffilesOf, dependsOf, isBase } from './package-fields.ts';
import { refusesHeld, unreadableDatabase } from './package-refusals.ts';
import { isLocked } from './process-commands.ts';

const isInstalled = (entry: InstalledPackage | undefined): boolean => entry?.status.endsWith(' installed') ?? false;

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

/** Who holds dpkg's lock: a process with its command's name as the kernel cuts it. */
function lockHolder(machine: Machine): string | undefined {
  const held = machine.packageLockHolder;
  if (held !== undefined) return `${held.pid} (${held.name.slice(0, 15)})`;
  const lock = machine.files.find('/var/lib/dpkg/lock-frontend');
  return lock && isLocked(lock) ? '4242 (apt-get)' : undefined;
}

/** Waits for the lock as long as `DPkg::Lock::Timeout` says, then gives up as apt does. */
async function lockedBy(process: Process, machine: Machine): Promise<number | undefined> {
  const seconds = /DPkg::Lock::Timeout=(-?\d+)/.exec(process.argv.join(' '))?.[1] ?? '0';
  const deadline = machine.now() + (seconds === '-1' ? Infinity : Number(seconds) * 1000);
  for (let holder = lockHolder(machine); holder !== undefined; holder = lockHolder(machine)) {
    if (machine.now() >= deadline) {
      await process.err(
        `E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process ${holder}\nN: Be aware that removing the lock file is not a solution and may break your system.\nE: Unable to acquire the dpkg frontend lock (/var/lib/dpkg/lock-frontend), is another process using it?\n`,
      );
      return 100;
    }
    await process.interruptible(machine.sleep(1000));
  }
  return undefined;
}

const aptVerbs: ReadonlySet<string> = new Set(
  'update install reinstall remove purge clean autoclean autoremove upgrade dist-upgrade full-upgrade check'.split(' '),
);

/** apt-get(8): update, install, remove, purge, autoremove, clean. */
export const aptGet: MachineProgram = async (process, machine) => {
  const options = parseOptions(
    process,
    'y yes assume-yes q:: quiet:: o: option= no-install-recommends install-recommends f fix-broken s simulate dry-run purge allow-downgrades allow-change-held-packages m V u reinstall d download-only t: target-release= no-upgrade allow-unauthenticated auto-remove autoremove',
  );
  const [verb = '', ...names] = options.operands;
  const simulated = options.has('s', 'simulate', 'dry-run');
  if (!aptVerbs.has(verb)) {
    await process.err(`E: Invalid operation ${verb}\n`);
    return 100;
  }
  if (!simulated) {
    const refused = await unlessRoot(
      process,
      'E: Could not open lock file /var/lib/dpkg/lock-frontend - open (13: Permission denied)\nE: Unable to acquire the dpkg frontend lock (/var/lib/dpkg/lock-frontend), are you root?',
      100,
    );
    if (refused !== undefined) return refused;
    const locked = verb === 'update' ? undefined : await lockedBy(process, machine);
    if (locked !== undefined) return locked;
  }
  const quiet = options.has('q', 'quiet');
  switch (verb) {
    case 'update':
      return aptUpdate(process, machine, options.values('o', 'option'), quiet);
    case 'install':
    case 'reinstall':
      return aptInstall(process, machine, names, simulated);
    case 'remove':
    case 'purge':
      return aptRemove(process, machine, names, verb === 'purge' || options.has('purge'), simulated);
    default:
      await process.out('0 upgraded, 0 newly installed, 0 to remove and 0 not upgraded.\n');
      return 0;
  }
};

async function aptInstall(
  process: Process,
  machine: Machine,
  names: readonly string[],
  simulated: boolean,
): Promise<number> {
  if (machine.faults.brokenPackages) {
    await process.err("E: dpkg was interrupted, you must manually run 'dpkg --configure -a' to correct the problem.\n");
    return 100;
  }
  await process.out('Reading package lists...\nBuilding dependency tree...\nReading state information...\n');
  const catalogue = catalogueOf(machine.face);
  // NAME- takes a package away in the same transaction.
  const isRemoval = (name: string): boolean => !catalogue.has(name) && name.endsWith('-');
  const wanted = names.filter((name) => !isRemoval(name)).map((name) => name.replace(/=.*$|:(amd64|all)$/, ''));
  const plan = plannedInstall(machine, wanted);
  const unwanted = names.filter(isRemoval).map((name) => name.slice(0, -1));
  plan.unknown.push(...unwanted.filter((name) => !catalogue.has(name) && !machine.packages.get(name)));
  const leaving = unwanted.filter((name) => isInstalled(machine.packages.get(name)));
  plan.remove.push(...plannedRemoval(machine, leaving));
  for (const name of unwanted)
    if (!leaving.includes(name)) await process.out(`Package '${name}' is not installed, so not removed\n`);
  if (plan.unknown.length > 0) {
    const each = plan.unknown.map((name) => `E: Unable to locate package ${name}\n`).join('');
    await process.err(`${each}${whyUnsimulated(plan.unknown)}`);
    return 100;
  }
  for (const name of wanted)
    if (!plan.install.some((one) => one.name === name))
      await process.out(`${name} is already the newest version (${machine.packages.get(name)?.version}).\n`);
  if (plan.remove.length > 0)
    await process.out(`The following packages will be REMOVED:\n  ${plan.remove.join(' ')}\n`);
  if (plan.install.length > 0)
    await process.out(
      `The following NEW packages will be installed:\n  ${plan.install.map((one) => one.name).join(' ')}\n`,
    );
  await process.out(
    `0 upgraded, ${plan.install.length} newly installed, ${plan.remove.length} to remove and 0 not upgraded.\n`,
  );
  if (simulated) return 0;
  if (await refusesHeld(process, machine, plan.remove)) return 100;
  if (plan.install.length > 0 && machine.faults.diskFull?.includes('/') === true) {
    await process.err("E: You don't have enough free space in /var/cache/apt/archives/.\n");
    return 100;
  }
  await installPackages(machine, plan, async (line) => process.out(`${line}\n`));
  return 0;
}

async function aptRemove(
  process: Process,
  machine: Machine,
  names: readonly string[],
  purge: boolean,
  simulated: boolean,
): Promise<number> {
  const unknown = names.filter((name) => !machine.packages.get(name) && !catalogueOf(machine.face).has(name));
  if (unknown.length > 0) {
    await process.err(unknown.map((name) => `E: Unable to locate package ${name}\n`).join(''));
    return 100;
  }
  const present = plannedRemoval(
    machine,
    names.filter((name) => machine.packages.get(name)),
  );
  if (present.length > 0) await process.out(`The following packages will be REMOVED:\n  ${present.join(' ')}\n`);
  await process.out(`0 upgraded, 0 newly installed, ${present.length} to remove and 0 not upgraded.\n`);
  if (!simulated && (await refusesHeld(process, machine, present))) return 100;
  if (!simulated) await removePackages(machine, present, purge);
  return 0;
}

/** apt-mark(8): hold, unhold, showhold, auto, manual. */
export const aptMark: MachineProgram = async (process, machine) => {
  const [verb = '', ...names] = process.argv.slice(1);
  const held = (entry: InstalledPackage): boolean => entry.status.startsWith('hold ');
  if (verb === 'showhold') {
    for (const entry of machine.packages.list()) if (held(entry)) await process.out(`${entry.name}\n`);
    return 0;
  }
  for (const name of names) {
    const entry = machine.packages.get(name);
    if (!entry) {
      await process.err(`E: Unable to locate package ${name}\n`);
      return 100;
    }
    if (verb === 'hold' || verb === 'unhold')
      machine.packages.record({ ...entry, status: `${verb === 'hold' ? 'hold' : 'install'} ok installed` });
    await process.out(
      `${name} set ${verb === 'hold' ? 'on hold' : verb === 'unhold' ? 'to not on hold' : `to ${verb}`}.\n`,
    );
  }
  return 0;
};

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

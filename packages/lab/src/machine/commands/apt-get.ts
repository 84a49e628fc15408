import type { Process } from '../../shell/process.ts';
import { catalogueOf } from '../face.ts';
import { whyUnsimulated } from '../faces/unsimulated-packages.ts';
import type { Machine } from '../machine.ts';
import {
  type InstallPlan,
  installPackages,
  isOlder,
  type PackageRequest,
  plannedInstall,
  plannedRemoval,
  removePackages,
} from '../package-transaction.ts';
import { aptUpdate } from './apt-update.ts';
import { type MachineProgram, unlessRoot } from './machine-program.ts';
import { parseOptions } from './options.ts';
import { isInstalled } from './package-fields.ts';
import { refusesHeld } from './package-refusals.ts';
import { isLocked } from './process-commands.ts';

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
  const requests = names.filter((name) => !isRemoval(name)).map(requestOf);
  const wanted = requests.map(({ name }) => name);
  const plan = plannedInstall(machine, requests);
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
  if (plan.unknownVersions.length > 0) {
    const asked = requests.filter(({ name }) => plan.unknownVersions.includes(name));
    await process.err(
      asked.map(({ name, version }) => `E: Version '${version}' for '${name}' was not found\n`).join(''),
    );
    return 100;
  }
  for (const name of wanted)
    if (!plan.install.some((one) => one.name === name))
      await process.out(`${name} is already the newest version (${machine.packages.get(name)?.version}).\n`);
  if (plan.remove.length > 0)
    await process.out(`The following packages will be REMOVED:\n  ${plan.remove.join(' ')}\n`);
  const refused = await tellPlan(process, machine, plan, simulated);
  if (refused !== undefined) return refused;
  if (plan.install.length > 0 && machine.faults.diskFull?.includes('/') === true) {
    await process.err("E: You don't have enough free space in /var/cache/apt/archives/.\n");
    return 100;
  }
  await installPackages(machine, plan, async (line) => process.out(`${line}\n`));
  return 0;
}

function requestOf(word: string): PackageRequest {
  const [, name = '', version] = /^([^:=]+)(?::(?:amd64|all))?(?:=(.*))?$/.exec(word) ?? [];
  return { name, version, replaces: true };
}

/** Says what would be done, and refuses what was not asked for in so many words. */
async function tellPlan(
  process: Process,
  machine: Machine,
  plan: InstallPlan,
  simulated: boolean,
): Promise<number | undefined> {
  const there = plan.install.filter(({ name }) => isInstalled(machine.packages.get(name)));
  const older = there.filter(({ name, version }) =>
    isOlder(machine, name, version, machine.packages.get(name)?.version ?? ''),
  );
  const parts = {
    'The following NEW packages will be installed': plan.install.filter((one) => !there.includes(one)),
    'The following packages will be upgraded': there.filter((one) => !older.includes(one)),
    'The following packages will be DOWNGRADED': older,
  };
  for (const [title, some] of Object.entries(parts))
    if (some.length > 0) await process.out(`${title}:\n  ${some.map(({ name }) => name).join(' ')}\n`);
  const downgraded = older.length === 0 ? '' : `${older.length} downgraded, `;
  await process.out(
    `${there.length - older.length} upgraded, ${plan.install.length - there.length} newly installed, ${downgraded}${plan.remove.length} to remove and 0 not upgraded.\n`,
  );
  if (simulated) return 0;
  if (await refusesHeld(process, machine, [...plan.remove, ...there.map(({ name }) => name)])) return 100;
  if (older.length === 0 || process.argv.includes('--allow-downgrades')) return undefined;
  await process.err('E: Packages were downgraded and -y was used without --allow-downgrades.\n');
  return 100;
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

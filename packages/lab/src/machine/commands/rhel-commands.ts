import { createHash } from 'node:crypto';
import { unescape } from '../../shell/printf.ts';
import type { Process } from '../../shell/process.ts';
import { catalogueOf } from '../face.ts';
import { whyUnsimulated } from '../faces/unsimulated-packages.ts';
import type { Machine } from '../machine.ts';
import type { InstalledPackage } from '../package-database.ts';
import {
  installPackages,
  type PackageRequest,
  plannedInstall,
  plannedRemoval,
  removePackages,
} from '../package-transaction.ts';
import { isUnreachable } from './apt-update.ts';
import { type MachineProgram, unlessRoot } from './machine-program.ts';
import { parseOptions } from './options.ts';
import { isKeptOut, versionLock } from './version-lock.ts';

/** Epoch, version and release of `1:2.8.2-3.el10`. */
function parts(version: string): { epoch: string; version: string; release: string } {
  const [, epoch = '(none)', rest = ''] = /^(?:(\d+):)?(.*)$/.exec(version) ?? [];
  const at = rest.lastIndexOf('-');
  return { epoch, version: rest.slice(0, at), release: rest.slice(at + 1) };
}

function formatted(format: string, entry: InstalledPackage): string {
  const { epoch, version, release } = parts(entry.version);
  const evr = `${epoch === '(none)' ? '' : `${epoch}:`}${version}-${release}`;
  const fields: Record<string, string> = {
    NAME: entry.name,
    EPOCH: epoch,
    EPOCHNUM: epoch === '(none)' ? '0' : epoch,
    VERSION: version,
    RELEASE: release,
    ARCH: entry.architecture,
    EVR: evr,
    NEVRA: `${entry.name}-${evr}.${entry.architecture}`,
    NVRA: `${entry.name}-${version}-${release}.${entry.architecture}`,
    SUMMARY: entry.summary,
    SIZE: String(entry.sizeKib * 1024),
    INSTALLTIME: '1760000000',
  };
  return unescape(format, 'printf', false).text.replace(
    /%(-?\d*)\{([A-Za-z]+)(?::[a-z]+)?\}/g,
    (_all, width: string, name: string) => {
      const value = fields[name.toUpperCase()] ?? '(none)';
      return width === ''
        ? value
        : width.startsWith('-')
          ? value.padEnd(-Number(width))
          : value.padStart(Number(width));
    },
  );
}

/** rpm(8): -q, -qa, -qf, -e, --import, -V. The status of -q is the number of packages that are not there. */
export const rpm: MachineProgram = async (process, machine) => {
  const options = parseOptions(
    process,
    'q query a all qf= queryformat= f file l list i info e erase V verify import E: eval= nodeps quiet nosignature nodigest whatprovides= U F noscripts',
  );
  if (options.has('E', 'eval')) {
    await process.out(
      `${(options.value('E', 'eval') ?? '').replace('%{?dist}', '.el10').replace('%rhel', '10').replace('%{rhel}', '10').replace('%_arch', 'x86_64')}\n`,
    );
    return 0;
  }
  if (options.has('import')) return 0;
  if (options.has('e', 'erase')) return erase(process, machine, options.operands);
  if (machine.faults.brokenPackages) {
    await process.err(
      'error: rpmdb: BDB0113 Thread/process failed\nerror: cannot open Packages database in /usr/lib/sysimage/rpm\n',
    );
    return 1;
  }
  const format = options.value('qf', 'queryformat') ?? '%{NVRA}\\n';
  const perFile = /^\[(.*)\]$/s.exec(format)?.[1];
  if (perFile !== undefined) return tellFiles(process, machine, perFile);
  if (options.has('a', 'all')) {
    await process.out(
      machine.packages
        .list()
        .map((entry) => formatted(format, entry))
        .join(''),
    );
    return 0;
  }
  if (options.operands.length === 0) return process.fail('no arguments given for query');
  let missing = 0;
  for (const name of options.operands) {
    const entry = options.has('f', 'file') ? ownerOf(machine, name) : machine.packages.get(name);
    if (entry) await process.out(formatted(format, entry));
    else {
      missing += 1;
      await process.out(
        options.has('f', 'file') ? `file ${name} is not owned by any package\n` : `package ${name} is not installed\n`,
      );
    }
  }
  return missing;
};

/** A format in brackets is repeated for each file of all packages. */
async function tellFiles(process: Process, machine: Machine, format: string): Promise<number> {
  for (const { name } of machine.packages.list())
    for (const [path, text] of Object.entries(catalogueOf(machine.face).get(name)?.files ?? {})) {
      const fields: Record<string, string> = {
        FILENAMES: path,
        FILEDIGESTS: createHash('sha256').update(text).digest('hex'),
      };
      const line = unescape(format, 'printf', false).text;
      await process.out(line.replace(/%\{([A-Za-z]+)\}/g, (_all, field: string) => fields[field] ?? '(none)'));
    }
  return 0;
}

/** dnf repoquery --userinstalled: what somebody asked for by name. The lab remembers no reasons: what another package needs came for that one. */
async function userInstalled(process: Process, machine: Machine, format: string): Promise<number> {
  const base = new Set(machine.face.base().map(({ name }) => name));
  const added = machine.packages.list().filter(({ name }) => !base.has(name));
  const needed = new Set(added.flatMap(({ name }) => catalogueOf(machine.face).get(name)?.depends ?? []));
  for (const entry of added.filter(({ name }) => !needed.has(name))) await process.out(`${formatted(format, entry)}\n`);
  return 0;
}

function ownerOf(machine: Machine, path: string): InstalledPackage | undefined {
  return machine.packages.list().find((entry) => {
    const definition = catalogueOf(machine.face).get(entry.name);
    return definition && (path in definition.programs || path in definition.files);
  });
}

async function erase(process: Process, machine: Machine, names: readonly string[]): Promise<number> {
  const refused = await unlessRoot(
    process,
    "error: can't create transaction lock on /usr/lib/sysimage/rpm/.rpm.lock (Permission denied)",
  );
  if (refused !== undefined) return refused;
  const missing = names.filter((name) => !machine.packages.get(name));
  for (const name of missing) await process.err(`error: package ${name} is not installed\n`);
  if (missing.length > 0) return missing.length;
  if (machine.packageLockHolder !== undefined)
    return process.fail(
      `error: can't create transaction lock on /usr/lib/sysimage/rpm/.rpm.lock (Resource temporarily unavailable)`,
    );
  const extra = plannedRemoval(machine, names).filter((name) => !names.includes(name));
  if (extra.length > 0) {
    await process.err(`error: Failed dependencies:\n\t${names[0]} is needed by (installed) ${extra[0]}\n`);
    return extra.length;
  }
  await removePackages(machine, names, true);
  return 0;
}

/** dnf(8): install, remove, check-update, makecache, list, upgrade. */
export const dnf: MachineProgram = async (process, machine) => {
  const options = parseOptions(
    process,
    'y assumeyes q quiet v setopt= enablerepo= disablerepo= best nobest allowerasing C cacheonly refresh releasever= nogpgcheck skip-broken installed available x: exclude= assumeno b userinstalled qf= queryformat=',
  );
  const [verb = '', ...names] = options.operands;
  if (!['list', 'repolist', 'info', 'check-update', 'repoquery'].includes(verb)) {
    const refused = await unlessRoot(
      process,
      'Error: This command has to be run with superuser privileges (under the root user on most systems).',
    );
    if (refused !== undefined) return refused;
    await untilUnlocked(process, machine, options.has('q', 'quiet'));
  }
  const quiet = options.has('q', 'quiet');
  switch (verb) {
    case 'install':
      return dnfInstall(process, machine, names, quiet);
    case 'remove':
    case 'erase':
      return dnfRemove(process, machine, names, quiet);
    case 'versionlock':
      return versionLock(process, machine, names, quiet);
    case 'repoquery':
      return userInstalled(process, machine, options.value('qf', 'queryformat') ?? '%{name}');
    case 'list':
      return dnfList(process, machine, names);
    case 'makecache':
      return makeCache(process, machine, options.values('setopt'), quiet);
    case 'clean':
    case 'upgrade':
    case 'update':
    case 'autoremove':
    case 'check-update':
    case 'repolist':
    case 'config-manager':
      if (!quiet) await process.out('Nothing to do.\nComplete!\n');
      return 0;
    default:
      await process.err(`No such command: ${verb}. Please use /usr/bin/dnf --help\n`);
      return 1;
  }
};

/** Reads the index of every source of a folder; what cannot be reached fails unless it may be skipped. */
async function makeCache(
  process: Process,
  machine: Machine,
  settings: readonly string[],
  quiet: boolean,
): Promise<number> {
  const folder = settings.find((one) => one.startsWith('reposdir='))?.slice('reposdir='.length) ?? '/etc/yum.repos.d';
  for (const name of machine.files.list(folder).filter((file) => file.endsWith('.repo'))) {
    const text = machine.files.read(`${folder}/${name}`) ?? '';
    const [, id = ''] = /^\[(.+)\]$/m.exec(text) ?? [];
    const urls = (/^baseurl=(.*)$/m.exec(text)?.[1] ?? '').split(/\s+/).filter(Boolean);
    if (urls.length === 0 || urls.some((url) => !isUnreachable(machine, url))) continue;
    await process.err(
      `Errors during downloading metadata for repository '${id}':\nError: Failed to download metadata for repo '${id}': Cannot download repomd.xml\n`,
    );
    return 1;
  }
  if (!quiet) await process.out('Metadata cache created.\n');
  return 0;
}

/** dnf has no limit of its own: it waits until the other one has ended. */
async function untilUnlocked(process: Process, machine: Machine, quiet: boolean): Promise<void> {
  let told = quiet;
  for (let holder = machine.packageLockHolder; holder !== undefined; holder = machine.packageLockHolder) {
    if (!told) await process.out(`Waiting for process with pid ${holder.pid} to finish.\n`);
    told = true;
    await process.interruptible(machine.sleep(1000));
  }
}

/** `NAME`, or `NAME-VERSION` with or without release and epoch. An installed package stays as it is unless a version is named. */
function requestOf(machine: Machine, word: string): PackageRequest {
  const catalogue = catalogueOf(machine.face);
  if (catalogue.has(word)) return { name: word, replaces: false };
  for (let at = word.lastIndexOf('-'); at > 0; at = word.lastIndexOf('-', at - 1)) {
    const definition = catalogue.get(word.slice(0, at));
    if (definition === undefined) continue;
    const asked = word.slice(at + 1);
    const all = [definition.version, ...definition.olderVersions];
    const version = all.find((one) =>
      [one, one.replace(/^\d+:/, ''), one.replace(/-[^-]*$/, '')].includes(asked.replace(/^0:/, '')),
    );
    return { name: definition.name, version: version ?? asked, replaces: true };
  }
  return { name: word, replaces: false };
}

async function dnfInstall(
  process: Process,
  machine: Machine,
  names: readonly string[],
  quiet: boolean,
): Promise<number> {
  if (machine.faults.brokenPackages) {
    await process.err('Error: rpmdb open failed\n');
    return 1;
  }
  const requests = names.map((word) => ({ word, ...requestOf(machine, word) }));
  const plan = plannedInstall(machine, requests);
  const unmatched = requests.filter(
    ({ name, version }) =>
      plan.unknown.includes(name) || plan.unknownVersions.includes(name) || isKeptOut(machine, name, version),
  );
  // What a dependency lacks is no argument.
  const missing = [...unmatched.map(({ word }) => word), ...plan.unknown.filter((name) => !names.includes(name))];
  if (missing.length > 0) {
    const each = missing.map((name) => `No match for argument: ${name}\n`).join('');
    await process.err(
      `${quiet ? '' : each}Error: Unable to find a match: ${missing.join(' ')}\n${whyUnsimulated(plan.unknown)}`,
    );
    return 1;
  }
  if (machine.faults.diskFull?.includes('/') === true && plan.install.length > 0) {
    await process.err(
      'Error: Transaction test error:\n  installing package needs 12MB more space on the / filesystem\n',
    );
    return 1;
  }
  await installPackages(machine, plan, async (line) => {
    if (!quiet) await process.out(`${line.replace(/^Setting up (\S+) \((.*)\) \.\.\.$/, 'Installing : $1-$2')}\n`);
  });
  if (!quiet) await process.out(plan.install.length > 0 ? 'Complete!\n' : 'Nothing to do.\nComplete!\n');
  return 0;
}

async function dnfRemove(
  process: Process,
  machine: Machine,
  names: readonly string[],
  quiet: boolean,
): Promise<number> {
  const going = plannedRemoval(
    machine,
    names.filter((name) => machine.packages.get(name)),
  );
  const absent = names.filter((name) => !machine.packages.get(name));
  for (const name of absent) if (!quiet) await process.err(`No match for argument: ${name}\n`);
  await removePackages(machine, going, true);
  if (!quiet) await process.out(going.length > 0 ? 'Complete!\n' : 'No packages marked for removal.\n');
  return 0;
}

async function dnfList(process: Process, machine: Machine, names: readonly string[]): Promise<number> {
  const rows = machine.packages
    .list()
    .filter((entry) => names.length === 0 || names.includes(entry.name) || names[0] === 'installed');
  if (rows.length === 0) return process.fail('Error: No matching Packages to list');
  for (const entry of rows) await process.out(`${entry.name}.${entry.architecture} ${entry.version} @System\n`);
  return 0;
}

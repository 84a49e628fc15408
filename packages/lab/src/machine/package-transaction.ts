import { catalogueOf } from './face.ts';
import type { PackageDefinition } from './faces/package-definition.ts';
import type { Machine } from './machine.ts';
import { installedEntry } from './package-database.ts';
import { removePackageFiles, unpackPackage } from './package-files.ts';
import { disableUnit, enableUnit } from './unit-enablement.ts';

/** What a request to install comes to. */
export interface InstallPlan {
  /** In an order in which dependencies come first. */
  install: PackageDefinition[];
  /** Installed packages that conflict. */
  remove: string[];
  unknown: string[];
  /** Packages with a version that no source has. */
  unknownVersions: string[];
}

/** A package as a package manager is asked for it. */
export interface PackageRequest {
  readonly name: string;
  /** Exactly this one; the newest when left out. */
  readonly version?: string | undefined;
  /** Another installed version gives way. */
  readonly replaces: boolean;
}

function isInstalled(machine: Machine, name: string): boolean {
  return machine.packages.get(name)?.status.endsWith(' installed') ?? false;
}

/** Resolves names against what the package sources offer. */
export function plannedInstall(machine: Machine, requests: readonly PackageRequest[]): InstallPlan {
  const catalogue = catalogueOf(machine.face);
  const plan: InstallPlan = { install: [], remove: [], unknown: [], unknownVersions: [] };
  const add = ({ name, version: asked, replaces }: PackageRequest): void => {
    const definition = catalogue.get(name);
    if (!definition) {
      plan.unknown.push(name);
      return;
    }
    const version = asked ?? definition.version;
    if (![definition.version, ...definition.olderVersions].includes(version)) {
      plan.unknownVersions.push(name);
      return;
    }
    const isThere = isInstalled(machine, name) && (!replaces || machine.packages.get(name)?.version === version);
    if (isThere || plan.install.some((one) => one.name === name)) return;
    for (const other of definition.depends) add({ name: other, replaces: false });
    plan.install.push({ ...definition, version });
    for (const other of definition.conflicts) if (isInstalled(machine, other)) plan.remove.push(other);
  };
  for (const request of requests) add(request);
  return plan;
}

/** Whether one of two versions that a source has is the older. */
export function isOlder(machine: Machine, name: string, version: string, than: string): boolean {
  const definition = catalogueOf(machine.face).get(name);
  return definition?.version === than && definition.olderVersions.includes(version);
}

/** The packages to remove and what is installed only with them. */
export function plannedRemoval(machine: Machine, names: readonly string[]): string[] {
  const catalogue = catalogueOf(machine.face);
  const going = new Set(names);
  let grew = true;
  while (grew) {
    grew = false;
    for (const { name } of machine.packages.list()) {
      if (going.has(name) || !catalogue.get(name)?.depends.some((other) => going.has(other))) continue;
      going.add(name);
      grew = true;
    }
  }
  return [...going];
}

/** Carries an installation out: conflicting packages go, files come, services are enabled and started by the face's policy. */
export async function installPackages(
  machine: Machine,
  plan: InstallPlan,
  tell: (line: string) => void | Promise<void>,
): Promise<void> {
  await removePackages(machine, plan.remove, false);
  for (const definition of plan.install) {
    await tell(`Setting up ${definition.name} (${definition.version}) ...`);
    unpackPackage(machine, definition);
    machine.packages.record(installedEntry(definition));
  }
  machine.systemd.daemonReload();
  for (const definition of plan.install) {
    for (const unit of [...definition.enables, ...definition.starts]) {
      if (!machine.face.startsServices && !definition.enables.includes(unit)) continue;
      for (const line of enableUnit(machine.files, unit) ?? []) await tell(line);
    }
    if (!machine.face.startsServices) continue;
    for (const unit of definition.starts) await machine.systemd.start(unit);
  }
}

/** Stops and removes packages; unless purged, Debian keeps their configuration and remembers that. */
export async function removePackages(machine: Machine, names: readonly string[], purge: boolean): Promise<void> {
  const catalogue = catalogueOf(machine.face);
  for (const name of names) {
    const definition = catalogue.get(name);
    const entry = machine.packages.get(name);
    if (!entry) continue;
    if (definition) {
      const units = Object.keys(definition.files)
        .filter((path) => path.includes('/systemd/system/'))
        .map((path) => path.split('/').pop() as string);
      for (const unit of units) {
        await machine.systemd.stop(unit);
        disableUnit(machine.files, unit);
      }
      removePackageFiles(machine, definition, purge);
    }
    const keeps =
      machine.face.family === 'debian' &&
      !purge &&
      Object.keys(definition?.files ?? {}).some((path) => path.startsWith('/etc/'));
    if (keeps) machine.packages.record({ ...entry, status: 'deinstall ok config-files' });
    else machine.packages.forget(name);
  }
  if (names.length > 0) machine.systemd.daemonReload();
}

import { createHash } from 'node:crypto';
import { catalogueOf } from '../face.ts';
import type { Machine } from '../machine.ts';
import type { InstalledPackage } from '../package-database.ts';

/** Whether a package belongs to every installation. */
export function isBase(machine: Machine, { name }: InstalledPackage): boolean {
  return machine.face.base().some((base) => base.name === name);
}

/** Configuration files with the digest that their package brought them with, one a line after a line break. */
export function conffilesOf(machine: Machine, { name }: InstalledPackage): string {
  return Object.entries(catalogueOf(machine.face).get(name)?.files ?? {})
    .filter(([path]) => path.startsWith('/etc/'))
    .map(([path, text]) => `\n ${path} ${createHash('md5').update(text).digest('hex')}`)
    .join('');
}

/** Names of the packages that it needs, as dpkg lists them. */
export function dependsOf(machine: Machine, { name }: InstalledPackage): string {
  return (catalogueOf(machine.face).get(name)?.depends ?? []).join(', ');
}

/** Whether an entry stands for an installed package; a removed one leaves its configuration behind. */
export function isInstalled(entry: InstalledPackage | undefined): boolean {
  return entry?.status.endsWith(' installed') ?? false;
}

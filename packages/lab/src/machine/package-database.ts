import type { PackageDefinition } from './faces/package-definition.ts';
import type { RootFiles } from './root-files.ts';

/** One entry of the package manager's own database. */
export interface InstalledPackage {
  name: string;
  version: string;
  architecture: string;
  summary: string;
  sizeKib: number;
  /** dpkg's three words, e.g. `install ok installed`; `deinstall ok config-files` after removal with files left. */
  status: string;
}

/** What is installed, kept in a file on the machine's disk: tampering with the file shows. */
export interface PackageDatabase {
  list(): InstalledPackage[];
  get(name: string): InstalledPackage | undefined;
  /** Adds or replaces an entry. */
  record(entry: InstalledPackage): void;
  /** Adds or replaces several at once. */
  recordAll(entries: readonly InstalledPackage[]): void;
  forget(name: string): void;
}

/** Entry for a definition that was just installed. */
export function installedEntry(definition: PackageDefinition): InstalledPackage {
  const { name, version, architecture, summary, size } = definition;
  return { name, version, architecture, summary, sizeKib: size, status: 'install ok installed' };
}

abstract class FileDatabase implements PackageDatabase {
  readonly #files: RootFiles;
  readonly #path: string;
  #seen: Uint8Array | undefined;
  #entries: InstalledPackage[] = [];

  constructor(files: RootFiles, path: string) {
    this.#files = files;
    this.#path = path;
  }

  protected abstract parse(text: string): InstalledPackage[];
  protected abstract format(entries: readonly InstalledPackage[]): string;

  list(): InstalledPackage[] {
    const content = this.#files.find(this.#path)?.content;
    if (content !== this.#seen) {
      this.#seen = content;
      this.#entries = content ? this.parse(this.#files.read(this.#path) ?? '') : [];
    }
    return this.#entries;
  }

  get(name: string): InstalledPackage | undefined {
    return this.list().find((entry) => entry.name === name);
  }

  record(entry: InstalledPackage): void {
    this.recordAll([entry]);
  }

  recordAll(entries: readonly InstalledPackage[]): void {
    const names = new Set(entries.map(({ name }) => name));
    this.#save([...this.list().filter(({ name }) => !names.has(name)), ...entries]);
  }

  forget(name: string): void {
    this.#save(this.list().filter((one) => one.name !== name));
  }

  #save(entries: InstalledPackage[]): void {
    this.#files.write(this.#path, this.format(entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))));
  }
}

/** dpkg's status file. */
export class DpkgDatabase extends FileDatabase {
  constructor(files: RootFiles) {
    super(files, '/var/lib/dpkg/status');
  }

  protected parse(text: string): InstalledPackage[] {
    return text.split(/\n{2,}/).flatMap((stanza) => {
      const field = (name: string): string => new RegExp(`^${name}: (.*)$`, 'm').exec(stanza)?.[1] ?? '';
      const name = field('Package');
      if (!name) return [];
      const sizeKib = Number(field('Installed-Size'));
      return [
        {
          name,
          version: field('Version'),
          architecture: field('Architecture'),
          summary: field('Description'),
          sizeKib,
          status: field('Status'),
        },
      ];
    });
  }

  protected format(entries: readonly InstalledPackage[]): string {
    return entries
      .map((one) =>
        [
          `Package: ${one.name}`,
          `Status: ${one.status}`,
          'Priority: optional',
          `Installed-Size: ${one.sizeKib}`,
          `Architecture: ${one.architecture}`,
          `Version: ${one.version}`,
          `Description: ${one.summary}`,
        ].join('\n'),
      )
      .join('\n\n')
      .concat('\n\n');
  }
}

/** RPM's database; the lab's holds one JSON object a line behind the real path. */
export class RpmDatabase extends FileDatabase {
  constructor(files: RootFiles) {
    super(files, '/usr/lib/sysimage/rpm/rpmdb.sqlite');
  }

  protected parse(text: string): InstalledPackage[] {
    return text
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as InstalledPackage);
  }

  protected format(entries: readonly InstalledPackage[]): string {
    return entries.map((entry) => `${JSON.stringify(entry)}\n`).join('');
  }
}

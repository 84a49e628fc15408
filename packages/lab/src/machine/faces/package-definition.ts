/** A package that a machine has or can install. */
export interface PackageDefinition {
  name: string;
  /** Full version as the face's tools print it: Debian `4.3-2+deb12u1`, RPM `4.6.1-1.el10`. */
  version: string;
  /** Other versions that the package sources still have. */
  olderVersions: string[];
  architecture: string;
  summary: string;
  /** Names of packages that must be installed too. */
  depends: string[];
  /** Installed packages that go when this one comes. */
  conflicts: string[];
  /** Path → behaviour of the lab's program behind it. */
  programs: Record<string, string>;
  /** Path → text. Below /etc these are configuration files, kept when they were changed. */
  files: Record<string, string>;
  /** Modes that are not 0644. */
  modes: Record<string, number>;
  /** Directories, with mode. */
  folders: Record<string, number>;
  /** System accounts made at installation. */
  users: { name: string; home: string; uid?: number; groups?: string[] }[];
  /** Units that the face's policy enables and starts on installation. */
  starts: string[];
  /** Units enabled without being started. */
  enables: string[];
  /** Kernel modules that it brings. */
  modules: string[];
  size: number;
}

/** Completes a definition. */
export function definePackage(
  given: Partial<PackageDefinition> & { name: string; version: string },
): PackageDefinition {
  return {
    olderVersions: [],
    architecture: 'amd64',
    summary: given.name,
    depends: [],
    conflicts: [],
    programs: {},
    files: {},
    modes: {},
    folders: {},
    users: [],
    starts: [],
    enables: [],
    modules: [],
    size: 100,
    ...given,
  };
}

/** Many plain packages from lines of `name version [/path=program …]`; a path alone runs the program of its base name. */
export function plainPackages(text: string, architecture: string): PackageDefinition[] {
  return text
    .trim()
    .split('\n')
    .map((line) => {
      const [name = '', version = '', ...paths] = line.trim().split(/\s+/);
      const programs = Object.fromEntries(
        paths.map((path) => {
          const [file = '', program] = path.split('=');
          return [file, program ?? file.split('/').pop() ?? ''];
        }),
      );
      return definePackage({ name, version, architecture, programs });
    });
}

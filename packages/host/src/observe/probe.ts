import type { KerberosDatabase } from './kerberos-database.ts';

/** Something a check looks at. Equal requests of several resources are looked at once. */
export type Probe =
  /** Type, owner, mode; the target of a link. */
  | { readonly see: 'path'; readonly path: string }
  /** Type, owner, mode, and the sha256 of a regular file. */
  | { readonly see: 'content'; readonly path: string }
  /** Every line of a text file or of a kernel value. */
  | { readonly see: 'lines'; readonly path: string }
  /** Every line of the files that a pattern of the shell names; one of our own, never of an operator. */
  | { readonly see: 'texts'; readonly glob: string }
  /** SELinux's label of a path. */
  | { readonly see: 'context'; readonly path: string }
  /** What a block device carries. */
  | { readonly see: 'signature'; readonly device: string }
  /** What wakes a network card. */
  | { readonly see: 'wake-on-lan'; readonly link: string }
  | { readonly see: 'package'; readonly name: string }
  | { readonly see: 'unit'; readonly unit: string }
  | { readonly see: 'module'; readonly name: string }
  /** The authorized_keys of a user, wherever its home is. */
  | { readonly see: 'authorized-keys'; readonly user: string }
  /** Principals of a KDC's database. */
  | ({ readonly see: 'kerberos' } & KerberosDatabase)
  /** Whether a command says yes (exit 0), and prints what a file holds where one is named. It must not change anything. */
  | ({ readonly see: 'guard' } & Guard);

/** A command that is asked. */
export interface Guard {
  readonly name: string;
  readonly argv: readonly string[];
  /** The file that holds what it must print. */
  readonly prints?: string;
}

/** All requests of a check, merged by what looks at them; each list is in first-seen order without repetition. */
export interface ProbeSet {
  readonly paths: readonly string[];
  readonly contents: readonly string[];
  readonly lines: readonly string[];
  readonly globs: readonly string[];
  readonly labels: readonly string[];
  readonly devices: readonly string[];
  readonly links: readonly string[];
  readonly packages: readonly string[];
  readonly units: readonly string[];
  readonly modules: readonly string[];
  readonly keyUsers: readonly string[];
  readonly guards: readonly Guard[];
  readonly kerberos: readonly KerberosDatabase[];
}

/** Merges the requests of all resources, so that one program looks at everything of its sort. Pure. */
export function mergeProbes(probes: Iterable<Probe>): ProbeSet {
  const paths = new Set<string>();
  const contents = new Set<string>();
  const lines = new Set<string>();
  const globs = new Set<string>();
  const labels = new Set<string>();
  const devices = new Set<string>();
  const links = new Set<string>();
  const packages = new Set<string>();
  const units = new Set<string>();
  const modules = new Set<string>();
  const keyUsers = new Set<string>();
  const guards = new Map<string, Guard>();
  const kerberos = new Map<string, KerberosDatabase>();
  for (const probe of probes) {
    if (probe.see === 'guard') {
      const { name, argv, prints } = probe;
      guards.set(name, { name, argv, ...(prints === undefined ? {} : { prints }) });
      if (prints !== undefined) lines.add(prints);
    } else if (probe.see === 'kerberos')
      kerberos.set(`${probe.realm} ${probe.database}`, {
        realm: probe.realm,
        database: probe.database,
        stash: probe.stash,
      });
    else if (probe.see === 'package') packages.add(probe.name);
    else if (probe.see === 'unit') units.add(probe.unit);
    else if (probe.see === 'module') modules.add(probe.name);
    else if (probe.see === 'authorized-keys') keyUsers.add(probe.user);
    else if (probe.see === 'lines') lines.add(probe.path);
    else if (probe.see === 'texts') globs.add(probe.glob);
    else if (probe.see === 'context') labels.add(probe.path);
    else if (probe.see === 'signature') devices.add(probe.device);
    else if (probe.see === 'wake-on-lan') links.add(probe.link);
    else {
      paths.add(probe.path);
      if (probe.see === 'content') contents.add(probe.path);
    }
  }
  return {
    paths: [...paths],
    contents: [...contents],
    lines: [...lines],
    globs: [...globs],
    labels: [...labels],
    devices: [...devices],
    links: [...links],
    packages: [...packages],
    units: [...units],
    modules: [...modules],
    keyUsers: [...keyUsers],
    guards: [...guards.values()],
    kerberos: [...kerberos.values()],
  };
}

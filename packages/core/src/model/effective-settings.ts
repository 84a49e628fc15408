import type { Overlay, OverlayFile } from '../ports/workspace.ts';
import type { ClusterNode } from './cluster.ts';
import type { OverlaySettingsFile } from './overlay-settings.ts';

/** A value and the files that said so, strongest last. */
export interface Sourced<T> {
  readonly value: T;
  readonly origin: string;
}

/** A package that the settings of a node ask for. */
export interface PackageSetting {
  readonly name: string;
  readonly version?: string;
  readonly held?: boolean;
}

/** The settings of one node after its groups and its host folder: each value with where it came from. */
export interface EffectiveSettings {
  readonly sysctl: ReadonlyMap<string, Sourced<string>>;
  readonly packages: ReadonlyMap<string, Sourced<PackageSetting>>;
  readonly services: ReadonlyMap<string, Sourced<{ readonly enabled?: boolean; readonly active?: boolean }>>;
  readonly timezone: Sourced<string> | undefined;
  readonly ntpUpstream: Sourced<readonly string[]> | undefined;
}

/** Overlays that apply to a node, weakest first: its groups in the model's order (common first), then its host folder. */
export function overlaysOf(overlays: readonly Overlay[], node: ClusterNode): readonly Overlay[] {
  const groups = node.groups.flatMap((group) =>
    overlays.filter((overlay) => overlay.scope.kind === 'group' && overlay.scope.name === group),
  );
  const host = overlays.filter((overlay) => overlay.scope.kind === 'host' && overlay.scope.name === node.name);
  return [...groups, ...host];
}

/** Files that go to a node as they are: of several with one path the strongest. */
export function overlayFilesOf(overlays: readonly Overlay[], node: ClusterNode): readonly OverlayFile[] {
  const byPath = new Map<string, OverlayFile>();
  for (const overlay of overlaysOf(overlays, node)) {
    for (const file of overlay.files) byPath.set(file.path, file);
  }
  return [...byPath.values()].toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

/** Merges the settings of a node's overlays: maps key by key, lists by union, single values by the strongest. */
export function effectiveSettings(overlays: readonly Overlay[], node: ClusterNode): EffectiveSettings {
  const sysctl = new Map<string, Sourced<string>>();
  const packages = new Map<string, Sourced<PackageSetting>>();
  const services = new Map<string, Sourced<{ readonly enabled?: boolean; readonly active?: boolean }>>();
  let timezone: Sourced<string> | undefined;
  let ntpUpstream: Sourced<readonly string[]> | undefined;
  for (const overlay of overlaysOf(overlays, node)) {
    const { origin } = overlay.settings;
    // The workspace has checked the values against overlaySettingsSchema.
    const values = overlay.settings.values as OverlaySettingsFile;
    for (const [key, value] of Object.entries(values.sysctl ?? {})) sysctl.set(key, { value, origin });
    for (const one of values.packages ?? []) addPackage(packages, one, origin);
    for (const [unit, { enabled, active }] of Object.entries(values.services ?? {})) {
      const state = { ...(enabled === undefined ? {} : { enabled }), ...(active === undefined ? {} : { active }) };
      services.set(unit, { value: { ...services.get(unit)?.value, ...state }, origin });
    }
    if (values.timezone !== undefined) timezone = { value: values.timezone, origin };
    if (values['ntp-upstream'] !== undefined) ntpUpstream = { value: values['ntp-upstream'], origin };
  }
  return { sysctl, packages, services, timezone, ntpUpstream };
}

/** A plain name adds nothing to one that is there; what a stronger place says of version and hold counts. */
function addPackage(
  packages: Map<string, Sourced<PackageSetting>>,
  given: NonNullable<OverlaySettingsFile['packages']>[number],
  origin: string,
): void {
  const { name, version, held }: PackageSetting = typeof given === 'string' ? { name: given } : given;
  const earlier = packages.get(name);
  const said = { ...(version === undefined ? {} : { version }), ...(held === undefined ? {} : { held }) };
  if (earlier !== undefined && Object.keys(said).length === 0) return;
  const places = [...new Set([...(earlier === undefined ? [] : [earlier.origin]), origin])];
  packages.set(name, { value: { ...earlier?.value, name, ...said }, origin: places.join(', ') });
}

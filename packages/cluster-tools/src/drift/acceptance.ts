import type { DesiredResource, Difference, FileResource, SysctlResource } from '@vmstation/core';

/** How what is observed of a resource is written into the workspace. */
export type Acceptance =
  /** As the host's own file; its text is read from that path of the node. */
  | { readonly write: 'file'; readonly path: string; readonly executable: boolean }
  /** As a value in the host's settings.yaml. */
  | { readonly write: 'setting'; readonly keys: readonly string[]; readonly value: string | boolean }
  /** By taking an entry out of a list in the host's settings.yaml. */
  | { readonly write: 'removal'; readonly keys: readonly string[]; readonly item: string }
  | { readonly write: 'nothing'; readonly because: string };

const unitFolder = '/etc/systemd/system/';

/** Decides from the declaration and its differences how they are accepted, or why they cannot be. Pure. */
export function acceptanceOf(
  node: string,
  { resource, origins }: DesiredResource,
  differences: readonly Difference[],
): readonly Acceptance[] {
  if (differences.some(({ attribute }) => attribute === 'notification'))
    return refused('a restart is owed on the machine, which `vmstation drift revert` does');
  switch (resource.kind) {
    case 'file':
      return [ofFile(resource, differences)];
    case 'unit':
      return differences.every(({ attribute }) => attribute === 'content')
        ? [{ write: 'file', path: `${unitFolder}${resource.name}`, executable: false }]
        : refused(`the workspace cannot say what differs: ${named(differences)}`);
    case 'sysctl':
      return ofSysctl(resource, differences);
    case 'timezone': {
      const zone = differences.find(({ attribute }) => attribute === 'zone')?.seen ?? '';
      return /^[A-Za-z][A-Za-z0-9_+/-]*$/.test(zone)
        ? [{ write: 'setting', keys: ['timezone'], value: zone }]
        : refused('the machine has no time zone that could be named');
    }
    case 'service':
      return ofService(resource.unit, differences);
    case 'package': {
      const own = origins.every((origin) => origin.startsWith(`hosts/${node}/settings.yaml`));
      if (differences.some(({ attribute }) => attribute !== 'ensure'))
        return refused(`another version or hold is written where the package is declared: ${origins.join(', ')}`);
      return own && differences.every(({ seen }) => seen === 'absent')
        ? [{ write: 'removal', keys: ['packages'], item: resource.name }]
        : refused(`${origins.join(', ')} asks for it, and the settings of a host can only add packages`);
    }
    default:
      return refused(`no file and no setting of a host stands for a ${resource.kind}; change ${origins.join(', ')}`);
  }
}

function ofFile(file: FileResource, differences: readonly Difference[]): Acceptance {
  if (file.secret === true) return nothing('its content is secret, and would lie in the workspace in the clear');
  const strange = differences.filter(({ attribute }) => attribute !== 'content' && attribute !== 'mode');
  if (file.ensure === 'absent' || strange.length > 0)
    return nothing(`the workspace cannot say what differs: ${named(differences)}`);
  const mode = differences.find(({ attribute }) => attribute === 'mode')?.seen ?? file.mode ?? '0644';
  // A file of a host gets one of these two: any other would be opened wider than it is.
  if (mode !== '0644' && mode !== '0755')
    return nothing(`files of a host have the mode 0644 or 0755, and this one ${mode}`);
  return { write: 'file', path: file.path, executable: mode === '0755' };
}

function ofSysctl({ key }: SysctlResource, differences: readonly Difference[]): readonly Acceptance[] {
  const value = (differences.find(({ attribute }) => attribute === 'running') ?? differences[0])?.seen ?? '';
  return value === '' || value.startsWith('(')
    ? refused(`the machine has no value for it: ${named(differences)}`)
    : [{ write: 'setting', keys: ['sysctl', key], value }];
}

function ofService(unit: string, differences: readonly Difference[]): readonly Acceptance[] {
  const strange = differences.some(({ attribute, seen }) => attribute === 'masked' || seen === 'not installed');
  if (strange) return refused(`the workspace cannot say what differs: ${named(differences)}`);
  return differences.map(({ attribute, want }) => ({
    write: 'setting',
    keys: ['services', unit, attribute],
    value: want === 'no',
  }));
}

function refused(because: string): readonly Acceptance[] {
  return [nothing(because)];
}

function nothing(because: string): Acceptance {
  return { write: 'nothing', because };
}

function named(differences: readonly Difference[]): string {
  return differences.map(({ attribute, seen }) => `${attribute} is ${seen}`).join(', ');
}

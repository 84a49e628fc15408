import type { RootFiles } from './root-files.ts';
import { loadUnit, UNIT_FOLDERS, unitWords } from './unit-file.ts';

/** Answer of `systemctl is-enabled`. Undefined: no such unit. */
export function enablement(files: RootFiles, name: string): string | undefined {
  const unit = loadUnit(files, name);
  if (!unit) return undefined;
  if (unit.masked) return unit.fragment.startsWith('/run/') ? 'masked-runtime' : 'masked';
  if (unit.name !== name && !name.includes('@')) return 'alias';
  if (unit.fragment.startsWith('/run/systemd/generator/')) return 'generated';
  if (isWanted(files, name)) return 'enabled';
  if (unit.fragment.startsWith('/run/systemd/transient')) return 'transient';
  const install = unit.sections.get('Install');
  if (!install || install.size === 0) return 'static';
  return unitWords(unit, 'Install', 'WantedBy').length +
    unitWords(unit, 'Install', 'RequiredBy').length +
    unitWords(unit, 'Install', 'Alias').length >
    0
    ? 'disabled'
    : 'indirect';
}

function isWanted(files: RootFiles, name: string): boolean {
  return files
    .list('/etc/systemd/system')
    .some(
      (folder) =>
        /\.(wants|requires)$/.test(folder) && files.find(`/etc/systemd/system/${folder}/${name}`, false) !== undefined,
    );
}

/** `systemctl enable`: makes the links that [Install] asks for. Gives the lines it prints. Undefined: no such unit. */
export function enableUnit(files: RootFiles, name: string): string[] | undefined {
  const unit = loadUnit(files, name);
  if (!unit || unit.masked) return undefined;
  const lines: string[] = [];
  for (const path of linksOf(unit, name)) {
    if (files.find(path, false)?.target === unit.fragment) continue;
    files.link(path, unit.fragment);
    lines.push(`Created symlink ${path} → ${unit.fragment}.`);
  }
  for (const also of unitWords(unit, 'Install', 'Also')) {
    if (also !== name && enablement(files, also) === 'disabled') lines.push(...(enableUnit(files, also) ?? []));
  }
  return lines;
}

function linksOf(unit: NonNullable<ReturnType<typeof loadUnit>>, name: string): string[] {
  const wanted = unitWords(unit, 'Install', 'WantedBy').map((target) => `/etc/systemd/system/${target}.wants/${name}`);
  const required = unitWords(unit, 'Install', 'RequiredBy').map(
    (target) => `/etc/systemd/system/${target}.requires/${name}`,
  );
  const aliases = unitWords(unit, 'Install', 'Alias').map((alias) => `/etc/systemd/system/${alias}`);
  return [...aliases, ...wanted, ...required];
}

/** `systemctl disable`: removes every link to the unit below /etc/systemd/system. Undefined: no such unit. */
export function disableUnit(files: RootFiles, name: string): string[] | undefined {
  const unit = loadUnit(files, name);
  if (!unit) return undefined;
  const lines: string[] = [];
  const remove = (path: string): void => {
    files.remove(path);
    lines.push(`Removed "${path}".`);
  };
  for (const entry of files.list('/etc/systemd/system')) {
    const path = `/etc/systemd/system/${entry}`;
    if (/\.(wants|requires)$/.test(entry)) {
      if (files.find(`${path}/${name}`, false)) remove(`${path}/${name}`);
      if (files.list(path).length === 0) files.remove(path);
    } else if (
      entry !== name &&
      files.find(path, false)?.kind === 'symlink' &&
      (files.find(path, false)?.target ?? '').endsWith(`/${unit.name}`)
    )
      remove(path);
  }
  return lines;
}

/** Units that a target wants or requires, from links of all folders. */
export function wantedBy(files: RootFiles, target: string): string[] {
  const names = new Set<string>();
  for (const folder of UNIT_FOLDERS) {
    for (const kind of ['wants', 'requires'])
      for (const name of files.list(`${folder}/${target}.${kind}`)) names.add(name);
  }
  const unit = loadUnit(files, target);
  if (unit) for (const key of ['Wants', 'Requires']) for (const name of unitWords(unit, 'Unit', key)) names.add(name);
  return [...names].toSorted();
}

import type { Machine } from '../machine.ts';
import { enablement, wantedBy } from '../unit-enablement.ts';
import { isYes, loadUnit, unitValue, unitWords } from '../unit-file.ts';

/** `Mon 2026-11-23 09:13:21 UTC`, empty for never. */
export function stamp(milliseconds: number): string {
  if (milliseconds === 0) return '';
  const date = new Date(milliseconds);
  const day = 'Sun Mon Tue Wed Thu Fri Sat'.split(' ')[date.getUTCDay()];
  return `${day} ${date.toISOString().slice(0, 10)} ${date.toISOString().slice(11, 19)} UTC`;
}

/** Properties of a unit in the order in which `systemctl show` prints them. */
export function unitProperties(machine: Machine, name: string): Map<string, string> {
  const unit = machine.systemd.definition(name);
  const id = unit && !name.includes('@') ? unit.name : name;
  const runtime = machine.state.units[id];
  const monotonic = (at: number): string =>
    at === 0 ? '0' : String(Math.max(0, Math.round((at - machine.state.bootedAtMs) * 1000)));
  const entries: [string, string][] = [];
  if (id.endsWith('.service')) {
    entries.push(
      ['Type', unit === undefined ? '' : (unitValue(unit, 'Service', 'Type') ?? 'simple')],
      ['Restart', (unit && unitValue(unit, 'Service', 'Restart')) ?? 'no'],
      ['RemainAfterExit', unit && isYes(unitValue(unit, 'Service', 'RemainAfterExit')) ? 'yes' : 'no'],
      ['MainPID', String(runtime?.mainPid ?? 0)],
      ['Result', runtime?.result ?? 'success'],
      ['NRestarts', String(runtime?.restarts ?? 0)],
      ['ExecMainPID', String(runtime?.mainPid ?? 0)],
      [
        'ExecMainCode',
        runtime && runtime.active !== 'active' && runtime.inactiveEnterMs
          ? runtime.result === 'signal'
            ? '2'
            : '1'
          : '0',
      ],
      ['ExecMainStatus', String(runtime?.exitStatus ?? 0)],
      ['Environment', unit ? unitWords(unit, 'Service', 'Environment').join(' ') : ''],
      ['User', (unit && unitValue(unit, 'Service', 'User')) ?? ''],
    );
  }
  const loadState = !unit ? 'not-found' : unit.masked ? 'masked' : 'loaded';
  entries.push(
    ['Id', id],
    ['Names', [...new Set([id, name])].join(' ')],
    ['WantedBy', unit ? targetsOf(machine, id).join(' ') : ''],
    ['Description', (unit && unitValue(unit, 'Unit', 'Description')) ?? name],
    ['LoadState', loadState],
    ['ActiveState', runtime?.active ?? 'inactive'],
    ['SubState', runtime?.sub ?? 'dead'],
    ['FragmentPath', unit && !unit.masked ? unit.fragment : unit?.masked ? unit.fragment : ''],
    ['DropInPaths', unit?.dropIns.join(' ') ?? ''],
    ['UnitFileState', unit ? fileState(machine, name) : ''],
    ['UnitFilePreset', unit && !unit.masked ? (machine.face.startsServices ? 'enabled' : 'disabled') : ''],
    ['StateChangeTimestamp', stamp(Math.max(runtime?.activeEnterMs ?? 0, runtime?.inactiveEnterMs ?? 0))],
    ['ActiveEnterTimestamp', stamp(runtime?.activeEnterMs ?? 0)],
    ['ActiveEnterTimestampMonotonic', monotonic(runtime?.activeEnterMs ?? 0)],
    ['InactiveEnterTimestamp', stamp(runtime?.inactiveEnterMs ?? 0)],
    ['InactiveEnterTimestampMonotonic', monotonic(runtime?.inactiveEnterMs ?? 0)],
    ['CanReload', unit && unitWords(unit, 'Service', 'ExecReload').length > 0 ? 'yes' : 'no'],
    ['NeedDaemonReload', machine.systemd.needsReload(id) ? 'yes' : 'no'],
    ['ConditionResult', runtime && runtime.activeEnterMs > 0 ? 'yes' : 'no'],
    ['Transient', unit?.fragment.startsWith('/run/systemd/transient') ? 'yes' : 'no'],
  );
  return new Map(entries);
}

/** UnitFileState of `show`: that of the file itself behind an alias. */
function fileState(machine: Machine, name: string): string {
  const id = machine.systemd.canonical(name);
  const kept = machine.systemd.enablementBefore.get(id);
  if (kept !== undefined && machine.systemd.isActive(id)) return kept;
  const state = enablement(machine.files, name) ?? '';
  if (state !== 'alias') return state;
  return enablement(machine.files, loadUnit(machine.files, name)?.name ?? name) ?? '';
}

function targetsOf(machine: Machine, name: string): string[] {
  return machine.files
    .list('/etc/systemd/system')
    .filter((folder) => folder.endsWith('.wants'))
    .map((folder) => folder.slice(0, -6))
    .filter((target) => wantedBy(machine.files, target).includes(name));
}

import { encodeText } from '../../shell/byte-text.ts';
import type { Process } from '../../shell/process.ts';
import type { Machine } from '../machine.ts';
import type { JobResult } from '../systemd.ts';
import { disableUnit, enablement, enableUnit } from '../unit-enablement.ts';
import { loadUnit, UNIT_FOLDERS, unitName, unitValue } from '../unit-file.ts';
import { listTimers } from './list-timers.ts';
import type { MachineProgram } from './machine-program.ts';
import { type Options, parseOptions } from './options.ts';
import { unloadTransientUnits } from './transient-units.ts';
import { stamp, unitProperties } from './unit-properties.ts';

type Verb = (process: Process, machine: Machine, names: string[], options: Options) => number | Promise<number>;

function job(run: (machine: Machine, name: string) => Promise<JobResult>): Verb {
  return async (process, machine, names, options) => {
    let status = 0;
    for (const name of names) {
      if (machine.systemd.needsReload(machine.systemd.canonical(unitName(name))))
        await process.err(changedOnDisk(name));
      const work = run(machine, unitName(name));
      if (options.has('no-block')) continue;
      const result = await process.interruptible(work);
      if (result.ok) continue;
      status = result.status;
      await process.err(`${result.message}\n`);
    }
    return status;
  };
}

function changedOnDisk(name: string): string {
  return `Warning: The unit file, source configuration file or drop-ins of ${unitName(name)} changed on disk. Run 'systemctl daemon-reload' to reload units.\n`;
}

/** Lines with an arrow, which is one character in a locale that has it and two in others. */
function withArrow(process: Process, text: string): string {
  const { environment } = process;
  const locale = environment.get('LC_ALL') || environment.get('LC_CTYPE') || environment.get('LANG') || 'C';
  return text.replaceAll('→', /utf-?8/i.test(locale) ? encodeText('→') : '->');
}

const show: Verb = async (process, machine, names, options) => {
  const wanted = options.values('p', 'property', 'P').flatMap((value) => value.split(','));
  const values = options.has('value', 'P');
  const blocks = names.map((name) => {
    const properties = [...unitProperties(machine, unitName(name))].filter(
      ([key]) => wanted.length === 0 || wanted.includes(key),
    );
    if (wanted.includes('TriggeredBy'))
      properties.push([
        'TriggeredBy',
        machine.systemd.sockets.triggersOf(machine.systemd.canonical(unitName(name))).join(' '),
      ]);
    return properties.map(([key, value]) => (values ? `${value}\n` : `${key}=${value}\n`)).join('');
  });
  await process.out(names.length > 0 ? blocks.join('\n') : `Version=252\nSystemState=${systemState(machine)}\n`);
  return 0;
};

function systemState(machine: Machine): string {
  return Object.values(machine.state.units).some((unit) => unit.active === 'failed') ? 'degraded' : 'running';
}

function question(
  answer: (machine: Machine, name: string) => string,
  yes: (text: string) => boolean,
  no: number,
): Verb {
  return async (process, machine, names, options) => {
    let good = false;
    let all = true;
    for (const name of names) {
      const text = answer(machine, unitName(name));
      if (yes(text)) good = true;
      else all = false;
      if (!options.has('q', 'quiet')) await process.out(`${text}\n`);
    }
    return (no === 3 ? good : all) ? 0 : no;
  };
}

const isEnabled: Verb = async (process, machine, names, options) => {
  let status = 0;
  for (const name of names) {
    const state = enablement(machine.files, unitName(name));
    if (state === undefined) {
      await process.err(`Failed to get unit file state for ${unitName(name)}: No such file or directory\n`);
      status = 1;
      continue;
    }
    if (!/^(enabled|enabled-runtime|static|alias|indirect|generated|transient)$/.test(state)) status = 1;
    if (!options.has('q', 'quiet')) await process.out(`${state}\n`);
  }
  return status;
};

function keepWithoutReload(machine: Machine, name: string, options: Options): void {
  const { systemd, files } = machine;
  const id = systemd.canonical(name);
  if (options.has('no-reload') && systemd.isActive(id) && !systemd.enablementBefore.has(id))
    systemd.enablementBefore.set(id, enablement(files, name) ?? '');
}

const enable: Verb = async (process, machine, names, options) => {
  for (const name of names.map(unitName)) {
    const known = loadUnit(machine.files, name);
    keepWithoutReload(machine, name, options);
    const lines = enableUnit(machine.files, name);
    if (!lines) {
      await process.err(
        known
          ? `Failed to enable unit: Unit file ${known.fragment} is masked.\n`
          : `Failed to enable unit: Unit file ${name} does not exist.\n`,
      );
      return 1;
    }
    if (!options.has('q', 'quiet')) await process.err(withArrow(process, lines.map((line) => `${line}\n`).join('')));
    if (options.has('now')) {
      const result = await process.interruptible(machine.systemd.start(name));
      if (!result.ok) return process.fail(result.message, result.status);
    }
  }
  if (!options.has('no-reload')) machine.systemd.daemonReload();
  return 0;
};

const disable: Verb = async (process, machine, names, options) => {
  for (const name of names.map(unitName)) {
    keepWithoutReload(machine, name, options);
    const lines = disableUnit(machine.files, name);
    if (!lines) {
      await process.err(`Failed to disable unit: Unit file ${name} does not exist.\n`);
      return 1;
    }
    if (!options.has('q', 'quiet')) await process.err(lines.map((line) => `${line}\n`).join(''));
    if (options.has('now')) await process.interruptible(machine.systemd.stop(name));
  }
  if (!options.has('no-reload')) machine.systemd.daemonReload();
  return 0;
};

const mask: Verb = async (process, machine, names, options) => {
  for (const name of names.map(unitName)) {
    const path = `/etc/systemd/system/${name}`;
    const inode = machine.files.find(path, false);
    if (inode && inode.kind !== 'symlink') {
      await process.err(`Failed to mask unit: File ${path} already exists.\n`);
      return 1;
    }
    if (!loadUnit(machine.files, name)) await process.err(`Unit ${name} does not exist, proceeding anyway.\n`);
    if (inode?.target !== '/dev/null') {
      machine.files.link(path, '/dev/null');
      await process.err(withArrow(process, `Created symlink ${path} → /dev/null.\n`));
    }
    if (options.has('now')) await process.interruptible(machine.systemd.stop(name));
  }
  machine.systemd.daemonReload();
  return 0;
};

const unmask: Verb = async (process, machine, names) => {
  for (const name of names.map(unitName)) {
    for (const folder of UNIT_FOLDERS.slice(0, 2)) {
      if (machine.files.find(`${folder}/${name}`, false)?.target !== '/dev/null') continue;
      machine.files.remove(`${folder}/${name}`);
      await process.err(`Removed "${folder}/${name}".\n`);
    }
  }
  machine.systemd.daemonReload();
  return 0;
};

const status: Verb = async (process, machine, names) => {
  let code = 0;
  for (const name of names.map(unitName)) {
    const unit = loadUnit(machine.files, name);
    if (!unit) {
      await process.err(`Unit ${name} could not be found.\n`);
      return 4;
    }
    const runtime = machine.systemd.runtime(unit.name);
    const lines = [
      `${runtime.active === 'failed' ? '×' : '●'} ${unit.name} - ${unitValue(unit, 'Unit', 'Description') ?? unit.name}`,
      `     Loaded: ${unit.masked ? 'masked' : 'loaded'} (${unit.fragment}; ${enablement(machine.files, unit.name)})`,
      `     Active: ${runtime.active} (${runtime.sub})${runtime.activeEnterMs ? ` since ${stamp(runtime.activeEnterMs)}` : ''}`,
      ...(runtime.mainPid ? [`   Main PID: ${runtime.mainPid}`] : []),
      '',
      ...machine.journal.lines
        .filter((line) => line.unit === unit.name)
        .slice(-10)
        .map((line) => `${line.identifier}[${line.pid}]: ${line.message}`),
    ];
    await process.out(Buffer.from(`${lines.join('\n')}\n`).toString('latin1'));
    if (runtime.active !== 'active') code = 3;
  }
  return code;
};

const listUnits: Verb = async (process, machine, names, options) => {
  const state = options.value('state') ?? (options.has('failed') ? 'failed' : undefined);
  const type = options.value('t', 'type');
  const rows = Object.entries(machine.state.units).filter(
    ([name, unit]) =>
      (state ? unit.active === state || unit.sub === state : unit.active !== 'inactive' || options.has('all', 'a')) &&
      (!type || name.endsWith(`.${type}`)) &&
      (names.length === 0 || names.includes(name)),
  );
  for (const [name, unit] of rows.toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    const loaded = loadUnit(machine.files, name);
    await process.out(
      `${name} ${loaded ? 'loaded' : 'not-found'} ${unit.active} ${unit.sub} ${(loaded && unitValue(loaded, 'Unit', 'Description')) ?? name}\n`,
    );
  }
  if (!options.has('no-legend', 'legend', 'q', 'quiet', 'plain'))
    await process.out(`\n${rows.length} loaded units listed.\n`);
  return 0;
};

const listFiles: Verb = async (process, machine, names) => {
  const all = new Set(
    UNIT_FOLDERS.flatMap((folder) =>
      machine.files.list(folder).filter((name) => /\.(service|target|timer|socket|mount)$/.test(name)),
    ),
  );
  for (const name of [...all].toSorted()) {
    if (names.length === 0 || names.includes(name))
      await process.out(`${name} ${enablement(machine.files, name) ?? ''}\n`);
  }
  return 0;
};

function power(verb: 'suspend' | 'poweroff' | 'reboot'): Verb {
  return (_process, machine) => {
    // The answer leaves the machine before it stops.
    setImmediate(() => {
      if (machine.onPowerRequest) machine.onPowerRequest(verb);
      else if (verb === 'suspend') machine.suspend();
      else if (verb === 'poweroff') machine.powerOff();
      else void machine.reboot();
    });
    return 0;
  };
}

const resetFailed: Verb = async (process, machine, names) => {
  if (names.length === 0) machine.systemd.resetFailed();
  let result = 0;
  for (const name of names.map(unitName)) {
    // What is not in use is not loaded either.
    if ((machine.state.units[machine.systemd.canonical(name)]?.active ?? 'inactive') === 'inactive') {
      await process.err(`Failed to reset failed state of unit ${name}: Unit ${name} not loaded.\n`);
      result = 1;
    } else machine.systemd.resetFailed(machine.systemd.canonical(name));
  }
  return result;
};

const VERBS: Record<string, { verb: Verb; needsRoot?: boolean }> = {
  show: { verb: show },
  'is-active': {
    verb: question(
      (machine, name) => machine.state.units[machine.systemd.canonical(name)]?.active ?? 'inactive',
      (text) => text === 'active',
      3,
    ),
  },
  'is-failed': {
    verb: question(
      (machine, name) => machine.state.units[machine.systemd.canonical(name)]?.active ?? 'inactive',
      (text) => text === 'failed',
      1,
    ),
  },
  'is-enabled': { verb: isEnabled },
  'is-system-running': {
    verb: async (process, machine) => (
      await process.out(`${systemState(machine)}\n`), systemState(machine) === 'running' ? 0 : 1
    ),
  },
  status: { verb: status },
  cat: {
    verb: async (process, machine, names) => {
      const unit = loadUnit(machine.files, unitName(names[0] ?? ''));
      if (!unit) return process.fail(`No files found for ${unitName(names[0] ?? '')}.`);
      for (const path of [unit.fragment, ...unit.dropIns])
        await process.out(`# ${path}\n${machine.files.read(path) ?? ''}`);
      return 0;
    },
  },
  'list-units': { verb: listUnits },
  'list-unit-files': { verb: listFiles },
  'list-timers': {
    verb: (process, machine, names, options) => listTimers(process, machine, names.map(unitName), options),
  },
  'get-default': { verb: async (process) => (await process.out('multi-user.target\n'), 0) },
  start: { verb: job((machine, name) => machine.systemd.start(name)), needsRoot: true },
  stop: { verb: job((machine, name) => machine.systemd.stop(name)), needsRoot: true },
  restart: { verb: job((machine, name) => machine.systemd.restart(name)), needsRoot: true },
  'try-restart': {
    verb: job(async (machine, name) => (machine.systemd.isActive(name) ? machine.systemd.restart(name) : { ok: true })),
    needsRoot: true,
  },
  reload: { verb: job((machine, name) => machine.systemd.reload(name)), needsRoot: true },
  'reload-or-restart': { verb: job((machine, name) => reloadOrRestart(machine, name)), needsRoot: true },
  enable: { verb: enable, needsRoot: true },
  reenable: { verb: enable, needsRoot: true },
  disable: { verb: disable, needsRoot: true },
  mask: { verb: mask, needsRoot: true },
  unmask: { verb: unmask, needsRoot: true },
  'daemon-reload': { verb: (_process, machine) => (machine.systemd.daemonReload(), 0), needsRoot: true },
  'daemon-reexec': { verb: (_process, machine) => (machine.systemd.daemonReload(), 0), needsRoot: true },
  'reset-failed': {
    verb: resetFailed,
    needsRoot: true,
  },
  kill: { verb: killUnit, needsRoot: true },
  suspend: { verb: power('suspend'), needsRoot: true },
  poweroff: { verb: power('poweroff'), needsRoot: true },
  reboot: { verb: power('reboot'), needsRoot: true },
  'set-default': {
    verb: (_process, machine, names) => (
      machine.files.link('/etc/systemd/system/default.target', `/usr/lib/systemd/system/${names[0]}`), 0
    ),
    needsRoot: true,
  },
  isolate: { verb: () => 0, needsRoot: true },
};

function killUnit(process: Process, machine: Machine, names: string[], options: Options): number {
  const signals: Record<string, number> = { TERM: 15, KILL: 9, HUP: 1, INT: 2, SIGKILL: 9, SIGTERM: 15, SIGHUP: 1 };
  for (const name of names)
    machine.processes
      .get(machine.systemd.runtime(machine.systemd.canonical(unitName(name))).mainPid)
      ?.kill(signals[options.value('s', 'signal') ?? 'TERM'] ?? 15);
  return process.terminatedBy ?? 0;
}

async function reloadOrRestart(machine: Machine, name: string): Promise<JobResult> {
  const unit = loadUnit(machine.files, name);
  const canReload = unit && unitValue(unit, 'Service', 'ExecReload') !== undefined && machine.systemd.isActive(name);
  return canReload ? machine.systemd.reload(name) : machine.systemd.restart(name);
}

const needsUnits =
  /^(?:start|stop|(?:try-)?restart|reload|reload-or-restart|(?:re)?enable|disable|mask|unmask|is-enabled|kill|cat)$/;

/** Verbs whose units may be given as patterns (glob(7)) of those that are loaded. */
const byPattern = /^(?:stop|(?:try-)?restart|reload|reset-failed|kill|show|status|is-active|is-failed)$/;

function unitsLike(machine: Machine, name: string): string[] {
  if (!/[*?[]/.test(name)) return [name];
  const expression = new RegExp(
    `^${name
      .replace(/[.+^${}()|\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.')}$`,
  );
  return Object.keys(machine.state.units).filter((unit) => expression.test(unit));
}

/** systemctl(1). */
export const systemctl: MachineProgram = async (process, machine) => {
  const options = parseOptions(
    process,
    'p: property= P: value a all q quiet no-pager l full now f force t: type= state= failed no-legend legend:: plain no-block no-reload s: signal= no-ask-password system runtime kill-whom= n: lines= job-mode= root= wait check-inhibitors= i no-wall no-warn show-types timestamp=',
  );
  unloadTransientUnits(machine);
  const [verb = 'list-units', ...names] = options.operands;
  const known = VERBS[verb];
  if (!known) {
    await process.err(`Unknown command verb ${verb}.\n`);
    return 1;
  }
  if (names.length === 0 && needsUnits.test(verb)) {
    await process.err('Too few arguments.\n');
    return 1;
  }
  if (known.needsRoot && process.credentials.uid !== 0) {
    const what = names[0] ? `${verb} ${unitName(names[0])}` : verb;
    await process.err(
      `Failed to ${what}: Interactive authentication required.\nSee system logs and 'systemctl status ${names[0] ?? ''}' for details.\n`,
    );
    return 1;
  }
  return known.verb(
    process,
    machine,
    byPattern.test(verb) ? names.flatMap((name) => unitsLike(machine, name)) : names,
    options,
  );
};

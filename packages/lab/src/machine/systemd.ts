import type { LabRandom } from '../clock/randomness.ts';
import { ROOT } from '../disk/inode.ts';
import { ExecError, run } from '../shell/execute.ts';
import { DeviceFile } from '../shell/open-file.ts';
import type { Kernel, Process } from '../shell/process.ts';
import { credentialsOf, findUser } from './commands/accounts.ts';
import { endTree, nextTurn } from './end-tree.ts';
import { execLine, spanMs, unitEnvironment } from './exec-line.ts';
import type { Journal } from './journal.ts';
import type { KernelState, UnitRuntime } from './kernel-state.ts';
import { generateMountUnits } from './mount-units.ts';
import type { RootFiles } from './root-files.ts';
import { wantedBy } from './unit-enablement.ts';
import { isYes, loadUnit, type UnitDefinition, unitValue, unitValues, unitWords } from './unit-file.ts';
import { UnitSockets } from './unit-sockets.ts';
import { UnitTimers } from './unit-timers.ts';

/** What the service manager needs from its machine. */
export interface SystemdHost extends Kernel {
  readonly files: RootFiles;
  readonly state: KernelState;
  readonly journal: Journal;
  readonly random: LabRandom;
  readonly power: 'on' | 'suspended' | 'off';
  readonly faults: { unitDiesAfterSeconds?: Record<string, number>; unitFlapsSeconds?: Record<string, number> };
}

/** Result of a start, stop or reload job; `message` is what systemctl prints when it failed. */
export type JobResult = { ok: true } | { ok: false; message: string; status: number };

const DONE: JobResult = { ok: true };

/** The service manager of one machine. Unit files are the machine's own; processes are real processes of the lab's shell. */
export class Systemd {
  readonly #host: SystemdHost;
  readonly #main = new Map<string, Process>();
  /** When its timers fall due. */
  readonly timers: UnitTimers;
  /** What its sockets start. */
  readonly sockets: UnitSockets;
  readonly #loaded = new Map<string, UnitDefinition>();
  /** What systemd still holds for the enablement of units in use that were enabled or disabled with `--no-reload`. */
  readonly enablementBefore = new Map<string, string>();

  constructor(host: SystemdHost) {
    this.#host = host;
    this.timers = new UnitTimers(host, (goal) => this.start(goal));
    this.sockets = new UnitSockets(host, (goal) => this.start(goal));
  }

  /** What is known of a unit at run time; a fresh inactive record if nothing. */
  runtime(name: string): UnitRuntime {
    const { units } = this.#host.state;
    return (units[name] ??= {
      active: 'inactive',
      sub: 'dead',
      result: 'success',
      mainPid: 0,
      exitStatus: 0,
      restarts: 0,
      activeEnterMs: 0,
      inactiveEnterMs: 0,
      loadedFrom: '',
    });
  }

  /** The canonical name behind an alias. */
  canonical(name: string): string {
    return loadUnit(this.#host.files, name)?.name === undefined || name.includes('@')
      ? name
      : (loadUnit(this.#host.files, name)?.name as string);
  }

  /** Whether a unit is active. */
  isActive(name: string): boolean {
    return this.#host.state.units[this.canonical(name)]?.active === 'active';
  }

  /** A unit as it is loaded: what its files say now counts after `daemonReload`, or as soon as nothing of the unit is in use. */
  definition(given: string): UnitDefinition | undefined {
    const now = loadUnit(this.#host.files, given);
    const name = given.includes('@') ? given : (now?.name ?? given);
    const kept = this.#loaded.get(name);
    if (kept !== undefined && (this.#host.state.units[name]?.active ?? 'inactive') !== 'inactive') return kept;
    if (now === undefined) this.#loaded.delete(name);
    else this.#loaded.set(name, now);
    return now;
  }

  /** Whether the files of a unit in use changed, or went, since it was loaded. */
  needsReload(name: string): boolean {
    const runtime = this.#host.state.units[name];
    if (runtime === undefined || runtime.active === 'inactive' || runtime.loadedFrom === '') return false;
    return runtime.loadedFrom !== loadUnit(this.#host.files, name)?.signature;
  }

  /** `systemctl daemon-reload`. */
  daemonReload(): void {
    this.#loaded.clear();
    this.enablementBefore.clear();
    generateMountUnits(this.#host);
    for (const [name, runtime] of Object.entries(this.#host.state.units)) {
      const unit = loadUnit(this.#host.files, name);
      runtime.loadedFrom = unit?.signature ?? '';
      if (!unit && runtime.active === 'inactive') delete this.#host.state.units[name];
    }
  }

  /** `systemctl reset-failed`. */
  resetFailed(name?: string): void {
    for (const [each, runtime] of Object.entries(this.#host.state.units)) {
      if ((name === undefined || each === name) && runtime.active === 'failed')
        Object.assign(runtime, { active: 'inactive', sub: 'dead', result: 'success', restarts: 0 });
    }
  }

  /** Starts a unit and what it requires; waits until it is up or has failed. */
  async start(given: string, seen = new Set<string>()): Promise<JobResult> {
    const unit = this.definition(given);
    if (!unit) return { ok: false, message: `Failed to start ${given}: Unit ${given} not found.`, status: 5 };
    if (unit.masked) return { ok: false, message: `Failed to start ${given}: Unit ${given} is masked.`, status: 1 };
    const name = given.includes('@') ? given : unit.name;
    const runtime = this.runtime(name);
    if (runtime.active === 'active' || seen.has(name)) return DONE;
    seen.add(name);
    for (const other of unitWords(unit, 'Unit', 'Conflicts')) await this.stop(other);
    for (const other of [...unitWords(unit, 'Unit', 'Requires'), ...unitWords(unit, 'Unit', 'Wants')]) {
      if (loadUnit(this.#host.files, other)) await this.start(other, seen);
    }
    runtime.loadedFrom = unit.signature;
    if (!this.#conditionsHold(unit)) return DONE;
    if (name.endsWith('.service')) return this.#startService(name, unit, runtime);
    if (name.endsWith('.timer')) this.timers.arm(name, unit, runtime);
    const refusal = name.endsWith('.socket') ? this.sockets.refusal(name) : undefined;
    if (refusal !== undefined) return { ok: false, message: refusal, status: 1 };
    this.#activated(
      runtime,
      /\.(?:timer|automount)$/.test(name) ? 'waiting' : name.endsWith('.socket') ? 'listening' : 'active',
    );
    if (name.endsWith('.target')) for (const wanted of wantedBy(this.#host.files, name)) await this.start(wanted, seen);
    return DONE;
  }

  #activated(runtime: UnitRuntime, sub: string): void {
    Object.assign(runtime, { active: 'active', sub, result: 'success', activeEnterMs: this.#host.now() });
  }

  #conditionsHold(unit: UnitDefinition): boolean {
    const { files } = this.#host;
    return unitValues(unit, 'Unit', 'ConditionPathExists').every((value) => {
      const negated = value.startsWith('!');
      return (files.find(value.replace(/^[!|]+/, '')) !== undefined) !== negated;
    });
  }

  async #startService(name: string, unit: UnitDefinition, runtime: UnitRuntime): Promise<JobResult> {
    if (hasNoCommand(unit)) return badSetting(name);
    Object.assign(runtime, { active: 'activating', sub: 'start', result: 'success' });
    if (this.#host.faults.unitDiesAfterSeconds?.[name] === 0) return this.#startFailed(name, runtime);
    const type = unitValue(unit, 'Service', 'Type') ?? 'simple';
    for (const value of unitValues(unit, 'Service', 'ExecStartPre')) {
      if (!(await this.#toEnd(name, unit, value))) return this.#startFailed(name, runtime);
    }
    const commands = unitValues(unit, 'Service', 'ExecStart');
    if (type === 'oneshot') {
      for (const value of [...commands, ...unitValues(unit, 'Service', 'ExecStartPost')])
        if (!(await this.#toEnd(name, unit, value))) return this.#startFailed(name, runtime);
      const remains = isYes(unitValue(unit, 'Service', 'RemainAfterExit'));
      if (remains) this.#activated(runtime, 'exited');
      else Object.assign(runtime, { active: 'inactive', sub: 'dead', inactiveEnterMs: this.#host.now() });
      return DONE;
    }
    const started = this.#spawn(name, unit, commands[0] ?? '');
    if (!started) {
      const failed = this.#startFailed(name, runtime);
      // Type=simple is up as soon as it is forked: systemctl has answered before the exec fails.
      return type === 'simple' ? DONE : failed;
    }
    runtime.mainPid = started.process.pid;
    this.#main.set(name, started.process);
    this.#activated(runtime, 'running');
    const ended = started.exit.then((status) => this.#ended(name, unit, started.process, status));
    this.#scheduleDeath(name, started.process);
    if (type === 'simple') return DONE;
    // Readiness: a daemon that refuses its configuration exits before the event loop turns.
    await Promise.race([ended, nextTurn()]);
    if (this.runtime(name).active !== 'active') return this.#startFailed(name, runtime);
    for (const value of unitValues(unit, 'Service', 'ExecStartPost')) await this.#toEnd(name, unit, value);
    return DONE;
  }

  #startFailed(name: string, runtime: UnitRuntime): JobResult {
    if (runtime.active !== 'failed')
      Object.assign(runtime, {
        active: 'failed',
        sub: 'failed',
        result: 'exit-code',
        mainPid: 0,
        inactiveEnterMs: this.#host.now(),
      });
    this.#host.journal.add(name, 'systemd', 1, `${name}: Failed with result '${runtime.result}'.`);
    const message = `Job for ${name} failed because the control process exited with error code.\nSee "systemctl status ${name}" and "journalctl -xeu ${name}" for details.`;
    return { ok: false, message, status: 1 };
  }

  /** Faults of units were switched: what runs and shall die begins to. */
  faultsChanged(): void {
    for (const [name, process] of this.#main) this.#scheduleDeath(name, process);
  }

  #scheduleDeath(name: string, process: Process): void {
    const secondsLeft = (): number | undefined =>
      this.#host.faults.unitDiesAfterSeconds?.[name] ?? this.#host.faults.unitFlapsSeconds?.[name];
    const seconds = secondsLeft();
    if (seconds === undefined) return;
    const die = async (): Promise<void> => {
      await this.#host.sleep(seconds * 1000);
      if (this.#host.processes.has(process.pid) && secondsLeft() !== undefined) process.kill(9);
    };
    void die();
  }

  #spawn(name: string, unit: UnitDefinition, value: string): ReturnType<typeof run> | undefined {
    const host = this.#host;
    const environment = unitEnvironment(host.files, unit);
    const mainPid = this.runtime(name).mainPid;
    if (mainPid) environment.set('MAINPID', String(mainPid));
    const { argv } = execLine(value, environment);
    const user = findUser(host, unitValue(unit, 'Service', 'User') ?? 'root');
    const log = host.journal.sink(name, (argv[0] ?? name).split('/').pop() ?? name, 0);
    const files = new Map([
      [0, new DeviceFile('null')],
      [1, log],
      [2, log.retain()],
    ]);
    const origin = {
      kernel: host,
      argv,
      environment,
      cwd: unitValue(unit, 'Service', 'WorkingDirectory')?.replace(/^-/, '') ?? '/',
      credentials: user ? credentialsOf(host, user) : ROOT,
      umask: 0o022,
      files,
    };
    try {
      return run(origin, argv);
    } catch (error) {
      if (!(error instanceof ExecError)) throw error;
      host.journal.add(
        name,
        'systemd',
        1,
        `${name}: Failed at step EXEC spawning ${argv[0]}: ${error.status === 127 ? 'No such file or directory' : error.message}`,
      );
      Object.assign(this.runtime(name), { exitStatus: 203, result: 'exit-code' });
      return undefined;
    } finally {
      for (const file of files.values()) file.release();
    }
  }

  /** Runs a command of a unit to its end; false when it failed and that counts. */
  async #toEnd(name: string, unit: UnitDefinition, value: string): Promise<boolean> {
    const started = this.#spawn(name, unit, value);
    const status = started ? await started.exit : 203;
    this.runtime(name).exitStatus = status;
    return status === 0 || /^[@:+!|]*-/.test(value);
  }

  #ended(name: string, unit: UnitDefinition, process: Process, status: number): void {
    if (this.#main.get(name) !== process) return;
    this.#main.delete(name);
    const runtime = this.runtime(name);
    const stopping = runtime.active === 'deactivating';
    const byTerm = status === 143 || status === 129 || status === 130;
    const clean = stopping || status === 0 || byTerm;
    Object.assign(runtime, {
      mainPid: 0,
      exitStatus: status > 128 && status !== 203 ? status - 128 : status,
      inactiveEnterMs: this.#host.now(),
    });
    const result = clean ? 'success' : status > 128 && status < 160 ? 'signal' : 'exit-code';
    const remains = isYes(unitValue(unit, 'Service', 'RemainAfterExit'));
    if (clean && remains && !stopping) Object.assign(runtime, { active: 'active', sub: 'exited', result });
    else Object.assign(runtime, { active: clean ? 'inactive' : 'failed', sub: clean ? 'dead' : 'failed', result });
    if (!clean)
      this.#host.journal.add(
        name,
        'systemd',
        1,
        `${name}: Main process exited, code=${result === 'signal' ? 'killed' : 'exited'}, status=${runtime.exitStatus}`,
      );
    if (!stopping) this.#maybeRestart(name, unit, runtime, clean);
  }

  #maybeRestart(name: string, unit: UnitDefinition, runtime: UnitRuntime, clean: boolean): void {
    const policy = unitValue(unit, 'Service', 'Restart') ?? 'no';
    const wanted =
      policy === 'always' || (clean ? policy === 'on-success' : policy !== 'no' && policy !== 'on-success');
    const burst = Number(unitValue(unit, 'Unit', 'StartLimitBurst') ?? 5);
    const flapsSeconds = this.#host.faults.unitFlapsSeconds?.[name];
    if (flapsSeconds === undefined && (!wanted || runtime.restarts >= burst)) return;
    Object.assign(runtime, { active: 'activating', sub: 'auto-restart' });
    const delay =
      flapsSeconds === undefined ? spanMs(unitValue(unit, 'Service', 'RestartSec') ?? '100ms') : flapsSeconds * 1000;
    const again = async (): Promise<void> => {
      await this.#host.sleep(delay);
      if (runtime.active !== 'activating' || runtime.sub !== 'auto-restart') return;
      runtime.restarts += 1;
      await this.start(name);
    };
    void again();
  }

  /** Stops a unit; a unit that is not active is left alone. */
  async stop(given: string): Promise<JobResult> {
    const unit = this.definition(given);
    const name = given.includes('@') ? given : (unit?.name ?? given);
    const runtime = this.#host.state.units[name];
    if (!unit && !runtime)
      return { ok: false, message: `Failed to stop ${given}: Unit ${given} not loaded.`, status: 5 };
    if (!runtime) return DONE;
    if (runtime.active === 'inactive' || runtime.active === 'failed') return DONE;
    const process = this.#main.get(name);
    for (const other of this.sockets.dependants(name)) await this.stop(other);
    Object.assign(runtime, { active: 'deactivating', sub: 'stop-sigterm' });
    if (unit) for (const value of unitValues(unit, 'Service', 'ExecStop')) await this.#toEnd(name, unit, value);
    if (process) {
      await endTree(this.#host, process);
      this.#main.delete(name);
    }
    Object.assign(runtime, {
      active: 'inactive',
      sub: 'dead',
      result: 'success',
      mainPid: 0,
      inactiveEnterMs: this.#host.now(),
    });
    return DONE;
  }

  /** Stops, then starts. */
  async restart(name: string): Promise<JobResult> {
    if (!this.definition(name))
      return { ok: false, message: `Failed to restart ${name}: Unit ${name} not found.`, status: 5 };
    await this.stop(name);
    return this.start(name);
  }

  /** Runs ExecReload. Fails for an inactive unit or one without it. */
  async reload(given: string): Promise<JobResult> {
    const unit = this.definition(given);
    if (!unit) return { ok: false, message: `Failed to reload ${given}: Unit ${given} not found.`, status: 5 };
    const commands = unitValues(unit, 'Service', 'ExecReload');
    if (!this.isActive(given)) return { ok: false, message: `${given} is not active, cannot reload.`, status: 1 };
    if (commands.length === 0)
      return {
        ok: false,
        message: `Failed to reload ${given}: Job type reload is not applicable for unit ${given}.`,
        status: 3,
      };
    for (const value of commands) {
      if (!(await this.#toEnd(unit.name, unit, value)))
        return { ok: false, message: `Job for ${given} failed.`, status: 1 };
    }
    await nextTurn();
    return DONE;
  }

  /** Brings back the processes of active units after the lab's own process has been replaced. */
  resume(): void {
    for (const [name, runtime] of Object.entries(this.#host.state.units)) {
      const unit = loadUnit(this.#host.files, name);
      if (!unit || runtime.active !== 'active') continue;
      if (name.endsWith('.timer')) this.timers.arm(name, unit, runtime);
      if (!name.endsWith('.service') || runtime.sub !== 'running') continue;
      const started = this.#spawn(name, unit, unitValue(unit, 'Service', 'ExecStart') ?? '');
      if (!started) continue;
      runtime.mainPid = started.process.pid;
      this.#main.set(name, started.process);
      void started.exit.then((status) => this.#ended(name, unit, started.process, status));
      this.#scheduleDeath(name, started.process);
    }
  }
}

function hasNoCommand(unit: UnitDefinition): boolean {
  return ['ExecStart', 'ExecStop', 'SuccessAction'].every((key) => unitValues(unit, 'Service', key).length === 0);
}

function badSetting(name: string): JobResult {
  const message = `Failed to start ${name}: Unit ${name} has a bad unit file setting.\nSee system logs and 'systemctl status ${name}' for details.`;
  return { ok: false, message, status: 1 };
}

import { type LabRandom, randomBelow } from '../clock/randomness.ts';
import type { Kernel } from '../shell/process.ts';
import { nextElapse, parseCalendar } from './calendar.ts';
import { spanMs } from './exec-line.ts';
import type { KernelState, UnitRuntime } from './kernel-state.ts';
import type { RootFiles } from './root-files.ts';
import { isYes, type UnitDefinition, unitValue, unitValues } from './unit-file.ts';

/** What timers need from their machine. */
export interface TimerHost extends Pick<Kernel, 'now' | 'sleep' | 'frozen'> {
  readonly files: RootFiles;
  readonly state: KernelState;
  readonly random: LabRandom;
  readonly power: 'on' | 'suspended' | 'off';
}

/** When a timer falls due next, and when it did last; milliseconds since 1970. */
export interface TimerTimes {
  readonly nextMs: number | undefined;
  readonly lastMs: number | undefined;
  /** What it starts. */
  readonly goal: string;
}

const stampFolder = '/var/lib/systemd/timers';

interface ArmedTimer {
  readonly name: string;
  readonly unit: UnitDefinition;
  readonly runtime: UnitRuntime;
  readonly goal: string;
  readonly armedMs: number;
  lastMs: number | undefined;
  nextMs: number | undefined;
}

/**
 * The timers of a service manager (systemd.timer(5)): OnActiveSec, OnBootSec, OnStartupSec, OnUnitActiveSec, OnUnitInactiveSec and OnCalendar, with Persistent
 * and RandomizedDelaySec. Calendar times are the machine's wall time; what falls due while it sleeps happens when it wakes.
 */
export class UnitTimers {
  readonly #host: TimerHost;
  readonly #start: (goal: string) => Promise<unknown>;
  readonly #armed = new Map<string, ArmedTimer>();

  constructor(host: TimerHost, start: (goal: string) => Promise<unknown>) {
    this.#host = host;
    this.#start = start;
  }

  /** Arms a timer that is being started. One that was armed before forgets its old time. */
  arm(name: string, unit: UnitDefinition, runtime: UnitRuntime): void {
    const goal = unitValue(unit, 'Timer', 'Unit') ?? name.replace(/\.timer$/, '.service');
    const wasActiveMs = runtime.active === 'active' ? runtime.activeEnterMs : this.#host.now();
    const timer: ArmedTimer = { name, unit, runtime, goal, armedMs: wasActiveMs, lastMs: undefined, nextMs: undefined };
    if (isYes(unitValue(unit, 'Timer', 'Persistent'))) timer.lastMs = this.#readStamp(name);
    this.#armed.set(name, timer);
    this.#plan(timer);
    void this.#wait(timer);
  }

  /** Times of a timer that is armed. */
  times(name: string): TimerTimes | undefined {
    const timer = this.#armed.get(name);
    return timer === undefined || !this.#isArmed(timer)
      ? undefined
      : { nextMs: timer.nextMs, lastMs: timer.lastMs, goal: timer.goal };
  }

  /** A stopped timer, one that was armed anew, one of an earlier boot and one of a machine without power must not fire. */
  #isArmed(timer: ArmedTimer): boolean {
    if (this.#host.power === 'off') return false;
    const { name, runtime } = timer;
    return this.#armed.get(name) === timer && this.#host.state.units[name] === runtime && runtime.active === 'active';
  }

  async #wait(timer: ArmedTimer): Promise<void> {
    while (timer.nextMs !== undefined) {
      await this.#host.sleep(Math.max(0, timer.nextMs - this.#host.now()));
      while (this.#host.frozen) await this.#host.frozen;
      if (!this.#isArmed(timer)) return;
      // The machine's clock was set back, or a very long sleep came in parts.
      if (timer.nextMs > this.#host.now()) continue;
      await this.#fire(timer);
      if (!this.#isArmed(timer)) return;
      this.#plan(timer);
    }
    if (!this.#isArmed(timer)) return;
    if (timer.unit.fragment.startsWith('/run/')) Object.assign(timer.runtime, { active: 'inactive', sub: 'dead' });
    else timer.runtime.sub = 'elapsed';
  }

  async #fire(timer: ArmedTimer): Promise<void> {
    timer.lastMs = this.#host.now();
    timer.nextMs = undefined;
    if (isYes(unitValue(timer.unit, 'Timer', 'Persistent'))) this.#writeStamp(timer.name);
    timer.runtime.sub = 'running';
    await this.#start(timer.goal);
    if (this.#isArmed(timer)) timer.runtime.sub = 'waiting';
  }

  #plan(timer: ArmedTimer): void {
    const moments = [...this.#monotonic(timer), ...this.#calendar(timer)];
    timer.nextMs = moments.length === 0 ? undefined : Math.min(...moments);
  }

  #monotonic({ unit, goal, lastMs, armedMs }: ArmedTimer): number[] {
    const { state } = this.#host;
    const ran = state.units[goal];
    // Each time counts once: what lay before the last firing has happened.
    const once = (baseMs: number, key: string): number[] =>
      unitValues(unit, 'Timer', key)
        .map((span) => baseMs + spanMs(span))
        .filter((dueMs) => Number.isFinite(dueMs) && (lastMs === undefined || dueMs > lastMs));
    const since = (baseMs: number, key: string): number[] =>
      baseMs === 0 ? [] : unitValues(unit, 'Timer', key).map((span) => baseMs + spanMs(span));
    const activeMs = Math.max(lastMs ?? 0, ran?.activeEnterMs ?? 0);
    const inactiveMs = ran?.active === 'active' ? 0 : (ran?.inactiveEnterMs ?? 0);
    return [
      ...once(armedMs, 'OnActiveSec'),
      ...once(state.bootedAtMs, 'OnBootSec'),
      ...once(state.bootedAtMs, 'OnStartupSec'),
      ...since(activeMs, 'OnUnitActiveSec'),
      ...since(inactiveMs, 'OnUnitInactiveSec'),
    ].filter((dueMs) => Number.isFinite(dueMs));
  }

  #calendar({ unit, lastMs }: ArmedTimer): number[] {
    const nowMs = this.#host.now();
    const delayMs = spanMs(unitValue(unit, 'Timer', 'RandomizedDelaySec') ?? '0');
    return unitValues(unit, 'Timer', 'OnCalendar').flatMap((text) => {
      const expression = parseCalendar(text);
      const dueMs = expression === undefined ? undefined : nextElapse(expression, lastMs ?? nowMs, this.#zone());
      if (dueMs === undefined) return [];
      return [
        dueMs + (delayMs > 0 ? Math.floor((randomBelow(this.#host.random, 1_000_000) / 1_000_000) * delayMs) : 0),
      ];
    });
  }

  #zone(): string {
    const target = this.#host.files.find('/etc/localtime', false)?.target ?? '';
    return /\/zoneinfo\/(.+)$/.exec(target)?.[1] ?? 'UTC';
  }

  #readStamp(name: string): number {
    const path = `${stampFolder}/stamp-${name}`;
    const found = this.#host.files.find(path);
    if (found !== undefined) return found.mtimeMs;
    this.#writeStamp(name);
    return this.#host.now();
  }

  #writeStamp(name: string): void {
    this.#host.files.write(`${stampFolder}/stamp-${name}`, '');
  }
}

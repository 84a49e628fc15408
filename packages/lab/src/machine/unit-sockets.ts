import type { Journal } from './journal.ts';
import type { KernelState } from './kernel-state.ts';
import type { RootFiles } from './root-files.ts';
import { loadUnit, UNIT_FOLDERS, unitName, unitValue, unitValues, unitWords } from './unit-file.ts';

/** Where systemd-journald passes every line on to whoever listens, as Debian has it set. */
const syslogPath = '/run/systemd/journal/syslog';

/** What sockets need from their machine. */
export interface SocketHost {
  readonly files: RootFiles;
  readonly state: KernelState;
  readonly journal: Journal;
}

/** The sockets of a service manager (systemd.socket(5)): who speaks to one that listens starts its service. */
export class UnitSockets {
  readonly #host: SocketHost;
  readonly #start: (goal: string) => Promise<unknown>;

  constructor(host: SocketHost, start: (goal: string) => Promise<unknown>) {
    this.#host = host;
    this.#start = start;
    host.journal.onLine = () => this.spokenTo(syslogPath);
  }

  /** Why a socket cannot listen now: its service runs already, and has no descriptor of it. */
  refusal(name: string): string | undefined {
    const goal = this.#goalOf(name);
    if (this.#host.state.units[goal]?.active !== 'active') return undefined;
    this.#host.journal.add(name, 'systemd', 1, `${name}: Socket service ${goal} already active, refusing.`);
    return 'Job failed. See "journalctl -xe" for details.';
  }

  /** Somebody writes to a path; false when nothing listens there. */
  spokenTo(path: string): boolean {
    const heard = Object.entries(this.#host.state.units).find(
      ([name, runtime]) =>
        name.endsWith('.socket') && runtime.active === 'active' && this.#pathsOf(name).includes(path),
    );
    if (heard === undefined) return false;
    const [name, runtime] = heard;
    runtime.sub = 'running';
    const goal = this.#goalOf(name);
    if ((this.#host.state.units[goal]?.active ?? 'inactive') === 'inactive') void this.#start(goal);
    return true;
  }

  /** Sockets that start a service, by their unit files. */
  triggersOf(service: string): readonly string[] {
    const names = new Set(
      UNIT_FOLDERS.flatMap((folder) => this.#host.files.list(folder).filter((name) => name.endsWith('.socket'))),
    );
    return [...names].filter((name) => this.#goalOf(name) === service).toSorted();
  }

  /** Active units that cannot be without another one, which is stopped. */
  dependants(name: string): readonly string[] {
    const { files, state } = this.#host;
    return Object.entries(state.units).flatMap(([other, runtime]) => {
      const unit = runtime.active === 'active' ? loadUnit(files, other) : undefined;
      return unit !== undefined && unitWords(unit, 'Unit', 'Requires').includes(name) ? [other] : [];
    });
  }

  #goalOf(name: string): string {
    const unit = loadUnit(this.#host.files, name);
    const named = unit === undefined ? undefined : unitValue(unit, 'Socket', 'Service');
    const goal = unitName(named ?? name.replace(/\.socket$/, '.service'));
    return loadUnit(this.#host.files, goal)?.name ?? goal;
  }

  #pathsOf(name: string): readonly string[] {
    const unit = loadUnit(this.#host.files, name);
    if (unit === undefined) return [];
    return ['ListenStream', 'ListenDatagram', 'ListenSequentialPacket'].flatMap((key) =>
      unitValues(unit, 'Socket', key),
    );
  }
}

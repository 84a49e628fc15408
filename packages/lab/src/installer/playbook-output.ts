import { type LabRandom, randomUuid, systemRandom } from '../clock/randomness.ts';

/** How a task ended on a host. */
export type TaskResult =
  | { readonly state: 'ok'; readonly changed?: boolean; readonly msg?: string }
  | { readonly state: 'skipped' }
  | { readonly state: 'failed'; readonly msg: string }
  | { readonly state: 'unreachable'; readonly msg: string };

type Count = 'ok' | 'changed' | 'failures' | 'unreachable' | 'skipped' | 'rescued' | 'ignored';

const eventOf = {
  ok: 'v2_runner_on_ok',
  skipped: 'v2_runner_on_skipped',
  failed: 'v2_runner_on_failed',
  unreachable: 'v2_runner_on_unreachable',
} as const;

const countOf = { ok: 'ok', skipped: 'skipped', failed: 'failures', unreachable: 'unreachable' } as const;

/**
 * Prints a playbook's events as the callback ansible.posix.jsonl does (plugins/callback/jsonl.py of that collection): one JSON object a line, keys
 * sorted, with `_event`, `_timestamp` and what the event is about.
 */
export class PlaybookOutput {
  readonly #print: (line: string) => void;
  readonly #now: () => number;
  readonly #random: LabRandom;
  readonly #stats = new Map<string, Record<Count, number>>();
  #task: { name: string; id: string; duration: { start: string; end?: string } } | undefined;

  /** `now` is milliseconds since 1970. */
  constructor(print: (line: string) => void, now: () => number = () => Date.now(), random: LabRandom = systemRandom) {
    this.#print = print;
    this.#now = now;
    this.#random = random;
  }

  play(name: string): void {
    const play = { name, id: randomUuid(this.#random), duration: { start: this.#stamp() } };
    this.#write('v2_playbook_on_play_start', { play, tasks: [] });
  }

  task(name: string): void {
    this.#task = { name, id: randomUuid(this.#random), duration: { start: this.#stamp() } };
    this.#write('v2_playbook_on_task_start', { task: this.#task, hosts: {} });
  }

  result(host: string, action: string, result: TaskResult): void {
    const counts = this.#countsOf(host);
    counts[countOf[result.state]] += 1;
    const changed = result.state === 'ok' && result.changed === true;
    if (changed) counts.changed += 1;
    const told = {
      action,
      changed,
      ...('msg' in result ? { msg: result.msg } : {}),
      ...(result.state === 'ok' ? {} : { [result.state]: true }),
    };
    const task = this.#task;
    if (task !== undefined) task.duration.end = this.#stamp();
    this.#write(eventOf[result.state], { task, hosts: { [host]: told } });
  }

  /** Prints the recap; returns ansible-playbook's exit code: 2 with a failed host, 4 with an unreachable one, else 0. */
  recap(): number {
    const hosts = [...this.#stats.keys()].sort();
    const stats = Object.fromEntries(hosts.map((host) => [host, this.#stats.get(host)]));
    this.#write('v2_playbook_on_stats', { stats, custom_stats: {}, global_custom_stats: {} });
    const all = [...this.#stats.values()];
    if (all.some((counts) => counts.failures > 0)) return 2;
    return all.some((counts) => counts.unreachable > 0) ? 4 : 0;
  }

  #countsOf(host: string): Record<Count, number> {
    const known = this.#stats.get(host);
    if (known !== undefined) return known;
    const made = { ok: 0, changed: 0, failures: 0, unreachable: 0, skipped: 0, rescued: 0, ignored: 0 };
    this.#stats.set(host, made);
    return made;
  }

  /** Python's isoformat of a UTC time, with the Z that the callback adds. */
  #stamp(): string {
    return new Date(this.#now()).toISOString().replace('Z', '000Z');
  }

  #write(event: string, content: object): void {
    this.#print(JSON.stringify({ ...content, _event: event, _timestamp: this.#stamp() }, sortKeys));
  }
}

function sortKeys(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

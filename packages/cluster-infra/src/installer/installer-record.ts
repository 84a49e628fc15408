import {
  type AnsibleEvent,
  type HostRecap,
  parseAnsibleLine,
  type TaskChange,
  type TaskFailure,
} from './ansible-events.ts';

const keptTextLines = 12;
const keptChanges = 2000;

/** Gathers what an installer's output says, line by line. */
export class InstallerRecord {
  readonly failures: TaskFailure[] = [];
  recap: ReadonlyMap<string, HostRecap> | undefined;
  /** Tasks that changed something, the first of very many. */
  readonly changes: TaskChange[] = [];
  /** Tasks that check mode could not predict, by host. */
  readonly unpredicted = new Map<string, string>();
  /** A failure ended a play for hosts that had none. */
  stopped = false;
  /** Why the place could not run it at all. */
  notProved: string | undefined;
  /** The last lines that were no JSON: Ansible's own errors. */
  readonly text: string[] = [];
  readonly #tell: (line: string, event: AnsibleEvent) => void;

  /** `tell` hears what is worth a line, with the event it stands for. */
  constructor(tell: (line: string, event: AnsibleEvent) => void) {
    this.#tell = tell;
  }

  read(line: string): void {
    const event = parseAnsibleLine(line);
    switch (event.kind) {
      case 'failure':
        this.failures.push(event.failure);
        break;
      case 'recap':
        this.recap = event.hosts;
        break;
      case 'changed':
        if (this.changes.length < keptChanges) this.changes.push(event.change);
        break;
      case 'unpredicted':
        this.unpredicted.set(event.host, event.task);
        break;
      case 'stopped':
        this.stopped = true;
        break;
      case 'not-proved':
        this.notProved = event.reason;
        break;
      case 'text':
        this.#keepText(event.line);
        break;
    }
    const said = wordsOf(event);
    if (said !== undefined) this.#tell(said, event);
  }

  #keepText(line: string): void {
    if (line.trim() === '') return;
    this.text.push(line.trim());
    if (this.text.length > keptTextLines) this.text.shift();
  }
}

function wordsOf(event: AnsibleEvent): string | undefined {
  switch (event.kind) {
    case 'play':
      return `play: ${event.name}`;
    case 'task':
      return event.name;
    case 'failure':
      return `${event.failure.host} failed at "${event.failure.task}": ${event.failure.message}`;
    case 'recap':
      return `recap: ${[...event.hosts].map(([host, counts]) => `${host} ok=${counts.ok} changed=${counts.changed} failed=${counts.failures} unreachable=${counts.unreachable}`).join(', ')}`;
    default:
      return undefined;
  }
}

/** How an installer's run ended, judged by its recap. */
export type InstallerVerdict =
  | { readonly green: true; readonly changed: ReadonlyMap<string, number> }
  | { readonly green: false; readonly reason: string };

/**
 * Judges a run by the recap of each expected host. An exit code of 0 alone proves nothing: a run without a recap, without a host, or with
 * hosts that nothing ran on has not installed anything. Pure.
 */
export function judgeInstaller(
  record: Pick<InstallerRecord, 'failures' | 'recap' | 'text'>,
  exitCode: number,
  expected: readonly string[],
): InstallerVerdict {
  const { recap, failures, text } = record;
  const red = (reason: string): InstallerVerdict => ({ green: false, reason });
  if (recap === undefined) {
    const said = text.length === 0 ? 'it printed nothing' : `its last words: ${text.slice(-4).join(' ')}`;
    return red(
      `ansible-playbook ended with exit code ${exitCode} but without a recap, so it installed nothing; ${said}`,
    );
  }
  const broken = [...recap].filter(([, counts]) => counts.failures + counts.unreachable > 0).map(([host]) => host);
  if (broken.length > 0) return red(broken.map((host) => failureOf(host, failures)).join('; '));
  const untouched = expected.filter((host) => (recap.get(host)?.ok ?? 0) === 0);
  if (untouched.length > 0) return red(`ansible-playbook ran no task on ${untouched.join(', ')}`);
  if (exitCode !== 0) return red(`ansible-playbook ended with exit code ${exitCode}, though its recap has no failure`);
  return { green: true, changed: new Map([...recap].map(([host, counts]) => [host, counts.changed])) };
}

function failureOf(host: string, failures: readonly TaskFailure[]): string {
  const last = failures.findLast((failure) => failure.host === host);
  return last === undefined
    ? `${host} failed; the log names no task`
    : `${host} failed at "${last.task}": ${last.message}`;
}

import { fieldsOf, itemsOf, wordOf } from '../json-fields.ts';

/** What the recap says of one host. */
export interface HostRecap {
  readonly ok: number;
  readonly changed: number;
  readonly failures: number;
  readonly unreachable: number;
}

/** A task that failed on a host. */
export interface TaskFailure {
  readonly host: string;
  readonly task: string;
  readonly message: string;
}

/** A task that changed something on a host, or would. */
export interface TaskChange {
  readonly host: string;
  readonly task: string;
  /** Text before and after, where the task told. */
  readonly diffs: readonly { readonly path: string; readonly before: string; readonly after: string }[];
}

/** One line of Ansible's output, understood. */
export type AnsibleEvent =
  | { readonly kind: 'play'; readonly name: string }
  | { readonly kind: 'task'; readonly name: string }
  | { readonly kind: 'failure'; readonly failure: TaskFailure }
  | { readonly kind: 'changed'; readonly change: TaskChange }
  /** A task that check mode could not predict. */
  | { readonly kind: 'unpredicted'; readonly host: string; readonly task: string }
  /** Every host that was left had failed, or one failure ended the play for all. */
  | { readonly kind: 'stopped' }
  /** The place cannot run it: only a stand-in says so. */
  | { readonly kind: 'not-proved'; readonly reason: string }
  | { readonly kind: 'recap'; readonly hosts: ReadonlyMap<string, HostRecap> }
  /** A result that needs no word. */
  | { readonly kind: 'quiet' }
  /** No JSON: a warning, or an error before the first play. */
  | { readonly kind: 'text'; readonly line: string };

/** Reads one line of the callback ansible.posix.jsonl (its `_event` is the name of the callback's method). Never throws. */
export function parseAnsibleLine(line: string): AnsibleEvent {
  const event = recordOf(line);
  if (event === undefined) return { kind: 'text', line };
  switch (event._event) {
    case 'v2_playbook_on_play_start':
      return { kind: 'play', name: nameIn(event.play) };
    case 'v2_playbook_on_task_start':
    case 'v2_playbook_on_handler_task_start':
    case 'v2_runner_on_start':
      return { kind: 'task', name: nameIn(event.task) };
    case 'v2_runner_on_failed':
      return event.ignored === true ? { kind: 'quiet' } : failureEvent(event);
    case 'v2_runner_on_unreachable':
      return failureEvent(event);
    case 'v2_runner_on_ok':
      return okEvent(event);
    case 'v2_runner_on_skipped':
      return skippedEvent(event);
    case 'v2_playbook_on_no_hosts_remaining':
      return { kind: 'stopped' };
    case 'vmstation_not_proved':
      return { kind: 'not-proved', reason: wordOf(event.reason, 'it gave no reason') };
    case 'v2_playbook_on_stats':
      return { kind: 'recap', hosts: recapOf(event.stats) };
    default:
      return { kind: 'quiet' };
  }
}

function failureEvent(event: Record<string, unknown>): AnsibleEvent {
  const [host, result] = Object.entries(fieldsOf(event.hosts))[0] ?? ['', {}];
  return { kind: 'failure', failure: { host, task: nameIn(event.task), message: messageOf(fieldsOf(result)) } };
}

function okEvent(event: Record<string, unknown>): AnsibleEvent {
  const [host = '', result] = Object.entries(fieldsOf(event.hosts))[0] ?? [];
  const { changed, diff } = fieldsOf(result);
  if (changed !== true) return { kind: 'quiet' };
  const all = Array.isArray(diff) ? itemsOf(diff) : [fieldsOf(diff)];
  const diffs = all.flatMap(({ before, after, after_header: header, before_header: old }) =>
    typeof before === 'string' && typeof after === 'string'
      ? [{ path: wordOf(header, wordOf(old, 'text')), before, after }]
      : [],
  );
  return { kind: 'changed', change: { host, task: nameIn(event.task), diffs } };
}

/** What modules say that do nothing in check mode: what they would do is not known. */
const unpredictedWords = /would have run if not in check mode|does not support check mode/;

function skippedEvent(event: Record<string, unknown>): AnsibleEvent {
  const [host = '', result] = Object.entries(fieldsOf(event.hosts))[0] ?? [];
  return unpredictedWords.test(messageOf(fieldsOf(result)))
    ? { kind: 'unpredicted', host, task: nameIn(event.task) }
    : { kind: 'quiet' };
}

/** A module's `msg`, the messages of a loop's items, or what a command wrote to stderr. */
function messageOf(result: Record<string, unknown>): string {
  const items = itemsOf(result.results);
  const failed = items.filter((item) => item.failed === true).map((item) => said(item.msg));
  const parts = [said(result.msg), ...failed, said(result.stderr)].filter((part) => part !== '');
  return [...new Set(parts)].join('; ') || 'it gave no reason';
}

function recapOf(stats: unknown): ReadonlyMap<string, HostRecap> {
  return new Map(
    Object.entries(fieldsOf(stats)).map(([host, counts]) => {
      const count = (name: string) => Number(fieldsOf(counts)[name] ?? 0);
      return [
        host,
        {
          ok: count('ok'),
          changed: count('changed'),
          failures: count('failures'),
          unreachable: count('unreachable'),
        },
      ];
    }),
  );
}

function nameIn(value: unknown): string {
  return wordOf(fieldsOf(value).name, 'unnamed');
}

/** What a module said: mostly text, at times a list or an object. */
function said(value: unknown): string {
  if (value === undefined || value === null) return '';
  return wordOf(value, typeof value === 'object' ? JSON.stringify(value) : '');
}

function recordOf(line: string): Record<string, unknown> | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    const event = fieldsOf(JSON.parse(line));
    return '_event' in event ? event : undefined;
  } catch {
    return undefined;
  }
}

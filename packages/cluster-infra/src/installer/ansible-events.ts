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

/** One line of Ansible's output, understood. */
export type AnsibleEvent =
  | { readonly kind: 'play'; readonly name: string }
  | { readonly kind: 'task'; readonly name: string }
  | { readonly kind: 'failure'; readonly failure: TaskFailure }
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
    case 'v2_runner_on_unreachable':
      return failureEvent(event);
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

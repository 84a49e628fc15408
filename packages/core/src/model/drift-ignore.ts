import * as z from 'zod';
import { described, labelText } from './field.ts';

const dateText = z.string().refine((text) => isDate(text), {
  error: 'is not a date such as 2027-01-31',
});

/** `drift-ignore.yaml`: differences that are known and let be until a date. */
export const driftIgnoreFileSchema = z.strictObject({
  ignore: described(
    z.array(
      z.strictObject({
        node: described(labelText, 'The node that differs.', 'homelab'),
        resource: described(
          z.string().regex(/^[a-z][a-z-]*:\S.*$/, { error: 'is not a resource such as file:/etc/motd' }),
          'The resource, as vmstation drift names it.',
          'file:/etc/motd',
        ),
        until: described(dateText, 'The last day (UTC) on which the difference does not count.', '2027-01-31'),
        reason: described(z.string().min(1).optional(), 'Why.', 'the new disk comes in January'),
      }),
    ),
    'Known differences.',
    [{ node: 'homelab', resource: 'file:/etc/motd', until: '2027-01-31' }],
  ),
});

/** A difference that is known and let be. */
export interface DriftIgnore {
  readonly node: string;
  /** Id of the resource. */
  readonly resource: string;
  /** The last day, `2027-01-31`, in UTC. */
  readonly until: string;
  readonly reason?: string | undefined;
}

/** True while a difference is to be ignored: up to the end of its last day, in UTC. */
export function isIgnoredAt({ until }: Pick<DriftIgnore, 'until'>, now: Date): boolean {
  return now.toISOString().slice(0, 10) <= until;
}

/** True for the text of a day that the calendar has. */
export function isDate(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const time = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
}

import * as z from 'zod';
import { cidrPattern, ipv4Pattern } from '../net/cidr.ts';
import { durationPattern } from './duration.ts';

/** Names of nodes, groups, storage and apps: DNS labels, as Kubernetes and host names both need them. */
export const namePattern = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/** How a secret is referred to. */
export const secretPattern = /^secret:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/** Adds what every field of the schema carries: a description and an example, for editors, reference and messages. */
export function described<T extends z.ZodType>(schema: T, description: string, example: unknown): T {
  return schema.meta({ description, examples: [example] });
}

/** An IPv4 address. */
export const addressText = z.string().regex(ipv4Pattern, { error: 'is not an IPv4 address' });

/** An IPv4 range; host bits are the network rules' affair, so that they can say more. */
export const cidrText = z.string().regex(cidrPattern, { error: 'is not an IPv4 range with its prefix length' });

/** A MAC address with colons or dashes. */
export const macText = z.string().regex(/^[0-9A-Fa-f]{2}(?:[:-][0-9A-Fa-f]{2}){5}$/, { error: 'is not a MAC address' });

/** A duration with one unit. */
export const durationText = z
  .string()
  .regex(durationPattern, { error: 'is not a duration: a whole number and one of s, m, h, d, w' });

/** A reference to a file below `secrets/`. */
export const secretText = z
  .string()
  .regex(secretPattern, { error: 'is not a reference to a secret; values of secrets never stand in this file' });

/** An absolute path without `.`, `..` or doubled slashes. */
export const pathText = z
  .string()
  .regex(/^(?:\/(?!\.{1,2}(?:\/|$))[A-Za-z0-9._-]+)+$/, { error: 'is not an absolute path of plain names' });

/** A TCP port. */
export const portNumber = z.int().min(1).max(65_535);

/** The name of something declared elsewhere in the file; whether it exists is a rule's affair. */
export const referenceText = z.string().min(1);

/** A kubernetes namespace or another DNS label. */
export const labelText = z.string().regex(namePattern, {
  error: 'is not a name of small letters, digits and dashes (at most 63)',
});

/** Time zone by its name in the tz database. */
export const timezoneText = z
  .string()
  .regex(/^[A-Za-z_]+(?:\/[A-Za-z0-9_+-]+){0,2}$/, { error: 'is not the name of a time zone' });

/** Host names or addresses of servers outside the cluster. */
export const hostText = z
  .string()
  .regex(/^[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/, { error: 'is not a host name or address' });

/** An http or https address. */
export const urlText = z.string().regex(/^https?:\/\/[^\s/]+\S*$/, { error: 'is not an http or https address' });

/** A login name: POSIX's portable names (never a dash first, which ssh would take for an option), at most 32 characters as useradd(8) has it. */
export const userText = z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,31}$/, {
  error: 'is not a login name of letters, digits, dots, dashes and underscores',
});

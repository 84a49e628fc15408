import * as z from 'zod';
import { described, referenceText, userText } from './field.ts';
import { nodeSshSchema } from './node-schema.ts';

/** One public key as OpenSSH writes it; the types are those that sshd(8) lists under AUTHORIZED_KEYS FILE FORMAT. */
export const publicKeyText = z
  .string()
  .regex(
    /^(?:ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(?:256|384|521)|sk-ssh-ed25519@openssh\.com|sk-ecdsa-sha2-nistp256@openssh\.com) AAAA[A-Za-z0-9+/]+={0,3}(?: [^\p{Cc}]*)?$/u,
    { error: 'is not a public key of one line, such as the content of id_ed25519.pub' },
  );

/** Names that useradd(8) takes on both families. */
const accountText = z.string().regex(/^[a-z_][a-z0-9_-]{0,31}$/, {
  error: 'is not the name of an account: small letters, digits, dashes and underscores',
});

const exampleKey = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJx8Jl5dd0WkNA+XwJ9mM0v9T0yGq9yB1WvVd3m7Zk1a alex@laptop';

/** Text of one or several lines that sshd can show before a login. */
const bannerText = z
  .string()
  .min(1)
  .regex(/^[^\p{Cc}]*(?:\n[^\p{Cc}]*)*$/u, { error: 'holds control characters' });

/** How to log in to every node, and what its SSH server lets in. */
export const sshSchema = nodeSshSchema.omit({ local: true }).extend({
  keys: described(
    z.array(publicKeyText).default([]),
    'Further public keys that may log in as this user, besides the workspace’s own. Keys that are there stay.',
    [exampleKey],
  ),
  'root-login': described(
    z.enum(['never', 'key', 'password']).optional(),
    'Whether root may log in. Default: by key where ssh.user is root, else never.',
    'never',
  ),
  passwords: described(z.boolean().default(false), 'Whether users may log in with a password.', false),
  'allow-users': described(
    z.array(userText).optional(),
    'Only these users may log in, besides the one that VMStation logs in as. Default: all that have a key.',
    ['alex'],
  ),
  'allow-groups': described(
    z.array(accountText).min(1).optional(),
    'Only members of these groups may log in; the user that VMStation logs in as is made a member of the first.',
    ['ssh-users'],
  ),
  banner: described(
    z
      .union([z.literal('off'), bannerText])
      .default('Authorised use only. This system is private: access is monitored and recorded.'),
    'What is shown before a login, by SSH and at the console, or off.',
    'Authorised use only. This system is private: access is monitored and recorded.',
  ),
});

/** An account of a person on the nodes. */
export const userSchema = z.strictObject({
  keys: described(
    z.array(publicKeyText).default([]),
    'Public keys that log in as this user. Keys that are there stay.',
    [exampleKey],
  ),
  groups: described(
    z.array(accountText).default([]),
    'Groups that the user belongs to, besides its own; they are made where they are missing.',
    ['adm'],
  ),
  sudo: described(
    z.enum(['none', 'password', 'no-password']).default('none'),
    'Whether the user may become root by sudo, and whether sudo asks for the password.',
    'no-password',
  ),
  uid: described(z.int().min(1).max(60_000).optional(), 'Number of the account. Default: the next free one.', 1001),
  shell: described(
    z
      .string()
      .regex(/^(?:\/[A-Za-z0-9._-]+)+$/, { error: 'is not the path of a shell' })
      .optional(),
    'Login shell. Default: what the system gives, or what the account has.',
    '/bin/bash',
  ),
  nodes: described(z.array(referenceText).min(1).optional(), 'Only on these nodes. Default: on all.', ['homelab']),
  locked: described(
    z.boolean().default(false),
    'True: the user may not log in any more. The keys above and the right to sudo are taken away; account and files stay.',
    true,
  ),
});

/** Accounts by name. */
export const usersSchema = z.record(z.string(), userSchema).default({});

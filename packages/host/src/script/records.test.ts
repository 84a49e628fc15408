import { expect, test } from 'vitest';
import { applyGreeting } from '../apply/apply-script.ts';
import { followGreeting, parseFollowed } from '../apply/follow-script.ts';
import { parseRecords } from '../apply/records.ts';
import { parseRollback } from '../rollback/rollback-records.ts';
import { rollbackGreeting } from '../rollback/rollback-script.ts';
import { parseForgotten, parseKeptRecords } from '../uninstall/uninstall-records.ts';
import { uninstallGreeting } from '../uninstall/uninstall-script.ts';

// What a change tells is read whole or not at all, wherever it was cut off.

const source = { node: 'homelab', nonce: 'n0nce', exitCode: 0, stderr: '' };
const told = (...records: readonly string[]): string => records.map((record) => `@n0nce ${record}\n`).join('');
const noAnswer = expect.objectContaining({ code: 'host/garbled-reply' }) as Error;

const answers: readonly (readonly [string, string, (text: string) => unknown])[] = [
  [
    'an apply',
    told(applyGreeting, 'begin 1', 'end 1 ok', 'begin 2', 'end 2 failed 1', 'said no space', 'end 3 blocked 2', 'done'),
    (text) => parseRecords(text, source),
  ],
  [
    'a rollback',
    told(rollbackGreeting, 'restored file:/etc/motd', 'failed file:/x', 'said why', 'done'),
    (text) => parseRollback(text, source),
  ],
  [
    'a look at a change',
    told(followGreeting, 'record begin 1', 'record end 1 ok', 'record done', 'state ended'),
    (text) => parseFollowed(text, source),
  ],
  [
    'what is kept',
    told(
      uninstallGreeting,
      'state /var/lib/vmstation',
      'step r1 1 1',
      'id file:/etc/motd',
      'path /etc/motd',
      'before absent',
      'after -',
      'now absent',
      'done',
    ),
    (text) => parseKeptRecords(text, source),
  ],
  ['what is left', told(uninstallGreeting, 'named /etc/vmstation', 'done'), (text) => parseForgotten(text, source)],
];

test.each(answers)('%s that is cut off at any byte is no answer', (_what, whole, parse) => {
  expect(parse(whole)).toBeDefined();
  // Only the newline after the last word may be missing.
  for (let length = 0; length < whole.length - 1; length += 1)
    expect(() => parse(whole.slice(0, length)), whole.slice(0, length)).toThrow(noAnswer);
});

test.each(answers)(
  '%s after a banner is read, and one whose greeting shares a line with noise is not',
  (_what, whole, parse) => {
    expect(parse(`Welcome!\n@other done\n${whole}`)).toEqual(parse(whole));
    expect(() => parse(`prompt$ ${whole}`)).toThrow(noAnswer);
  },
);

test.each(answers)('%s without its greeting, or of another run, is no answer', (_what, whole, parse) => {
  expect(() => parse(whole.slice(whole.indexOf('\n') + 1))).toThrow(noAnswer);
  expect(() => parse(whole.replaceAll('@n0nce ', '@other '))).toThrow(noAnswer);
  expect(() => parse('')).toThrow(noAnswer);
});

import { Secret } from '@vmstation/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type InputReply, SudoDialogue, type SudoTask } from './sudo-dialogue.ts';

const secret = (value: string) => ({ name: 'homelab-sudo', value: new Secret(value) });

function open(more: Partial<SudoTask> = {}) {
  const dialogue = new SudoDialogue({
    node: 'homelab',
    argv: ['sh', '-s'],
    stdin: 'the script\n',
    password: secret('geheim'),
    ...more,
  });
  const prompt = dialogue.argv[4] ?? '';
  const root = `${dialogue.argv[9] ?? ''}\n`;
  const hear = (text: string) => dialogue.hear(Buffer.from(text));
  return { dialogue, prompt, root, hear };
}
const code = (dialogue: SudoDialogue) => dialogue.refusal(1)?.code;

test('sudo is told to ask in our words and to leave cached logins aside; no secret is an argument', () => {
  const { dialogue, prompt, root } = open();
  const announce = ['sh', '-c', 'echo "$0" >&2; exec "$@"', root.trim()];
  expect(dialogue.argv).toEqual(['sudo', '-k', '-S', '-p', prompt, '--', ...announce, 'sh', '-s']);
  expect(prompt).toMatch(/^vmstation-asks-[0-9a-f]{16}:$/);
  expect(open().prompt).not.toBe(prompt);
});

test('asked, it gives the password; told that the program is root, it gives the script', () => {
  const { dialogue, prompt, root, hear } = open();
  expect(hear('a lecture\n')).toEqual({});
  expect(hear(prompt)).toEqual({ write: 'geheim\n' });
  expect(hear(`\n${root}words of the script`)).toEqual({ write: 'the script\n', end: true });
  hear(` é, and ${prompt}\n`);
  expect(dialogue.refusal(7)).toBeUndefined();
  expect(dialogue.stderr).toBe(`words of the script é, and ${prompt}\n`);
});

test('a sudo that does not ask never hears the password', () => {
  const { dialogue, root, hear } = open();
  expect(hear(root)).toEqual({ write: 'the script\n', end: true });
  expect(dialogue.isRoot).toBe(true);
});

test('asked again, it ends: a wrong password is tried once, and the script is no second one', () => {
  const { dialogue, prompt, hear } = open();
  hear(prompt);
  expect(hear(`Sorry, try again.\n${prompt}`)).toEqual({ end: true });
  hear('\nsudo: no password was provided\nsudo: 1 incorrect password attempt\n');
  expect(dialogue.refusal(1)).toMatchObject({
    code: 'ssh/sudo-password',
    kind: 'user',
    tryThis: 'vmstation secret set homelab-sudo',
  });
});

test.each([
  ['a password that sudo takes once only', 'ssh/sudo-password', ['@', 'sudo: 1 incorrect password attempt\n']],
  ['a user without right', 'ssh/no-sudo', ['@', 'ops is not in the sudoers file.\n']],
  ['a sudo for terminals', 'ssh/no-sudo', ['sudo: sorry, you must have a tty to run sudo\n']],
  ['no sudo', 'ssh/no-sudo', ['bash: line 1: sudo: command not found\n']],
  ['a sudo that ends without a word', 'ssh/no-sudo', []],
])('%s: %s', (_what, expected, words) => {
  const { dialogue, prompt, hear } = open();
  for (const word of words) hear(word === '@' ? prompt : word);
  expect(code(dialogue)).toBe(expected);
});

test('an expired password is not renewed by what stands in the script', () => {
  const { dialogue, prompt, hear } = open();
  hear(prompt);
  expect(
    hear(
      'sudo: Account or password is expired, reset your password and try again\nChanging password for ops.\n[sudo] password for %p: ',
    ),
  ).toEqual({});
  expect(dialogue.idle()).toEqual({ end: true });
  expect(dialogue.idle()).toEqual({});
  expect(dialogue.refusal(1)?.message).toMatch(/renewed there first: .*Account or password is expired/);
  expect(code(dialogue)).toBe('ssh/sudo-password');
});

test('a question that is not about the password is left without an answer, a pause is not', () => {
  const { dialogue, prompt, root, hear } = open();
  hear('words\nand a lo');
  hear('nger line\n');
  expect(dialogue.idle()).toEqual({});
  hear(prompt.slice(0, 9));
  expect(dialogue.idle()).toEqual({});
  hear(prompt.slice(9));
  expect(dialogue.idle()).toEqual({});
  hear('Verification code: ');
  expect(dialogue.idle()).toEqual({ end: true });
  expect(hear(root)).toEqual({});
  expect(dialogue.refusal(1)).toMatchObject({ message: expect.stringContaining('Verification code:') });
});

test.each(['', 'a\nb', 'a\rb', 'a\0b', 'é'.repeat(256)])('%j cannot be a password for sudo', (value) => {
  const opening = () => open({ password: secret(value) });
  expect(opening).toThrow(expect.objectContaining({ code: 'ssh/sudo-password' }));
  expect(opening).toThrow(
    /for sudo on homelab (?:is empty|holds a line break or a NUL, .*|is longer than 511 bytes)\.$/,
  );
});

test('however the words arrive, the password is given at most once and only when asked, and the script only to root', () => {
  const noise = fc.constantFrom('x', '\n', 'Sorry, try again.\n', 'vmstation-asks-', 'vmstation-root-');
  const event = fc.oneof(noise, fc.constantFrom('PROMPT', 'ROOT'));
  fc.assert(
    fc.property(fc.array(event, { maxLength: 8 }), fc.array(fc.nat({ max: 30 }), { maxLength: 12 }), (events, cuts) => {
      const { dialogue, prompt, root, hear } = open();
      const text = events.map((one) => (one === 'PROMPT' ? prompt : one === 'ROOT' ? root : one)).join('');
      const replies: InputReply[] = [];
      let rest = text;
      for (const cut of [...cuts, text.length]) {
        replies.push(hear(rest.slice(0, cut)));
        rest = rest.slice(cut);
      }
      const written = replies.map(({ write }) => write ?? '').join('');
      const begin = events.filter((one) => one === 'PROMPT' || one === 'ROOT');
      const asked = begin[0] === 'PROMPT';
      const isRoot = begin[asked ? 1 : 0] === 'ROOT';
      const script = isRoot ? 'the script\n' : '';
      // What is heard in one piece may make the answer needless.
      expect([script, ...(asked ? [`geheim\n${script}`] : [])]).toContain(written);
      expect(dialogue.isRoot).toBe(isRoot);
      expect(dialogue.refusal(1) === undefined).toBe(isRoot);
      expect(dialogue.stderr.includes(prompt)).toBe(isRoot && begin.slice(asked ? 2 : 1).includes('PROMPT'));
      expect(replies.filter(({ end }) => end === true)).toHaveLength(isRoot || begin.length > 1 ? 1 : 0);
    }),
  );
});

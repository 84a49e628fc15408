import { expect, test } from 'vitest';
import { exitCodeOf } from '../handlers/node-list.ts';
import { runLine } from '../testing/run-line.ts';

test('help before a command is the help of that command', async () => {
  const asked = await runLine(['help', 'up']);
  expect(asked).toEqual(await runLine(['up', '--help']));
  expect(asked).toMatchObject({ exitCode: 0 });
  expect(asked.out).toContain('vmstation up --dry-run');
  expect(await runLine(['help'])).toEqual(await runLine(['--help']));
  expect((await runLine(['help', 'upp'])).err).toContain('cli/unknown-command');
});

test.each([
  [['up', '--only', 'setup', '--from', 'infra'], 'cli/wrong-use', '--only names one phase, and --from a range'],
  [['up', '--only', 'setup', '--to', 'infra', '--from', 'setup'], 'cli/wrong-use', '--from and --to'],
  [['up', '--node', ''], 'cli/bad-value', '--node is given an empty value'],
  [['up', '--node', 'a,,b'], 'cli/bad-value', '--node'],
  [['config', 'apply', '--tags', ' '], 'cli/bad-value', '--tags'],
])('%j is refused before a workspace is looked for', async (argv, code, words) => {
  const { exitCode, err } = await runLine(argv);
  expect(exitCode).toBe(64);
  expect(err).toContain(code);
  expect(err.replaceAll(/\s+/g, ' ')).toContain(words);
});

test.each([
  ['some answer and one does not', [{ answers: true }, { answers: false }], 3],
  ['none answers', [{ answers: false }, { answers: false }], 69],
  ['all that are awake answer', [{ answers: true }, { asleep: true }], 0],
  ['none that is awake answers', [{ answers: false }, { asleep: true }], 69],
  ['all sleep', [{ asleep: true }], 4],
])('the list of machines ends, where %s, with %j %i', (_, machines, exitCode) => {
  const asked = machines.map((one) => ({
    facts: 'answers' in one && one.answers ? ({} as never) : undefined,
    asleep: 'asleep' in one,
  }));
  expect(exitCodeOf(asked)).toBe(exitCode);
});

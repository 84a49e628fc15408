import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { askOnTerminal } from './terminal-question.ts';

function terminal(hidden = false) {
  const input = new PassThrough();
  const output = new PassThrough();
  const stopping = new AbortController();
  let interrupts = 0;
  const answer = askOnTerminal('Go on? ', {
    input,
    output,
    hidden,
    signal: stopping.signal,
    onInterrupt: () => {
      interrupts += 1;
    },
  });
  return { input, output, stopping, answer, interrupts: () => interrupts };
}

test('an answer is given back as it was typed', async () => {
  const { input, output, answer } = terminal();
  input.write('y\n');
  expect(await answer).toBe('y');
  expect(String(output.read())).toContain('Go on? ');
});

test('Ctrl-D, and input that ends, are an empty answer', async () => {
  const typed = terminal();
  typed.input.write('\u0004');
  expect(await typed.answer).toBe('');
  const ended = terminal();
  ended.input.end();
  expect(await ended.answer).toBe('');
});

test('Ctrl-C is an interruption, and the rest of the program hears of it', async () => {
  const { input, answer, interrupts } = terminal();
  input.write('\u0003');
  await expect(answer).rejects.toMatchObject({ code: 'cli/interrupted', kind: 'interrupted' });
  expect(interrupts()).toBe(1);
});

test('a termination while the question waits ends it', async () => {
  const { stopping, answer } = terminal();
  stopping.abort();
  await expect(answer).rejects.toMatchObject({ code: 'cli/interrupted' });
});

test('a hidden answer is not shown while it is typed, nor afterwards', async () => {
  const { input, output, answer } = terminal(true);
  for (const key of 'gehéim\n') input.write(key);
  expect(await answer).toBe('gehéim');
  expect(String(output.read())).toBe('Go on? \n');
});

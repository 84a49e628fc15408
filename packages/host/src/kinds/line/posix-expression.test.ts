import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { posixExpression } from './posix-expression.ts';

const part = fc.constantFrom(
  'a',
  'B',
  '1',
  '.',
  '[[:space:]]',
  '[^[:alnum:]_]',
  '[]a]',
  '[^]x]',
  '[a\\]',
  '\\.',
  '\\[',
  '#?',
  'a*',
  '(ab|1)',
  'x+',
  '[0-9]{1,2}',
  '=',
  ' ',
);
const expression = fc
  .tuple(fc.constantFrom('', '^'), fc.array(part, { minLength: 1, maxLength: 4 }), fc.constantFrom('', '$'))
  .map(([start, parts, end]) => start + parts.join('') + end);
const line = fc.string({
  unit: fc.constantFrom('a', 'B', '1', '2', 'x', '.', ' ', '\t', '#', '=', ']', '[', '\\', '_', 'b'),
  maxLength: 8,
});

test('an expression matches here as it does in grep -E on the node', () => {
  fc.assert(
    fc.property(expression, fc.array(line, { minLength: 30, maxLength: 30 }), (source, lines) => {
      const input = lines.map((one) => `${one}\n`).join('');
      const { stdout, status } = spawnSync('grep', ['-n', '-E', '-e', source], {
        input,
        encoding: 'utf8',
        env: { ...process.env, LC_ALL: 'C' },
      });
      expect(status).toBeLessThan(2);
      const matched = new Set(stdout.split('\n').map((one) => Number.parseInt(one, 10) - 1));
      const ours = posixExpression(source);
      expect(lines.filter((one) => ours.test(one))).toEqual(lines.filter((_, index) => matched.has(index)));
    }),
    { numRuns: 60 },
  );
});

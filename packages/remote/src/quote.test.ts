import { execFileSync, spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { quoteArgument, quoteArguments } from './quote.ts';

const shells = [['dash'], ['bash'], ['busybox', 'sh'], ['ksh']].filter(
  ([program]) => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0,
);

/** Any bytes but NUL, one character a byte. */
const bytes = fc
  .array(fc.integer({ min: 1, max: 255 }), { maxLength: 40 })
  .map((codes) => String.fromCharCode(...codes));

test.each(shells)('%s hands every byte on as it was', (...shell) => {
  const [program, ...options] = shell as [string, ...string[]];
  fc.assert(
    fc.property(fc.array(bytes, { minLength: 20, maxLength: 60 }), (values) => {
      const script = Buffer.from(`printf '%s\\0' ${quoteArguments(values)}`, 'latin1');
      const printed = execFileSync(program, options, { input: script }).toString('latin1');
      expect(printed.split('\0').slice(0, -1)).toEqual(values);
    }),
    { numRuns: 15 },
  );
});

test('words that need no quotes stay readable', () => {
  expect(quoteArguments(['systemctl', 'restart', 'chrony.service', '/etc/a-b_c'])).toBe(
    'systemctl restart chrony.service /etc/a-b_c',
  );
});

test('a word that would be an assignment or nothing is quoted', () => {
  expect(quoteArguments(['A=b', ''])).toBe("'A=b' ''");
});

test('NUL is refused, as no program can receive it', () => {
  expect(() => quoteArgument('a\0b')).toThrow(expect.objectContaining({ code: 'remote/nul-in-argument' }));
});

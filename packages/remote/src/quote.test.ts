import { execFileSync, spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { quoteArgument, quoteArguments, quoteForLoginShell } from './quote.ts';

const shells = [['dash'], ['bash'], ['busybox', 'sh'], ['ksh'], ['tcsh'], ['fish']].filter(
  ([program]) => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0,
);

/** Any bytes but NUL, one character a byte. */
const bytes = fc
  .array(fc.integer({ min: 1, max: 255 }), { maxLength: 40 })
  .map((codes) => String.fromCharCode(...codes));

const posixShells = shells.filter(([program]) => program !== 'tcsh' && program !== 'fish');

test.each(posixShells)('%s hands every byte on as it was', (...shell) => {
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

test.each(shells)('as a login shell %s hands every byte on as it was', (...shell) => {
  const [program, ...options] = shell as [string, ...string[]];
  fc.assert(
    fc.property(fc.array(bytes, { minLength: 5, maxLength: 30 }), (values) => {
      // A command line is text; its bytes are what the operating system makes of it.
      const line = quoteForLoginShell(['printf', '%s\\0', ...values]);
      const script = Buffer.from(line, 'latin1');
      const printed = execFileSync(program, options, { input: script }).toString('latin1');
      expect(printed.split('\0').slice(0, -1)).toEqual(values);
      expect(line).not.toMatch(/\n/);
    }),
    { numRuns: 15 },
  );
});

test('a line that every shell reads alike goes as it is; one that they do not holds nothing to see', () => {
  expect(quoteForLoginShell(['sudo', '-n', '--', 'sh', '-s'])).toBe('sudo -n -- sh -s');
  expect(quoteForLoginShell(['echo', "it's"])).toBe(`echo 'it'\\''s'`);
  expect(quoteForLoginShell(['echo', "it's!"])).toBe(
    `sh -c 'eval "exec $(printf %b "$0")"' 'echo \\0047it\\0047\\0134\\0047\\0047s\\0041\\0047'`,
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

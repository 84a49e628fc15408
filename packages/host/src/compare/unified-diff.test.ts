import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { unifiedDiff } from './unified-diff.ts';

const hasPatch = spawnSync('patch', ['--version']).status === 0;
const text = fc
  .array(fc.constantFrom('a', 'b', 'c', '', 'long line'), { maxLength: 25 })
  .map((lines) => lines.map((line) => `${line}\n`).join(''));

test.skipIf(!hasPatch)('patch turns the one text into the other with it', () => {
  const folder = mkdtempSync(join(tmpdir(), 'vmstation-diff-'));
  fc.assert(
    fc.property(text, text, (a, b) => {
      const file = join(folder, 'file');
      writeFileSync(file, a);
      const diff = unifiedDiff('file', a, b);
      if (diff === '') return a === b;
      const { stdout } = spawnSync('patch', ['-s', '-o', '-', file], { input: `${diff}\n`, encoding: 'utf8' });
      return stdout === b;
    }),
    { numRuns: 60 },
  );
  rmSync(folder, { recursive: true });
});

test('three lines of context, and a missing last newline is said', () => {
  expect(unifiedDiff('/f', '1\n2\n3\n4\n5\n6\n7\n8\n', '1\n2\n3\n4\n5\nsix\n7\n8')).toBe(
    [
      '--- /f (on the node)',
      '+++ /f (declared)',
      '@@ -3,6 +3,7 @@',
      ' 3',
      ' 4',
      ' 5',
      '-6',
      '+six',
      ' 7',
      ' 8',
      '+\\ No newline at end of file',
    ].join('\n'),
  );
});

test('texts that nobody would read are only counted', () => {
  expect(unifiedDiff('/f', 'x\n'.repeat(5000), 'y\n')).toBe('/f: 5000 lines become 1');
});

import { expect, test } from 'vitest';
import { type LocatedFault, renderFaults } from './located-fault.ts';

const fault = (line: number, more: Partial<LocatedFault> = {}): LocatedFault => ({
  code: 'cluster-file/syntax',
  severity: 'error',
  file: 'vmstation.yaml',
  line,
  column: 1,
  message: `fault ${line}`,
  tryThis: 'Mend it.',
  ...more,
});

test('of very many faults the first fifty are shown, errors before warnings, and all are counted', () => {
  const warnings = Array.from({ length: 30 }, (_, index) => fault(index, { severity: 'warning' }));
  const errors = Array.from({ length: 45 }, (_, index) => fault(100 + index));
  const text = renderFaults([...warnings, ...errors], { color: false });
  expect(text.match(/: error: /g)).toHaveLength(45);
  expect(text.match(/: warning: /g)).toHaveLength(5);
  expect(text).toContain('… and 25 more');
  expect(text.trimEnd().split('\n').at(-1)).toBe('45 errors, 30 warnings');
});

test('characters that steer a terminal or turn text are shown by number, and the caret stands below what is meant', () => {
  const sourceLine = 'user: \u001B[31m\u202Eevil\u2066';
  const text = renderFaults([fault(1, { sourceLine, column: 7, length: 6, message: 'no \u202E here' })], {
    color: false,
  });
  expect(text.split('\n').slice(0, 3)).toEqual([
    'vmstation.yaml:1:7: error: no \\u202e here',
    '    1 | user: \\u001b[31m\\u202eevil\\u2066',
    '      |       ^^^^^^^^^^^^^^^^',
  ]);
});

import { expect, test } from 'vitest';
import { readCommandCases } from './command-case.ts';

test('a file of cases gives user, script, status, bytes and what a side cannot', () => {
  const text = `### one: with everything
# as ops
# cannot hosts: they share a kernel
printf 'a\\n'
exit 3
==> 3
a\\xff

### two: no newline
printf x
==> 0, no newline at its end
x
`;
  expect(readCommandCases(text)).toEqual([
    {
      title: 'one: with everything',
      user: 'ops',
      script: "printf 'a\\n'\nexit 3",
      exitCode: 3,
      stdout: 'a\u00ff\n',
      cannot: { hosts: 'they share a kernel' },
    },
    { title: 'two: no newline', user: 'root', script: 'printf x', exitCode: 0, stdout: 'x', cannot: {} },
  ]);
});

test('what is no case is refused with its title', () => {
  expect(() => readCommandCases('### one\ntrue\n')).toThrow('one: no line ==> STATUS');
  expect(() => readCommandCases('true\n')).toThrow('cases begin with ###');
});

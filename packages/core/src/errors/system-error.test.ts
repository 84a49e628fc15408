import { expect, test } from 'vitest';
import { systemError } from './system-error.ts';
import { toAppError } from './to-app-error.ts';

const refusal = (code: string, more: Readonly<Record<string, string>> = {}): Error =>
  Object.assign(new Error(`${code}: refused, open '/ws/vmstation.yaml'`), { code, syscall: 'open', ...more });

test.each([
  ['EACCES', 'file/no-permission'],
  ['EPERM', 'file/no-permission'],
  ['EROFS', 'file/read-only'],
  ['ENOSPC', 'file/disk-full'],
  ['EDQUOT', 'file/disk-full'],
  ['ELOOP', 'file/link-loop'],
  ['EMFILE', 'file/too-many-open'],
  ['ENAMETOOLONG', 'file/unusable'],
])('%s on a file is no bug of ours: %s', (code, expected) => {
  const error = toAppError(refusal(code, { path: '/ws/vmstation.yaml' }));
  expect(error).toMatchObject({ code: expected, kind: 'environment', context: { path: '/ws/vmstation.yaml' } });
  expect(error.message).toContain('/ws/vmstation.yaml');
  expect(error.tryThis).not.toBe('');
});

test('a full disk is one although the write does not tell its path', () => {
  expect(toAppError(refusal('ENOSPC')).code).toBe('file/disk-full');
});

test('refusals that are not about files stay what they are', () => {
  expect(systemError(Object.assign(new Error('listen EACCES 0.0.0.0:80'), { code: 'EACCES', syscall: 'listen' }))).toBe(
    undefined,
  );
  expect(systemError(refusal('ECONNREFUSED', { path: '/x' }))).toBe(undefined);
  expect(systemError('EACCES')).toBe(undefined);
  expect(toAppError(new TypeError('x is undefined')).kind).toBe('bug');
});

test('a socket in a folder that is closed to us is a file that we may not use', () => {
  const closed = { code: 'EACCES', syscall: 'connect', address: '/ws/.vmstation/lab/control.sock' };
  expect(systemError(Object.assign(new Error('connect EACCES'), closed))).toMatchObject({
    code: 'file/no-permission',
    context: { path: '/ws/.vmstation/lab/control.sock' },
  });
});

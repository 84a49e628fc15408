import { expect, test } from 'vitest';
import { parseServerVersion, versionHolds } from './server-version.ts';

test('versions are read as servers and people write them', () => {
  expect(parseServerVersion('v1.35.4')).toEqual({ major: 1, minor: 35 });
  expect(parseServerVersion('1.20+')).toEqual({ major: 1, minor: 20 });
  expect(() => parseServerVersion('latest')).toThrow('no Kubernetes version');
});

test('a range holds when all its parts do', () => {
  const of = (text: string) => (range: string) => versionHolds(range, parseServerVersion(text));
  expect(['>=1.20', '>=1.21', '<1.21', '>=1.20 <1.25'].map(of('1.20.2'))).toEqual([true, false, true, true]);
  expect(['>=1.9', '<1.9', '>=1.20 <1.25'].map(of('1.35.4'))).toEqual([true, false, false]);
  expect(() => versionHolds('1.20', { major: 1, minor: 20 })).toThrow('no range');
});

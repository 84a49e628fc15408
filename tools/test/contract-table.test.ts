import { expect, test } from 'vitest';
import { contractTable } from './contract-table.ts';

const result = (port: string, title: string, side: string, outcome: string, reason?: string): string =>
  JSON.stringify({ port, title, side, outcome, reason });

test('a short port shows each case on both sides, a reason below it', () => {
  const lines = contractTable([
    result('Units', 'starts', 'embedded', 'kept'),
    result('Units', 'starts', 'hosts', 'kept'),
    result('Units', 'loads modules', 'hosts', 'cannot', 'they share a kernel'),
  ]);
  expect(lines.map((line) => line.replaceAll(/ {2,}/g, '  '))).toEqual([
    'case  embedded  hosts',
    'Units (2 cases)  1 kept  1 kept, 1 cannot',
    '  starts  kept  kept',
    '  loads modules  -  cannot',
    '  hosts: they share a kernel',
  ]);
});

test('a long port shows counts and what is not kept; the worst of several tries counts', () => {
  const kept = Array.from({ length: 20 }, (_, index) => result('Commands', `case ${index}`, 'embedded', 'kept'));
  const lines = contractTable([
    ...kept,
    result('Commands', 'case 7', 'embedded', 'broken'),
    result('Commands', 'case 7', 'embedded', 'kept'),
  ]);
  expect(lines.map((line) => line.replaceAll(/ {2,}/g, '  '))).toEqual([
    'case  embedded  hosts',
    'Commands (20 cases)  19 kept, 1 broken  -',
    '  case 7  broken  -',
  ]);
});

test('guests have a column where they ran', () => {
  const lines = contractTable([
    result('Power', 'sleeps', 'hosts', 'kept'),
    result('Power', 'sleeps', 'guests', 'kept'),
  ]);
  expect(lines.map((line) => line.replaceAll(/ {2,}/g, '  '))).toEqual([
    'case  embedded  hosts  guests',
    'Power (1 case)  -  1 kept  1 kept',
    '  sleeps  -  kept  kept',
  ]);
});

test('without results there is no table', () => {
  expect(contractTable([])).toEqual([]);
});

import { globSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { beyondAllSuites, contracts } from './contracts.ts';
import { differencesPage } from './differences.ts';

test('the page on what a side cannot is made from the contracts', async () => {
  const page = differencesPage(contracts, beyondAllSuites);
  await expect(page).toMatchFileSnapshot('../../packages/cluster-docs/lab/differences.md');
});

test('a case that a side cannot keep stands there with its reason, whatever it holds', () => {
  const contract = {
    port: 'Port',
    cases: [{ title: 'a | b <c>', cannot: { hosts: 'because' } }, { title: 'kept' }],
  };
  const page = differencesPage([contract], []);
  expect(page).toContain('| a \\| b &lt;c> | because |');
  expect(page).toContain('## What the embedded lab cannot\n\nNothing.');
  expect(page).not.toContain('kept |');
});

test('every contract that a suite holds somebody to is in the list', () => {
  const files = globSync('{tests/contract,tests/hosts}/**/*.ts', { cwd: new URL('../../', import.meta.url).pathname });
  const named = files.flatMap((file) =>
    [...readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8').matchAll(/\bport: '([^']+)',?\s+cases/g)].map(
      ([, port]) => port ?? '',
    ),
  );
  const listed = new Set(contracts.map(({ port }) => port));
  expect(new Set(named).size).toBeGreaterThan(20);
  expect([...new Set(named)].filter((port) => !listed.has(port) && port !== 'Port')).toEqual([]);
  expect(contracts.length).toBe(listed.size);
});

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeSecret } from '@vmstation/workspace';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type LabWorkspace, openLabWorkspace } from './lab-workspace.ts';

// Kerberos in the embedded lab: it plans like anywhere, and what cannot be simulated fails with the reason. Nothing of it is ever green.

let lab: LabWorkspace;
beforeAll(async () => {
  lab = await openLabWorkspace(async (root) => {
    const file = join(root, 'vmstation.yaml');
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.replace('services:\n', 'services:\n  kerberos: { hosts: [masternode] }\n'));
    await writeSecret(root, 'kerberos-keys', 'a secret of this test, long enough');
  });
  await lab.vmstation(['node', 'trust', '--yes']);
}, 120_000);
afterAll(() => lab.remove());

test('the plan names what would be done, and the lab says that it has no KDC', async () => {
  const planned = await lab.vmstation(['config', 'apply', '--tags', 'kerberos', '--dry-run']);
  expect(planned.exitCode, planned.text).toBe(2);
  expect(planned.text).toMatch(/kerberos/);
  const applied = await lab.vmstation(['config', 'apply', '--tags', 'kerberos', '--yes']);
  expect(applied.exitCode, applied.text).toBe(1);
  expect(applied.text).toContain('the embedded lab simulates no Kerberos KDC');
  expect(applied.text).not.toMatch(/(?:un)?changed kerberos/);
  expect((await lab.vmstation(['config', 'apply', '--tags', 'kerberos', '--dry-run'])).exitCode).toBe(2);
}, 120_000);

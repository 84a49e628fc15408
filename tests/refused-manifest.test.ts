import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type LabWorkspace, openLabWorkspace } from './lab-workspace.ts';

let lab: LabWorkspace;
beforeAll(async () => {
  lab = await openLabWorkspace(async (root) => {
    const folder = join(root, 'apps/broken');
    await mkdir(folder, { recursive: true });
    await writeFile(
      join(folder, 'settings.yaml'),
      'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: settings }\ndatas: { key: value }\n',
    );
  });
});
afterAll(() => lab?.remove());

test('a journey with one manifest that the API refuses ends red and names it', async () => {
  const { exitCode, text } = await lab.vmstation(['up', '--yes', '--to', 'application-stack']);
  expect(text).toContain('✗ application-stack/broken failed');
  expect(text).toContain('ConfigMap broken/settings');
  expect(text).toContain('.datas: field not declared in schema');
  expect(exitCode).toBe(1);
}, 300_000);

import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defaultVersions } from '@vmstation/core';
import { expect, test } from 'vitest';
import { loadWorkspace } from './load-workspace.ts';
import { renderFaults } from './located-fault.ts';
import { versionsLockText } from './versions-lock-file.ts';

const folder = join(import.meta.dirname, 'fixtures/faulty');
const names = (await readdir(folder)).filter((name) => name.endsWith('.yaml')).map((name) => name.replace('.yaml', ''));

/** A fixture's own versions.lock, or the product's. */
async function lockOf(name: string): Promise<string> {
  const own = (await readdir(folder)).includes(`${name}.lock`);
  return own ? readFile(join(folder, `${name}.lock`), 'utf8') : versionsLockText(defaultVersions);
}

test.each(names)('what is wrong with %s.yaml is said with its place and its mend', async (name) => {
  const root = await mkdtemp(join(tmpdir(), 'vmstation-faulty-'));
  try {
    await mkdir(join(root, 'secrets'));
    for (const secret of ['grafana-admin-password', 'homelab-bmc']) {
      await writeFile(join(root, 'secrets', `${secret}.age`), 'not read by a check');
    }
    await writeFile(join(root, 'vmstation.yaml'), await readFile(join(folder, `${name}.yaml`)));
    await writeFile(join(root, 'versions.lock'), await lockOf(name));
    const { faults } = await loadWorkspace(root);
    expect(faults?.length).toBeGreaterThan(0);
    await expect(renderFaults(faults ?? [], { color: false })).toMatchFileSnapshot(join(folder, `${name}.txt`));
  } finally {
    await rm(root, { recursive: true });
  }
});

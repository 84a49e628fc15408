import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { pruneLayers } from './prune-layers.ts';

test('layers without a disk over them go; the new one, those in use and everything else stay', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'vmstation-layers-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  for (const folder of [
    'layer-aa',
    'layer-bb',
    'layer-cc',
    'base-aa',
    'packages',
    'labs/ws-1/disks/masternode',
    'labs/ws-2',
  ])
    await mkdir(join(directory, folder), { recursive: true });
  await writeFile(join(directory, 'labs/ws-1/disks/masternode/over'), join(directory, 'layer-bb'));
  await pruneLayers(directory, join(directory, 'layer-cc'));
  expect((await readdir(directory)).toSorted()).toEqual(['base-aa', 'labs', 'layer-bb', 'layer-cc', 'packages']);
});

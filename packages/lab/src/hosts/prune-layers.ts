import { readdir, readFile, rm } from 'node:fs/promises';

/** Removes the package layers that no machine's disk lies over, but for the one to keep: former versions made others. */
export async function pruneLayers(directory: string, keep: string): Promise<void> {
  const used = new Set([keep]);
  for (const lab of await namesIn(`${directory}/labs`))
    for (const machine of await namesIn(`${directory}/labs/${lab}/disks`))
      used.add(await readFile(`${directory}/labs/${lab}/disks/${machine}/over`, 'utf8').catch(() => ''));
  const mounts = await readFile('/proc/mounts', 'utf8').catch(() => '');
  const layers = (await namesIn(directory)).filter((name) => /^layer-[0-9a-f]+$/.test(name));
  for (const layer of layers.map((name) => `${directory}/${name}`))
    if (!used.has(layer) && !mounts.includes(layer)) await rm(layer, { recursive: true, force: true });
}

async function namesIn(folder: string): Promise<readonly string[]> {
  return readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
}

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { initWorkspace } from './init-workspace.ts';
import { openWorkspace } from './load-workspace.ts';

async function folder(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'vmstation-path-'));
  onTestFinished(() => rm(made, { recursive: true, force: true }));
  return made;
}

test.each([
  ["it's", "the character '"],
  ['a"b', 'the character "'],
  ['50%', 'the character %'],
  ['a:b', 'the character :'],
  ['a,b', 'the character ,'],
  ['$HOME', 'the character $'],
  ['a\\b', 'the character \\'],
  ['two\nlines', 'a line break'],
])('a folder called %j is refused by name, where it is made and where it is opened', async (name, words) => {
  const root = join(await folder(), name);
  const refusal = { code: 'workspace/path-unusable', message: expect.stringContaining(words) as unknown };
  await expect(initWorkspace(root, { example: true })).rejects.toMatchObject(refusal);
  await mkdir(root);
  await writeFile(join(root, 'vmstation.yaml'), 'cluster: { name: x }\n');
  await expect(openWorkspace(root)).rejects.toMatchObject(refusal);
});

test.each(['with blanks', 'größe', 'a+b=c@d', '#1 (copy)'])('a folder called %j is fine', async (name) => {
  const root = join(await folder(), name);
  await initWorkspace(root, { example: true });
  expect((await openWorkspace(root)).root).toBe(root);
});

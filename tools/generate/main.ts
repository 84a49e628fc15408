import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { allFiles, root } from '../checks/source-files.ts';
import { generatedFiles } from './generated-files.ts';

const present = new Map(allFiles().map(({ path, text }) => [path, text]));
const { files } = await generatedFiles();
for (const [path, text] of files) {
  if (present.get(path) === text) continue;
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), text);
  console.log(`wrote ${path}`);
}

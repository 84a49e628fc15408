import { generatedFiles } from '../generate/generated-files.ts';
import type { Check } from './check.ts';
import { allFiles } from './source-files.ts';

/** What is generated equals what its source gives now. */
export const generatedCurrent: Check = {
  name: 'generated files',
  async run() {
    const present = new Map(allFiles().map(({ path, text }) => [path, text]));
    const { files, folders } = await generatedFiles();
    const stale = [...files].flatMap(([path, text]) =>
      present.get(path) === text
        ? []
        : [`${path}: ${present.has(path) ? 'is not what its source gives' : 'is missing'}`],
    );
    const orphans = [...present.keys()].filter(
      (path) => folders.some((folder) => path.startsWith(folder)) && !files.has(path),
    );
    const problems = [...stale, ...orphans.map((path) => `${path}: nothing generates it any more`)];
    return problems.length === 0 ? [] : [...problems, 'mend with: npm run generate'];
  },
};

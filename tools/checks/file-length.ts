import type { Check } from './check.ts';
import { isTest, typescriptFiles } from './source-files.ts';

const mostLines = { source: 400, test: 600 };

/** No file grows past what one can hold in one's head. */
export const fileLength: Check = {
  name: 'file length',
  async run() {
    return typescriptFiles().flatMap(({ path, text }) => {
      const lines = text.split('\n').length - 1;
      const most = isTest(path) ? mostLines.test : mostLines.source;
      return lines <= most ? [] : [`${path}: ${lines} lines, at most ${most}: split it by what its parts decide`];
    });
  },
};

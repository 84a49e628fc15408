import type { Check } from './check.ts';
import { allFiles } from './source-files.ts';

const traces: readonly { readonly pattern: RegExp; readonly why: string }[] = [
  { pattern: /(?<![\w.])\/work\/[a-z.]/, why: 'a path of the computer where it was written' },
  { pattern: /(?<![\w.])\/tmp\/(vm|bash_jobs)\b/, why: 'a path of the computer where it was written' },
  { pattern: /"resolved": "https?:/, why: 'the address of a registry: every clone asks its own (.npmrc omits them)' },
  {
    pattern: /^\s*(@[\w-]+:)?registry\s*=/m,
    why: 'the address of a registry belongs in the operator’s own configuration',
  },
];

/** The tree names no computer, registry or session but the reader's own. */
export const foreignTraces: Check = {
  name: 'foreign traces',
  async run() {
    return allFiles()
      .filter(({ path }) => path !== 'tools/checks/foreign-traces.ts')
      .flatMap(({ path, text }) =>
        traces.flatMap(({ pattern, why }) => {
          const at = text.search(pattern);
          return at < 0 ? [] : [`${path}:${text.slice(0, at).split('\n').length}: ${why}`];
        }),
      );
  },
};

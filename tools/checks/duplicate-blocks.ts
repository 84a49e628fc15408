import type { Check } from './check.ts';
import { isTest, type SourceFile, typescriptFiles } from './source-files.ts';

const runLength = 12;

interface Place {
  readonly path: string;
  readonly line: number;
}

/** No run of twelve significant lines stands twice: what is written twice is mended once. */
export const duplicateBlocks: Check = {
  name: 'duplicate blocks',
  async run() {
    return findDuplicates(typescriptFiles().filter(({ path }) => !isTest(path)));
  },
};

/** Reports each block once, at its first repeated run. */
export function findDuplicates(files: readonly SourceFile[]): readonly string[] {
  const seen = new Map<string, Place>();
  const problems: string[] = [];
  for (const file of files) {
    const lines = significantLines(file.text);
    let reportedUntil = -1;
    for (let start = 0; start + runLength <= lines.length; start += 1) {
      const window = lines.slice(start, start + runLength);
      const key = window.map(({ text }) => text).join('\n');
      const here = { path: file.path, line: window[0]?.line ?? 0 };
      const first = seen.get(key);
      if (first === undefined) seen.set(key, here);
      else if (start > reportedUntil) {
        problems.push(
          `${here.path}:${here.line} repeats ${first.path}:${first.line}: name what they share and import it`,
        );
        reportedUntil = start + runLength;
      }
    }
  }
  return problems;
}

/** Lines that say something: no blanks, comments, imports, or closing brackets alone. */
function significantLines(text: string): readonly { readonly text: string; readonly line: number }[] {
  const withoutImports = text.replaceAll(/^(import|export)\b[^;]*?\bfrom '[^']*';$/gm, (statement) =>
    statement.replaceAll(/[^\n]/g, ''),
  );
  return withoutImports
    .split('\n')
    .map((line, index) => ({ text: line.trim(), line: index + 1 }))
    .filter(({ text: line }) => !/^$|^[)\]}>;,]+$|^\/\/|^\/?\*/.test(line));
}

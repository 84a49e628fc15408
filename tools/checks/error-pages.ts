import type { Check } from './check.ts';
import { allFiles, productFiles, type SourceFile } from './source-files.ts';

const pagesFolder = 'packages/cluster-docs/errors/';

/** Every code of an error or finding has a page for `vmstation explain`, and every page a code. */
export const errorPages: Check = {
  name: 'error pages',
  async run() {
    const pages = allFiles().filter(({ path }) => path.startsWith(pagesFolder) && path.endsWith('.md'));
    return comparePages(pages, productFiles());
  },
};

/** Compares pages with the codes that the sources use. */
export function comparePages(pages: readonly SourceFile[], sources: readonly SourceFile[]): readonly string[] {
  const problems: string[] = [];
  const paged = new Set<string>();
  for (const { path, text } of pages) {
    const code = /^# ([a-z0-9-]+\/[a-z0-9-]+) — \S/.exec(text)?.[1];
    const file = path.slice(pagesFolder.length);
    if (code === undefined) problems.push(`${path}: begins with "# area/name — what it is"`);
    else if (file !== `${code.replace('/', '-')}.md`)
      problems.push(`${path}: speaks of ${code}, so its name is ${code.replace('/', '-')}.md`);
    else paged.add(code);
  }
  const used = codesOf(sources);
  for (const [code, path] of used) {
    if (!paged.has(code)) problems.push(`${path}: ${code} has no page ${pagesFolder}${code.replace('/', '-')}.md`);
  }
  const everything = sources.map(({ text }) => text).join('\n');
  for (const code of paged) {
    if (!everything.includes(code))
      problems.push(`${pagesFolder}${code.replace('/', '-')}.md: no source uses ${code}; remove the page`);
  }
  return problems;
}

/** Code literals with the first file that uses each: values of a `code` property, and first arguments that look like a code of a known area. */
function codesOf(sources: readonly SourceFile[]): ReadonlyMap<string, string> {
  const codes = new Map<string, string>();
  for (const { path, text } of sources) {
    const withoutComments = text.replaceAll(/^\s*(\/\/|\/?\*).*$/gm, '');
    for (const [, value = ''] of withoutComments.matchAll(
      /\bcode(?:\??:|\s*=)\s*([^;{}]{1,160}?)(?:,\s*\n|[;}]|,\s+\w+:)/g,
    )) {
      for (const [, code = ''] of value.matchAll(/'([a-z][a-z0-9-]*\/[a-z][a-z0-9-]*)'/g))
        codes.set(code, codes.get(code) ?? path);
    }
  }
  const areas = new Set([...codes.keys()].map((code) => code.split('/')[0]));
  for (const { path, text } of sources) {
    for (const [, code = ''] of text.matchAll(
      /\b(?:fault|refuse|refusal|fail|failure|missing|blocked|blockedBy|error|appError|finding|problem)\w*\(\s*(?:'[a-z-]+',\s*)?'([a-z][a-z0-9-]*\/[a-z][a-z0-9-]*)'/gi,
    )) {
      if (areas.has(code.split('/')[0])) codes.set(code, codes.get(code) ?? path);
    }
  }
  return codes;
}

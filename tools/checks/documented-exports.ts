import { posix } from 'node:path';
import type { Check } from './check.ts';
import { allFiles } from './source-files.ts';

/** Every name that a package offers has a doc comment where it is declared. */
export const documentedExports: Check = {
  name: 'documented exports',
  async run() {
    const files = new Map(allFiles().map(({ path, text }) => [path, text]));
    return [...files.keys()]
      .filter((path) => /^packages\/[^/]+\/src\/index[.]ts$/.test(path))
      .flatMap((index) => undocumented(index, files));
  },
};

/** Names exported by an index file that have no doc comment, as `file: name`. */
export function undocumented(index: string, files: ReadonlyMap<string, string>): readonly string[] {
  const problems: string[] = [];
  const text = files.get(index) ?? '';
  if (/^export \*/m.test(text)) problems.push(`${index}: lists its exports by name, no \`export *\``);
  for (const { name, from } of reExports(text)) {
    const target = posix.join(posix.dirname(index), from);
    const source = files.get(target);
    if (source === undefined || isDocumented(source, name)) continue;
    const further = reExports(source).find((one) => one.exported === name);
    if (further !== undefined) continue;
    problems.push(`${target}: ${name} is exported by ${index} and has no doc comment`);
  }
  return problems;
}

function reExports(text: string): readonly { name: string; exported: string; from: string }[] {
  return [...text.matchAll(/^export (?:type )?\{([^}]*)\} from '([^']+)';/gm)].flatMap(([, list = '', from = '']) =>
    list
      .split(',')
      .map((item) => item.trim().replace(/^type /, ''))
      .filter((item) => item !== '')
      .map((item) => {
        const [name = '', exported = name] = item.split(' as ');
        return { name, exported, from };
      }),
  );
}

function isDocumented(source: string, name: string): boolean {
  const declaration = new RegExp(
    String.raw`\*/\s*\nexport (?:declare )?(?:abstract )?(?:async )?(?:function\*?|const|let|class|interface|type) ${name.replaceAll('$', String.raw`\$`)}\b`,
  );
  return declaration.test(source);
}

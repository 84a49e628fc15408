import { expect, test } from 'vitest';
import { undocumented } from './documented-exports.ts';
import { findDuplicates } from './duplicate-blocks.ts';
import { comparePages } from './error-pages.ts';

const lines = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, index) => `${prefix}${index};`).join('\n');

test('twelve equal lines in two files are a duplicate, eleven are not', () => {
  const block = (count: number, name: string) => ({
    path: name,
    text: `const ${name} = 1;\n${lines('call', count)}\n`,
  });
  expect(findDuplicates([block(11, 'a'), block(11, 'b')])).toEqual([]);
  expect(findDuplicates([block(12, 'a'), block(12, 'b')])).toEqual([
    'b:2 repeats a:2: name what they share and import it',
  ]);
});

test('imports and closing brackets do not make a duplicate', () => {
  const text = `import {\n${lines('  a', 14).replaceAll(';', ',')}\n} from './x.ts';\n}\n}\n}\n`;
  expect(
    findDuplicates([
      { path: 'a', text },
      { path: 'b', text },
    ]),
  ).toEqual([]);
});

test('an exported name without a comment is named with its file', () => {
  const index = "export type { Good } from './x.ts';\nexport { bad } from './x.ts';\n";
  const source = '/** Fine. */\nexport interface Good {}\nexport function bad(): void {}\n';
  const files = new Map([
    ['packages/p/src/index.ts', index],
    ['packages/p/src/x.ts', source],
  ]);
  expect(undocumented('packages/p/src/index.ts', files)).toEqual([
    'packages/p/src/x.ts: bad is exported by packages/p/src/index.ts and has no doc comment',
  ]);
});

test('codes without page, pages without code and misnamed pages are found', () => {
  const folder = 'packages/cluster-docs/errors/';
  const source = {
    path: 's.ts',
    text: "throw new AppError({ code: 'ssh/lost', kind: 'remote' });\nfault('ssh/other', 1);\n",
  };
  const pages = [
    { path: `${folder}ssh-lost.md`, text: '# ssh/lost — the line broke\n' },
    { path: `${folder}ssh-gone.md`, text: '# ssh/gone — nobody says this\n' },
    { path: `${folder}ssh-x.md`, text: 'no heading\n' },
  ];
  expect(comparePages(pages, [source])).toEqual([
    `${folder}ssh-x.md: begins with "# area/name — what it is"`,
    `s.ts: ssh/other has no page ${folder}ssh-other.md`,
    `${folder}ssh-gone.md: no source uses ssh/gone; remove the page`,
  ]);
});

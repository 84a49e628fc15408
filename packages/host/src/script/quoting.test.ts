import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Resource } from '@vmstation/core';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { posixShells } from '../testing/posix-shells.ts';
import { scratchMachine } from '../testing/scratch-machine.ts';
import { lines, ShellText, sh, withPlaceholder, writeContent } from './shell-text.ts';

// Whatever a workspace declares comes out of a generated script as it went in, whichever shell reads the script.

const delimiter = 'CONTENT_0123456789abcdef';
/** Pieces that mean something to a shell, to a here-document or to a program, and all characters. */
const piece = fc.oneof(
  fc.constantFrom("'", '"', '\\', '$', '`', '$(', '${x}', '!', '*', '~', '#', '&', ';', '|', '<', '>', '(', ')', '{}'),
  fc.constantFrom(
    '-',
    '--',
    '-n',
    '%s',
    '\\c',
    '\\0',
    '=',
    ' ',
    '\t',
    '\n',
    '\r',
    '\u0001',
    '\u007f',
    '\u0085',
    '\u2028',
  ),
  fc.constantFrom(delimiter, `\n${delimiter}\n`, `\n${delimiter}é`, '\nCONTENT_é', '\nCé', 'EOF', '\nUNDO_', '\ufeff'),
  fc.string({ unit: 'binary', maxLength: 6 }),
);
const anyText = fc.array(piece, { maxLength: 8 }).map((parts) => parts.join('').toWellFormed());
/** No program can receive a NUL in an argument, so it is refused (remote/nul-in-argument). */
const anyValue = anyText.map((text) => text.replaceAll('\0', '0'));
const oneLine = anyValue.map((text) => text.replaceAll(/\p{Cc}|[\u2028\u2029]/gu, '~'));
const name = oneLine.map((text) => `n${text.replaceAll('/', '|').slice(0, 60).toWellFormed()}`);
const many = { minLength: 30, maxLength: 60 };
const runs = { numRuns: 6 };

function folderOfTest(): string {
  const folder = mkdtempSync(join(tmpdir(), 'vmstation-quoting-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

describe.each(posixShells)('$title', ({ argv, present }) => {
  const read = (script: ShellText, cwd = '/'): string => {
    const [program = '', ...options] = argv;
    const input = `main() {\n${script.text}\n}\nmain </dev/null\n`;
    const { stdout, stderr } = spawnSync(program, [...options, '-s'], { input, cwd, maxBuffer: 1 << 26 });
    expect(stderr.toString()).toBe('');
    return stdout.toString();
  };

  test.skipIf(!present)('every value comes out as it went in', () => {
    fc.assert(
      fc.property(fc.array(anyValue, many), (values) => {
        expect(read(sh`printf '%s\0' ${values}`).split('\0').slice(0, -1)).toEqual(values);
        expect(read(lines(...values.map((value) => sh`printf '%s\0' ${value}`)))).toBe(`${values.join('\0')}\0`);
      }),
      runs,
    );
  });

  test.skipIf(!present)('every argument with a place for a path comes out with the path', () => {
    const path = "/tmp/it's $HOME {} `x`";
    fc.assert(
      fc.property(fc.array(anyValue, many), (values) => {
        const script = lines(sh`p=${path}`, sh`printf '%s\0' ${withPlaceholder(['', ...values], 'p')}`);
        const wanted = values.map((value) => value.replaceAll('{}', path));
        expect(read(script).split('\0').slice(1, -1)).toEqual(wanted);
      }),
      runs,
    );
  });

  test.skipIf(!present)('every content comes out of a here-document as it went in', () => {
    const folder = folderOfTest();
    fc.assert(
      fc.property(fc.array(anyText, many), (contents) => {
        const parts = contents.map((content, index) => writeContent(sh`${`f${index}`}`, content, delimiter));
        read(lines(...parts), folder);
        expect(contents.map((_, index) => readFileSync(join(folder, `f${index}`), 'utf8'))).toEqual(contents);
      }),
      runs,
    );
  });

  test.skipIf(!present)(
    'names, contents, targets, lines and arguments are brought about, seen as equal, and taken back',
    async () => {
      const machine = scratchMachine({ shell: argv });
      onTestFinished(() => machine.remove());
      let run = 0;
      const one = fc.record({ name, content: anyText, target: name, line: oneLine, argument: anyValue });
      await fc.assert(
        fc.asyncProperty(
          fc.uniqueArray(one, { selector: (each) => each.name, minLength: 3, maxLength: 5 }),
          async (all) => {
            run += 1;
            const base = `${machine.folder}/${run}`;
            const resources = all.flatMap(({ name: own, content, target, line, argument }, index): Resource[] => [
              { kind: 'file', path: `${base}/files/${own}`, content },
              { kind: 'symlink', path: `${base}/links/${own}`, target: target.slice(1) || 'x' },
              { kind: 'line', path: `${base}/lines/${own}`, name: own, line },
              {
                kind: 'command',
                name: own,
                run: ['sh', '-c', 'printf "%s" "$1" >"$0"', `${base}/files/${own}.${index}`, argument],
                check: [
                  'sh',
                  '-c',
                  '[ -e "$0" ] && [ "$(cat "$0"; echo .)" = "$1." ]',
                  `${base}/files/${own}.${index}`,
                  argument,
                ],
                after: [`file:${base}/files/${own}`],
                undo: ['rm', '-f', `${base}/files/${own}.${index}`],
              },
            ]);
            const report = await machine.host.apply({ node: 'node', runId: `r${run}`, resources });
            expect(report.resources.filter(({ outcome }) => outcome !== 'changed')).toEqual([]);
            for (const { name: own, content } of all)
              expect(readFileSync(`${base}/files/${own}`, 'utf8')).toBe(content);
            expect((await machine.host.rollback('node', `r${run}`)).failed).toEqual([]);
            expect(readdirSync(machine.folder)).toEqual(['state']);
          },
        ),
        { numRuns: 3 },
      );
    },
  );
});

import type { LineResource } from '@vmstation/core';
import type { PathSeen } from '../../observe/observations.ts';
import { lines, sh } from '../../script/shell-text.ts';
import { defineKind, difference, rank } from '../kind.ts';
import { finishFile } from '../write-file.ts';
import { posixExpression } from './posix-expression.ts';

interface LineSeen {
  readonly at: PathSeen;
  readonly lines: readonly string[] | undefined;
}

/** One line in a file that somebody else owns; the rest of the file is never touched. */
export const lineKind = defineKind<LineResource, LineSeen>({
  kind: 'line',
  rank: rank.file,
  probes: ({ path }) => [
    { see: 'content', path },
    { see: 'lines', path },
  ],
  read: ({ path }, seen) => ({ at: seen.path(path), lines: seen.linesOf(path) }),
  diff(want, seen) {
    const all = seen.lines ?? [];
    const expression = want.match === undefined ? undefined : posixExpression(want.match);
    const fits = (line: string): boolean => line === want.line || expression?.test(line) === true;
    if (want.ensure === 'absent') {
      const first = all.find(fits);
      return first === undefined ? [] : [difference('line', '(absent)', first)];
    }
    const last = all.findLast((line) => (expression === undefined ? line === want.line : expression.test(line)));
    if (last === want.line || (last === undefined && all.includes(want.line))) return [];
    return [difference('line', want.line, seen.lines === undefined ? '(no such file)' : (last ?? '(absent)'))];
  },
  apply(want, _seen, context) {
    const { path } = want;
    const t = context.beside(path);
    const match = want.match ?? '';
    // The last match is found by grep, because awk's expressions are not the same everywhere.
    const find = want.match === undefined ? sh`k=''` : sh`k=$(grep -n -E -e ${match} "$f" | tail -n 1); k=\${k%%:*}`;
    const write =
      want.ensure === 'absent'
        ? want.match === undefined
          ? sh`grep -vxF -e ${want.line} "$f" >"$t" || :`
          : sh`grep -vxF -e ${want.line} "$f" | grep -v -E -e ${match} >"$t" || :`
        : lines(
            find,
            sh`if [ -z "$k" ] && grep -qxF -e ${want.line} "$f"; then leave; exit 0; fi`,
            sh`V=${want.line} awk -v k="$k" 'NR == k { print ENVIRON["V"]; next } { print } END { if (k == "") print ENVIRON["V"] }' "$f" >"$t"`,
          );
    return {
      keeps: [path],
      shared: true,
      change: lines(
        sh`t=${t}; room ${path} "$t" part; f=$WAS`,
        want.ensure === 'absent'
          ? sh`if [ ! -f "$f" ]; then leave; exit 0; fi`
          : sh`if [ ! -f "$f" ]; then f=/dev/null; fi`,
        write,
        finishFile(want),
      ),
    };
  },
});

import { quoteArguments } from '@vmstation/remote';
import fc from 'fast-check';
import { expect } from 'vitest';
import type { Contract } from '../contract-case.ts';
import type { CommandNode, CommandRun, CommandUser } from './command-node.ts';

/** A real machine and a simulated one that get the same inputs. */
export interface TwoNodes {
  readonly one: CommandNode;
  readonly other: CommandNode;
}

/** Inputs of one command: each draw is a script, run in an emptied folder. */
interface Generated {
  readonly title: string;
  readonly script: fc.Arbitrary<string>;
  readonly user?: CommandUser;
  readonly draws?: number;
}

/** Another seed draws other inputs. */
const seed = Number(process.env['VMSTATION_CONTRACT_SEED'] ?? 20261123);
const draws = 40;

/** Bytes as printf's format takes them; `$'…'` is no POSIX. */
function octal(text: string): string {
  return Array.from(text, (byte) => `\\${byte.charCodeAt(0).toString(8).padStart(3, '0')}`).join('');
}

/** A name as a word of a script; the `x` at its end keeps newlines before it. */
const byteName = fc
  .string({
    unit: fc.constantFrom(...Array.from('aZ09 ._-+~#%&*?[]{}()<>|;:,!@$"\'`\\^=\n\t\u0001\u0080\u00ff')),
    maxLength: 6,
  })
  .map((text) => `"$(printf '${octal(text)}x')"`);
const plainName = fc.constantFrom('f', 'g', 'd', 'l', 'nofile', 'd/e', 'nodir/x', 'f/x', '.', 'd/', './f');
const content = fc
  .string({ unit: fc.constantFrom(...Array.from('ab \t#=:.-\\*[]$^\n\n\u0000\u00ff')), maxLength: 24 })
  .map((text) => `printf '${octal(text)}'`);
const textContent = fc
  .array(fc.string({ unit: fc.constantFrom(...Array.from('ab 1#=:.-*[]$^\t\u00ff')), maxLength: 8 }), { maxLength: 5 })
  .chain((lines) => fc.boolean().map((ends) => lines.join('\n') + (ends && lines.length > 0 ? '\n' : '')))
  .map((text) => `printf '${octal(text)}'`);
const mode = fc.constantFrom('0644', '0600', '0755', '4755', '2775', '1777', '0', '0400', '0200', '0111', '700');
const count = fc.constantFrom('0', '1', '2', '3', '9', '+2', '-1', '100', 'x');

/** Files, folders and links that a drawn command meets. */
const scene = `printf 'a\\nb\\n' >f; : >g; mkdir d; printf c >d/f; ln -s f l; ln -s nowhere m`;
/** Whatever a command left: kind, mode, size, target and content of everything. */
const after = `find . ! -name . -exec stat -c '%F %a %N' {} + 2>/dev/null | LC_ALL=C sort; find . -type f -exec sha256sum {} + 2>/dev/null | LC_ALL=C sort`;

const words = (...parts: (string | fc.Arbitrary<string>)[]): fc.Arbitrary<string> =>
  fc
    .tuple(...parts.map((part) => (typeof part === 'string' ? fc.constant(part) : part)))
    .map((drawn) => drawn.filter((word) => word !== '').join(' '));
const onFiles = (command: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  command.map((line) => `${scene}\n${line} 2>&1; echo "[$?]"\n${after}`);
const anyName = fc.oneof(plainName, byteName);

const lineExpression = fc.oneof(
  fc.constantFrom(
    'a',
    '^a',
    'b$',
    '^$',
    'a*b',
    '[ab]+',
    '[^a]',
    '^[[:space:]]*#?a',
    'a|b',
    '(a|b)1',
    '[.]',
    '\\.',
    'a{1,2}',
  ),
);

const generated: readonly Generated[] = [
  {
    title: 'stat: any mode and name',
    script: fc
      .tuple(byteName, mode)
      .map(
        ([name, bits]) =>
          `n=${name}; : >"$n"; chmod ${bits} "$n"; stat -c '%a %F %s:%n' "$n"; stat -c '%N' "$n"; echo $?`,
      ),
  },
  {
    title: 'sha256sum: any names and content',
    script: fc
      .tuple(byteName, content, plainName)
      .map(([name, text, other]) => `n=${name}; ${text} >"$n"; mkdir d; sha256sum "$n" ${other} 2>&1; echo $?`),
  },
  {
    title: 'base64, both ways: any content',
    script: content.map(
      (text) => `${text} | base64; ${text} | base64 | base64 -d | base64; ${text} | base64 -d 2>&1 | base64`,
    ),
  },
  {
    title: 'head and tail: any count and content',
    script: fc
      .tuple(content, count, fc.constantFrom('-n', '-c'))
      .map(
        ([text, n, flag]) =>
          `${text} >f; tail ${flag} ${n} f 2>&1 | base64; head ${flag} ${n} f 2>&1 | base64; ${text} | head ${flag} ${n} 2>&1 | base64`,
      ),
  },
  { title: 'cat: any files', script: onFiles(words('cat', anyName, anyName)) },
  {
    title: 'grep: any lines and flags',
    script: fc
      .tuple(textContent, fc.subarray(['-n', '-v', '-H', '-x', '-c']), lineExpression)
      .map(
        ([text, flags, expression]) =>
          `${text} >f; grep -E ${flags.join(' ')} -e ${quoteArguments([expression])} f | base64; grep -qxF -e ${quoteArguments([expression])} f; echo $?; grep -vxF -e ${quoteArguments([expression])} f | base64`,
      ),
    draws: 80,
  },
  {
    title: 'grep -vxF -f: any two lists',
    script: fc
      .tuple(textContent, textContent)
      .map(([one, two]) => `${one} >f; ${two} >g; grep -vxF -f f g | base64; grep -H '' f g | base64`),
  },
  {
    title: 'awk: replaces a line of any file',
    script: fc
      .tuple(textContent, fc.constantFrom('', '1', '2', '9'), byteName)
      .map(
        ([text, line, value]) =>
          `${text} >f; v=${value}; V="$v" awk -v k=${line} 'NR == k { print ENVIRON["V"]; next } { print } END { if (k == "") print ENVIRON["V"] }' f | base64; awk '$1 != "a" { print; next } !done { print "new"; done = 1 } END { if (!done) print "end" }' f | base64; awk '{ l = $0; sub(/^[ \\t]*-?[ \\t]*/, "", l); sub(/[ \\t]*=.*/, "", l); if (l == "a") next; print NF, l }' f | base64`,
      ),
    draws: 60,
  },
  {
    title: 'sed -n and tr: any lines',
    script: textContent.map(
      (text) =>
        `${text} >f; sed -n 's/^\\([^:]*\\):.*/\\1/p' f | base64; sed -n 2p f | base64; sed '/a/d' f | base64; tr '\\n' ' ' <f | base64; tr -d 'a\\377' <f | base64`,
    ),
  },
  { title: 'mv -f: any source and goal', script: onFiles(words('mv -f', anyName, anyName)), draws: 60 },
  { title: 'cp -p: any source and goal', script: onFiles(words('cp -p', anyName, anyName)), draws: 60 },
  {
    title: 'rm: any path and flag',
    script: onFiles(
      words(
        'rm',
        fc.constantFrom('-f', '-rf', ''),
        fc.constantFrom('f', 'd', 'l', 'm', 'd/f', 'nofile', 'nodir/x', 'f/x', 'd/', 'l/', '.'),
      ),
    ),
    draws: 60,
  },
  {
    title: 'ln: any target and name',
    script: onFiles(words('ln', fc.constantFrom('-s', '-sfn'), anyName, anyName)),
    draws: 60,
  },
  {
    title: 'mkdir and rmdir: any path',
    script: onFiles(
      words(
        fc.constantFrom('mkdir', 'mkdir -p', 'rmdir'),
        fc.oneof(plainName, byteName, fc.constantFrom('d/x/y', 'l/x', 'd/../z', 'm')),
      ),
    ),
    draws: 60,
  },
  {
    title: 'chmod: any mode and path',
    script: onFiles(
      words('chmod', fc.oneof(mode, fc.constantFrom('u+x', 'g-w,o=', 'a=rX', '+t', 'u+s', '8', 'x')), plainName),
    ),
    draws: 60,
  },
  {
    title: 'readlink: any path',
    script: onFiles(words('readlink', fc.constantFrom('f', 'l', 'm', 'd', 'nofile', 'l m', 'f l', 'd/', 'l/'))),
    draws: 20,
  },
  {
    title: 'files: an ordinary user in folders of any mode',
    user: 'ops',
    script: fc
      .tuple(
        fc.constantFrom(
          'mv -f d/f g',
          'cp -p d/f h',
          'rm -rf d',
          'rm -f d/f',
          'cat d/f',
          'ln -sfn x d/l',
          'mkdir d/x',
          'rmdir d/x',
          'stat -c %a d/f',
          'sha256sum d/f',
          'mv -f f d/f',
          'cp -p f d/f',
        ),
        fc.constantFrom('0700', '0500', '0300', '0100', '0000', '0600'),
        fc.constantFrom('0600', '0400', '0200', '0000'),
      )
      .map(
        ([command, folder, file]) =>
          `${scene}\nchmod ${file} d/f; chmod ${folder} d\n${command} 2>&1; echo "[$?]"; if [ -d d ]; then chmod 0700 d; fi\n${after}`,
      ),
    draws: 80,
  },
  {
    title: 'printf and echo of the shell: any arguments',
    script: fc
      .tuple(
        fc.constantFrom('%s', '%s\\n', '[%5s]', '[%-5s]', '%d', '%x', '%b', '%c', '%%', '%03d|'),
        fc.array(fc.oneof(byteName, fc.constantFrom('1', '-7', '010', '0x1f', 'a')), { maxLength: 3 }),
      )
      .map(
        ([format, args]) =>
          `printf '${format}' ${args.join(' ')} 2>/dev/null | base64; echo $?; echo ${args.join(' ')} | base64`,
      ),
    draws: 60,
  },
  {
    title: 'parameters and patterns of the shell: any value',
    script: fc
      .tuple(byteName, fc.constantFrom('*', '?', '*/', '[a-z]', '*[0-9]', "' '", '.*', '"$w"'))
      .map(
        ([value, pattern]) =>
          `v=${value}; w=a; printf '%s|' "\${v#${pattern}}" "\${v##${pattern}}" "\${v%${pattern}}" "\${v%%${pattern}}" "\${#v}" | base64; case $v in ${pattern}) echo yes;; *) echo no;; esac; set -- $v; printf '<%s>' "$@" | base64; IFS=:; set -- $v; echo $#`,
      ),
    draws: 60,
  },
  {
    title: 'read of the shell: any lines',
    script: content.map(
      (text) =>
        `${text} >f; while IFS= read -r l; do printf '[%s]' "$l"; done <f | base64; while read -r a b; do printf '[%s|%s]' "$a" "$b"; done <f | base64; while IFS=: read -r a b c; do printf '[%s|%s|%s]' "$a" "$b" "$c"; done <f | base64`,
    ),
    draws: 60,
  },
];

/** Draws are run together: one round trip each way. */
function together(scripts: readonly string[]): string {
  const parts = scripts.map(
    (script, number) =>
      `case_${number}() (\n${script}\n)\nmkdir ${number}; cd ${number}; echo "--- ${number}"; case_${number}; cd ..; chmod -R u+rwX ${number} 2>/dev/null; rm -rf ${number}`,
  );
  return parts.join('\n');
}

const answered = new Map<string, Promise<readonly [CommandRun, CommandRun]>>();

/** Both sides are judged by one comparison: the inputs run once on each. */
function answersOf(
  title: string,
  script: string,
  user: CommandUser,
  { one, other }: TwoNodes,
): Promise<readonly [CommandRun, CommandRun]> {
  const answers = answered.get(title) ?? Promise.all([one.run(script, user), other.run(script, user)]);
  answered.set(title, answers);
  return answers;
}

/** The same drawn inputs on a real and on a simulated machine: printed and left behind byte for byte alike. */
export const generatedCommands: Contract<TwoNodes> = {
  port: 'Commands, drawn inputs',
  cases: generated.map(({ title, script, user = 'root', draws: wanted = draws }) => ({
    title,
    run: async ({ one, other }) => {
      const drawn = fc.sample(script, { seed, numRuns: wanted });
      const [real, simulated] = await answersOf(title, together(drawn), user, { one, other });
      const blocks = (text: string): readonly string[] => text.split(/^--- \d+$/m).slice(1);
      const [left, right] = [blocks(real.stdout), blocks(simulated.stdout)];
      const differences = drawn.flatMap((input, number) =>
        left[number] === right[number] ? [] : [{ input, real: left[number], simulated: right[number] }],
      );
      expect(left).toHaveLength(drawn.length);
      expect(differences).toEqual([]);
    },
  })),
};

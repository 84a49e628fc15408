import { lines, ShellText, sh } from '../../script/shell-text.ts';
import type { PackageBatch } from '../kind.ts';
import type { PackageCommands } from './package-commands.ts';

/**
 * Takes versions and holds back to those of before, from the lists `was` and `is` (before and after the run) and what is there now. A package that
 * somebody has given another version since is left as it is, and said. What had to come along with a declared version goes back with it, where its
 * source still has it. A hold is only touched where one was declared.
 */
export function undoVersions(commands: PackageCommands, batch: readonly PackageBatch[]): ShellText {
  const named = (isOne: (one: PackageBatch) => boolean): string =>
    ` ${batch
      .filter(isOne)
      .map(({ name }) => name)
      .join(' ')} `;
  const versioned = named(({ version }) => version !== undefined);
  const held = named((one) => one.held !== undefined);
  const { states, release, hold, putBack, versionSign } = commands;
  // Sets the positional parameters to the packages that the plan has behind a word.
  const those = (pattern: string): ShellText =>
    sh`set --; while read -r k v; do case $k in ${new ShellText(pattern)}) set -- "$@" "$v";; esac; done <"$RUN/back.$n"`;
  return lines(
    sh`${states} >"$RUN/now.$n"`,
    // The run was cut off before it looked again.
    sh`if [ ! -e "$RUN/is.$n" ]; then cp -p "$RUN/now.$n" "$RUN/is.$n"; fi`,
    sh`{ awk '{ print "was", $0 }' "$RUN/was.$n"; awk '{ print "is", $0 }' "$RUN/is.$n"; awk '{ print "now", $0 }' "$RUN/now.$n"; } | D=${versioned} H=${held} S=${versionSign} awk ${plan} >"$RUN/back.$n"`,
    sh`${those('release')}; if [ "$#" -gt 0 ]; then ${release}; fi`,
    sh`${those('own|along')}; if [ "$#" -gt 0 ]; then ( ${putBack} ) || { ${those('own')}; ( ${putBack} ); }; fi`,
    ...(hold === undefined ? [] : [sh`${those('hold')}; if [ "$#" -gt 0 ]; then ${hold}; fi`]),
    sh`${those('left')}; if [ "$#" -gt 0 ]; then printf '%s\n' "changed after the run, so left as it is: $*"; exit 1; fi`,
  );
}

const plan = `
function in_words(words, p) { return index(ENVIRON[words], " " p " ") > 0 }
{ v[$1 " " $2] = $3; h[$1 " " $2] = ($4 == "hold"); if ($1 == "was") all[$2] = 1 }
END {
  for (p in all) if (in_words("D", p) && v["is " p] != "" && v["was " p] != v["is " p]) moved = 1
  for (p in all) {
    w = v["was " p]; i = v["is " p]; now = v["now " p]; owned = in_words("D", p)
    if (i == "") continue
    back = w != i && now == i && (owned || moved)
    if (back) print (owned ? "own" : "along"), p ENVIRON["S"] w
    else if (owned && w != i && now != w) {
      if (now == "") print "left", p " (removed)"
      else print "left", p ENVIRON["S"] now
    }
    if (!in_words("H", p) || now == "") continue
    if (back || (h["now " p] && !h["was " p])) print "release", p
    if (h["was " p] && (back || !h["now " p])) print "hold", p
  }
}`.trim();

import { nodeCommands } from '../commands.ts';
import type { FoundCommand } from './shell-words.ts';

/** Programs whose first word that is no flag says what they do. */
const withVerbs = new Set(['systemctl', 'apt-get', 'apt-mark', 'dnf']);

/** What of these commands {@link nodeCommands} does not list, as `program` or `program word`; each once. */
export function unlistedCommands(found: readonly FoundCommand[]): readonly string[] {
  const unlisted = found.flatMap((one) => {
    const { program } = one;
    const listed = nodeCommands.find(({ command }) => command === program);
    if (listed === undefined) return [program];
    return wordsToList(one)
      .filter((word) => !listed.words.some((known) => isWord(known, word)))
      .map((word) => `${program} ${word}`);
  });
  return [...new Set(unlisted)];
}

/** Flags, and the verb where a program has verbs. */
export function wordsToList({ program, words }: FoundCommand): readonly string[] {
  const flags = words.filter((word) => word.startsWith('-') && word !== '-');
  const verb = withVerbs.has(program) ? words.find((word) => /^[a-z]/.test(word)) : undefined;
  return verb === undefined ? flags : [...flags, verb];
}

/** Whether a word of a script is this listed one. */
export function isWord(listed: string, word: string): boolean {
  return listed.endsWith('=') ? word.startsWith(listed) : listed === word;
}

/**
 * Splits a host line of an INI inventory as Python's `shlex.split(line, comments=True)` does: quotes of both kinds, backslashes, and
 * a `#` that starts a comment even inside a word. Throws an Error for a quote or backslash without an end.
 */
export function shellWords(line: string): readonly string[] {
  const words: string[] = [];
  let word: string | undefined;
  for (let at = 0; at < line.length; at += 1) {
    const letter = line.charAt(at);
    if (/[ \t\r\n]/.test(letter)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (letter === '#') break;
    else if (letter === '\\') {
      at += 1;
      if (at >= line.length) throw new Error('nothing follows the last backslash');
      word = (word ?? '') + line.charAt(at);
    } else if (letter === '"' || letter === "'") {
      const quoted = quotedPart(line, at);
      word = (word ?? '') + quoted.text;
      at = quoted.end;
    } else word = (word ?? '') + letter;
  }
  return word === undefined ? words : [...words, word];
}

function quotedPart(line: string, start: number): { readonly text: string; readonly end: number } {
  const quote = line.charAt(start);
  let text = '';
  for (let at = start + 1; at < line.length; at += 1) {
    const letter = line.charAt(at);
    if (letter === quote) return { text, end: at };
    const next = line.charAt(at + 1);
    // Within double quotes a backslash is one unless it stands before a quote or another backslash.
    if (quote === '"' && letter === '\\' && (next === '"' || next === '\\')) {
      text += next;
      at += 1;
    } else text += letter;
  }
  throw new Error('a quote has no end');
}

/*
 * Names in the messages of GNU coreutils, as gnulib's quotearg writes them in the C locale: `'a b'`, `'a'$'\n''b'`, `"it's"`.
 */

const letters: Readonly<Record<number, string>> = {
  7: '\\a',
  8: '\\b',
  9: '\\t',
  10: '\\n',
  11: '\\v',
  12: '\\f',
  13: '\\r',
};

/** A name in quotes, whatever it holds (`shell-escape-always`): stat's %N and most messages. */
export function quotedName(text: string): string {
  if (text.includes("'") && /^[%+,\-./0-9:@A-Z\]_a-z ']*$/.test(text.replace(/^[#~]/, ''))) return `"${text}"`;
  let quoted = "'";
  let inEscape = false;
  for (const character of text) {
    const code = character.charCodeAt(0);
    const isPlain = code >= 32 && code < 127;
    if (!isPlain && !inEscape) quoted += "'$'";
    if (isPlain && inEscape && character !== "'") quoted += "''";
    inEscape = !isPlain;
    if (isPlain) quoted += character === "'" ? "'\\''" : character;
    else quoted += letters[code] ?? `\\${code.toString(8).padStart(3, '0')}`;
  }
  return `${quoted}'`;
}

/** A name under QUOTING_STYLE=escape: what is no plain text as `\n` or `\303`. */
export function escapedName(text: string): string {
  return [...text]
    .map((character) => {
      const code = character.charCodeAt(0);
      if (character === '\\') return '\\\\';
      return code >= 32 && code < 127 ? character : (letters[code] ?? `\\${code.toString(8).padStart(3, '0')}`);
    })
    .join('');
}

/** A name in quotes only where a shell would need them, or where it holds a colon itself: `cat: nofile: …`. */
export function nameInMessage(text: string): string {
  return text !== '' && /^[%+,\-./0-9A-Z\]_a-z@{}][%+,\-./0-9A-Z\]_a-z@{}#~]*$/.test(text) ? text : quotedName(text);
}

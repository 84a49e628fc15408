const arrow = ' -> ';
const letters: Readonly<Record<string, number>> = { a: 7, b: 8, t: 9, n: 10, v: 11, f: 12, r: 13, '\\': 92 };

/**
 * The target of a link in stat's `%N`, undefined where that is not what it should be: `NAME -> TARGET`, in which GNU coreutils under QUOTING_STYLE=escape write what is no plain text as `\n` or
 * `\303`; BusyBox writes `'NAME' -> 'TARGET'` as it is.
 */
export function targetOf(path: string, line: string): string | undefined {
  const plain = `'${path}'${arrow}'`;
  if (line.startsWith(plain) && line.endsWith("'")) return line.slice(plain.length, -1);
  // An arrow is never escaped, so it stands in the name here as often as in the name itself.
  const parts = line.split(arrow);
  const inName = path.split(arrow).length;
  if (parts.length <= inName || unescaped(parts.slice(0, inName).join(arrow)) !== path) return undefined;
  return unescaped(parts.slice(inName).join(arrow));
}

function unescaped(text: string): string {
  const bytes = [...text.matchAll(/\\([0-7]{3})|\\(.)|([^\\]+)/g)].map(([, octal, letter, plain]) => {
    if (octal !== undefined) return Buffer.from([Number.parseInt(octal, 8)]);
    return letter === undefined ? Buffer.from(plain ?? '') : Buffer.from([letters[letter] ?? letter.charCodeAt(0)]);
  });
  return Buffer.concat(bytes).toString('utf8');
}

const classes: Readonly<Record<string, string>> = {
  alnum: 'A-Za-z0-9',
  alpha: 'A-Za-z',
  blank: ' \\t',
  digit: '0-9',
  lower: 'a-z',
  print: ' -~',
  punct: '!-\\/:-@\\[-`{-~',
  space: ' \\t\\n\\r\\f\\v',
  upper: 'A-Z',
  xdigit: '0-9A-Fa-f',
};

/**
 * The JavaScript expression that matches as a POSIX extended one does in the C locale (POSIX 9.4): in a bracket expression a backslash is
 * itself and `[:class:]` names a class. Equivalence classes and collating symbols are not known.
 */
export function posixExpression(expression: string): RegExp {
  let out = '';
  for (let at = 0; at < expression.length; ) {
    const character = expression[at] ?? '';
    if (character === '[') {
      const end = bracketEnd(expression, at);
      out += bracket(expression.slice(at + 1, end));
      at = end + 1;
    } else if (character === '\\') {
      const next = expression[at + 1] ?? '\\';
      out += /[A-Za-z0-9]/.test(next) ? gnuEscape(next) : `\\${next}`;
      at += 2;
    } else {
      out += character;
      at += 1;
    }
  }
  return new RegExp(out);
}

/** GNU grep's own escapes that JavaScript has too, or has by another name. */
function gnuEscape(letter: string): string {
  if (/[wWsSbB]/.test(letter)) return `\\${letter}`;
  if (letter === '<') return '\\b(?=\\w)';
  return letter === '>' ? '\\b(?<=\\w)' : letter;
}

function bracketEnd(expression: string, start: number): number {
  let at = start + 1;
  if (expression[at] === '^') at += 1;
  if (expression[at] === ']') at += 1;
  while (at < expression.length && expression[at] !== ']') {
    const named = /^\[:[a-z]+:\]/.exec(expression.slice(at));
    at += named === null ? 1 : named[0].length;
  }
  return at;
}

function bracket(body: string): string {
  const negated = body.startsWith('^');
  const members = (negated ? body.slice(1) : body).replaceAll(
    /\[:([a-z]+):\]|[\\[\]^]/g,
    (part, name: string | undefined) => (name === undefined ? `\\${part}` : (classes[name] ?? '')),
  );
  return `[${negated ? '^' : ''}${members}]`;
}

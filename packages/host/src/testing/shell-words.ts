/** A command as it stands in a script: its program and those of its words that are literal. */
export interface FoundCommand {
  readonly program: string;
  readonly words: readonly string[];
}

const reserved = new Set(['if', 'then', 'else', 'elif', 'fi', 'while', 'until', 'do', 'done', '{', '}', '!']);
const builtins = new Set(
  '[ : . break case cd command continue echo eval exec exit export false for in esac kill printf read return set shift test trap true umask unset wait'.split(
    ' ',
  ),
);

/** Functions of the script that takes back: an apply's script carries what it will run, and has them not. */
const ofRollback = ['may_put_back', 'unused'];

/**
 * The programs that a script starts, by a plain reading of POSIX shell: here-documents and comments are skipped, command substitutions and
 * subshells are read, functions of the script and builtins are left out.
 */
export function commandsIn(script: string): readonly FoundCommand[] {
  const functions = new Set(ofRollback);
  for (const [, name] of script.matchAll(/(?:^|')([a-z_][a-z_0-9]*)\(\) \{(?: |$)/gm)) functions.add(name ?? '');
  const found: FoundCommand[] = [];
  readCommands(withoutHereDocuments(script), found);
  return found.filter(
    ({ program }) => program !== '' && !builtins.has(program) && !functions.has(program) && !program.includes('$'),
  );
}

/** Bodies of here-documents that are scripts themselves (undo) are read as well. */
function withoutHereDocuments(script: string): string {
  return script
    .replaceAll(/<<EOF\n[\s\S]*?\nEOF(?=\n|$)/g, '')
    .replaceAll(/<<'([A-Z_]+_[0-9a-z]+)'\n([\s\S]*?)\n?\1(?=\n|$)/g, (_, delimiter: string, body: string) =>
      delimiter.startsWith('UNDO') ? `\n${body}\n` : '',
    );
}

function readCommands(source: string, found: FoundCommand[]): void {
  let words: string[] = [];
  const flush = (): void => {
    const rest = [...words];
    words = [];
    while (rest.length > 0 && (reserved.has(rest[0] ?? '') || /^[A-Za-z_]\w*=/.test(rest[0] ?? ''))) rest.shift();
    const [program, ...others] = rest;
    if (program === undefined) return;
    if (program === 'for' || (program === 'command' && others[0] === '-v')) return;
    runs(program, others);
  };
  const runs = (program: string, others: readonly string[]): void => {
    const [first = '', ...after] = others;
    if (program === 'command' || program === 'patiently' || program === 'exec') runs(first, after);
    else if (program === 'setsid') {
      const flags = others.filter((_, index) => others.slice(0, index + 1).every((one) => one.startsWith('-')));
      found.push({ program, words: flags });
      runs(others[flags.length] ?? '', others.slice(flags.length + 1));
    } else if (program === 'timeout') {
      found.push({ program, words: [] });
      runs(after[0] ?? '', after.slice(1));
    } else if (program === 'sh' && first === '-c') {
      found.push({ program, words: [first] });
      readCommands(after[0] ?? '', found);
    } else found.push({ program, words: others });
  };
  let at = 0;
  while (at < source.length) {
    const character = source[at] ?? '';
    if (character === '#' && /(^|[\s;])$/.test(source.slice(Math.max(0, at - 1), at))) at = endOf(source, '\n', at);
    else if (source.startsWith(';;', at)) {
      flush();
      at = afterPattern(source, at + 2);
    } else if (/[;&|\n()]/.test(character)) {
      flush();
      at += 1;
    } else if (/\s/.test(character)) at += 1;
    else if (/[<>]/.test(character) || /^\d+>/.test(source.slice(at, at + 2))) {
      const redirect = /^\d*[<>]+&?\s*/.exec(source.slice(at))?.[0].length ?? 1;
      at = readWord(source, at + redirect, found).end;
    } else {
      const word = readWord(source, at, found);
      words.push(word.text);
      at = word.end;
      if (words.at(-3) === 'case' && words.at(-1) === 'in') {
        words = [];
        at = afterPattern(source, at);
      }
    }
  }
  flush();
}

/** Past the next pattern of a `case`, unless it ends here. */
function afterPattern(source: string, from: number): number {
  const blank = /^\s*/.exec(source.slice(from))?.[0].length ?? 0;
  let at = from + blank;
  if (source.startsWith('esac', at)) return at;
  while (at < source.length && source[at] !== ')') at = source[at] === "'" ? endOf(source, "'", at + 1) + 1 : at + 1;
  return at + 1;
}

function readWord(source: string, start: number, found: FoundCommand[]): { text: string; start: number; end: number } {
  let text = '';
  let at = start;
  while (at < source.length && !/[\s;&|()<>]/.test(source[at] ?? '')) {
    const character = source[at] ?? '';
    if (character === "'") {
      const end = endOf(source, "'", at + 1);
      text += source.slice(at + 1, end);
      at = end + 1;
    } else if (character === '"') {
      const quoted = readQuoted(source, at + 1, found);
      text += quoted.text;
      at = quoted.end;
    } else if (character === '\\') {
      text += source[at + 1] ?? '';
      at += 2;
    } else if (source.startsWith('$(', at) && source[at + 2] !== '(') {
      const end = closing(source, at + 2);
      readCommands(source.slice(at + 2, end), found);
      text += '$';
      at = end + 1;
    } else if (source.startsWith('$((', at)) {
      at = source.indexOf('))', at) + 2;
      text += '$';
    } else if (source.startsWith('${', at)) {
      at = source.indexOf('}', at) + 1;
      text += '$';
    } else {
      text += character;
      at += 1;
    }
  }
  return { text, start, end: Math.max(at, start + 1) };
}

function readQuoted(source: string, start: number, found: FoundCommand[]): { text: string; end: number } {
  let text = '';
  let at = start;
  while (at < source.length && source[at] !== '"') {
    if (source[at] === '\\') {
      text += source[at + 1] ?? '';
      at += 2;
    } else if (source.startsWith('$(', at) && source[at + 2] !== '(') {
      const end = closing(source, at + 2);
      readCommands(source.slice(at + 2, end), found);
      text += '$';
      at = end + 1;
    } else {
      text += source[at];
      at += 1;
    }
  }
  return { text, end: at + 1 };
}

/** The parenthesis that closes a substitution, past quotes and nested ones. */
function closing(source: string, start: number): number {
  let depth = 1;
  for (let at = start; at < source.length; at += 1) {
    if (source[at] === "'") at = endOf(source, "'", at + 1);
    else if (source[at] === '(') depth += 1;
    else if (source[at] === ')') depth -= 1;
    if (depth === 0) return at;
  }
  return source.length;
}

function endOf(source: string, mark: string, from: number): number {
  const end = source.indexOf(mark, from);
  return end === -1 ? source.length : end;
}

import type { ScenarioPosition } from './scenario-statement.ts';

/** What is wrong with a script, and where. */
export interface ScenarioFault {
  readonly at: ScenarioPosition;
  readonly message: string;
}

/** Ends the reading of one line. */
export class ScenarioLineFault extends Error {
  readonly at: ScenarioPosition;

  constructor(at: ScenarioPosition, message: string) {
    super(message);
    this.at = at;
  }
}

/** One word of a line: quotes taken off. */
export interface ScenarioWord {
  readonly text: string;
  readonly at: ScenarioPosition;
}

/** Splits a line into words: blanks separate, double quotes hold together (with \" and \\ inside), `#` before a word begins a comment. Throws ScenarioLineFault. */
export function splitLine(text: string, line: number): readonly ScenarioWord[] {
  const words: ScenarioWord[] = [];
  let index = 0;
  while (index < text.length) {
    const char = text[index] as string;
    if (/\s/.test(char)) {
      index += 1;
      continue;
    }
    if (char === '#') break;
    const at = { line, column: index + 1 };
    const read = char === '"' ? readQuoted(text, index, at) : readPlain(text, index);
    words.push({ text: read.text, at });
    index = read.end;
  }
  return words;
}

function readPlain(text: string, from: number): { readonly text: string; readonly end: number } {
  let end = from;
  while (end < text.length && !/\s/.test(text[end] as string)) end += 1;
  return { text: text.slice(from, end), end };
}

function readQuoted(text: string, from: number, at: ScenarioPosition): { readonly text: string; readonly end: number } {
  let value = '';
  for (let index = from + 1; index < text.length; index += 1) {
    const char = text[index] as string;
    if (char === '"') return { text: value, end: index + 1 };
    if (char === '\\' && index + 1 < text.length) {
      index += 1;
      value += text[index];
    } else value += char;
  }
  throw new ScenarioLineFault(at, 'this quote is not closed');
}

/** The words of one line, taken from left to right. */
export class WordReader {
  readonly #words: readonly ScenarioWord[];
  readonly #line: string;
  readonly #number: number;
  #next = 0;

  constructor(line: string, number: number) {
    this.#words = splitLine(line, number);
    this.#line = line;
    this.#number = number;
  }

  get isEmpty(): boolean {
    return this.#words.length === 0;
  }

  /** Where the line begins. */
  get start(): ScenarioPosition {
    return this.#words[0]?.at ?? { line: this.#number, column: 1 };
  }

  /** The next word, or undefined at the end. */
  peek(): ScenarioWord | undefined {
    return this.#words[this.#next];
  }

  /** Takes the next word, which has to be there: `what` says what it should be. */
  take(what: string): ScenarioWord {
    const word = this.#words[this.#next];
    if (word === undefined) throw new ScenarioLineFault(this.#end(), `here ${what} is missing`);
    this.#next += 1;
    return word;
  }

  /** Takes the next word when it is this one. */
  takeIf(text: string): boolean {
    if (this.peek()?.text !== text) return false;
    this.#next += 1;
    return true;
  }

  /** Takes all words that are left. */
  rest(): readonly ScenarioWord[] {
    const left = this.#words.slice(this.#next);
    this.#next = this.#words.length;
    return left;
  }

  /** The rest of the line as it stands, comments and quotes included: a command for a shell. */
  restAsWritten(what: string): string {
    const { at } = this.take(what);
    this.#next = this.#words.length;
    return this.#line.slice(at.column - 1).trimEnd();
  }

  /** Throws when something is left. */
  finish(): void {
    const extra = this.peek();
    if (extra !== undefined) throw new ScenarioLineFault(extra.at, `\`${extra.text}\` is too much here`);
  }

  #end(): ScenarioPosition {
    const last = this.#words.at(-1);
    return { line: this.#number, column: last === undefined ? 1 : this.#line.trimEnd().length + 1 };
  }
}

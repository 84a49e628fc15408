/** What a text may turn out not to be. */
class NoLiteral extends Error {}

/**
 * The value of a variable in an INI inventory: what Python's `ast.literal_eval` makes of it, and the text itself where that is no literal.
 * So `5 # five` is 5 but `foo # bar` is the whole text, `True` is a boolean but `true` is a text, and `0644` is a text.
 */
export function pythonValue(text: string): unknown {
  const reader = new LiteralReader(text);
  try {
    return reader.whole();
  } catch (error) {
    if (error instanceof NoLiteral) return text;
    throw error;
  }
}

const constants: Readonly<Record<string, unknown>> = { True: true, False: false, None: null };
const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', '\\': '\\', "'": "'", '"': '"' };
const quotedStart = /^([uU]|[bB][rR]?|[rR][bB]?)?(["'])/;
const number =
  /^[+-]?(?:0[xX][0-9a-fA-F]+|0[oO][0-7]+|0[bB][01]+|(?:0+|[1-9](?:_?\d)*)(?![\d.eE_])|\d(?:_?\d)*\.(?:\d(?:_?\d)*)?(?:[eE][+-]?\d+)?|\.\d(?:_?\d)*(?:[eE][+-]?\d+)?|\d(?:_?\d)*[eE][+-]?\d+)/;

class LiteralReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** All of the text: a value, or values with commas between them, which are a tuple. Only blanks and a comment may follow. */
  whole(): unknown {
    const first = this.value();
    const items = [first];
    let isTuple = false;
    while (this.#takes(',')) {
      isTuple = true;
      if (this.#isAtEnd()) break;
      items.push(this.value());
    }
    if (!this.#isAtEnd()) throw new NoLiteral();
    return isTuple ? items : first;
  }

  value(): unknown {
    this.#blanks();
    const rest = this.#text.slice(this.#at);
    const first = rest.charAt(0);
    if (quotedStart.test(rest)) return this.#strings();
    if (first === '[') return this.#list(']').items;
    if (first === '(') {
      const { items, commas } = this.#list(')');
      return items.length === 1 && !commas ? items[0] : items;
    }
    if (first === '{') return this.#mapping();
    const word = /^(?:True|False|None)(?!\w)/.exec(rest)?.[0];
    if (word !== undefined) {
      this.#at += word.length;
      return constants[word];
    }
    const digits = number.exec(rest)?.[0];
    if (digits === undefined || /^\w/.test(rest.slice(digits.length))) throw new NoLiteral();
    this.#at += digits.length;
    const size = Number(digits.replace(/^[+-]/, '').replaceAll('_', ''));
    return digits.startsWith('-') ? -size : size;
  }

  #isAtEnd(): boolean {
    this.#blanks();
    return this.#at >= this.#text.length || this.#text.charAt(this.#at) === '#';
  }

  /** Strings side by side are one string. */
  #strings(): string {
    let joined = '';
    for (;;) {
      joined += this.#string();
      this.#blanks();
      if (!quotedStart.test(this.#text.slice(this.#at))) return joined;
    }
  }

  #string(): string {
    const [, prefix = '', quote = ''] = quotedStart.exec(this.#text.slice(this.#at)) ?? [];
    const isRaw = /r/i.test(prefix);
    this.#at += prefix.length;
    let value = '';
    for (this.#at += 1; this.#at < this.#text.length; this.#at += 1) {
      const letter = this.#text.charAt(this.#at);
      if (letter === quote) {
        this.#at += 1;
        return value;
      }
      if (letter === '\\') {
        this.#at += 1;
        const next = this.#text.charAt(this.#at);
        value += (isRaw ? undefined : escapes[next]) ?? `\\${next}`;
      } else value += letter;
    }
    throw new NoLiteral();
  }

  #list(close: string): { readonly items: unknown[]; readonly commas: boolean } {
    const items: unknown[] = [];
    let commas = false;
    this.#at += 1;
    for (;;) {
      if (this.#takes(close)) return { items, commas };
      if (items.length > 0 && !commas) throw new NoLiteral();
      items.push(this.value());
      const comma = this.#takes(',');
      commas ||= comma;
      if (!comma) {
        if (this.#takes(close)) return { items, commas };
        throw new NoLiteral();
      }
    }
  }

  #mapping(): unknown {
    const entries: [string, unknown][] = [];
    this.#at += 1;
    for (;;) {
      if (this.#takes('}')) return Object.fromEntries(entries);
      const key = this.value();
      if (!this.#takes(':')) throw new NoLiteral();
      entries.push([String(key), this.value()]);
      if (!this.#takes(',')) {
        if (this.#takes('}')) return Object.fromEntries(entries);
        throw new NoLiteral();
      }
    }
  }

  #takes(letter: string): boolean {
    this.#blanks();
    if (this.#text.charAt(this.#at) !== letter) return false;
    this.#at += 1;
    return true;
  }

  #blanks(): void {
    while (/[ \t]/.test(this.#text.charAt(this.#at))) this.#at += 1;
  }
}

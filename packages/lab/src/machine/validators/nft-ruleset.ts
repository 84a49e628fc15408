import { checkChainLine, FAMILIES, MATCHES, NftFault, type Token, tokens } from './nft-syntax.ts';

/** One chain, set or other object of a table: its lines as nft prints them. */
export interface NftObject {
  head: string;
  lines: string[];
}

/** `family name` → `head` of an object → the object. */
export type NftRuleset = Map<string, Map<string, NftObject>>;

/** Carries a text of nft(8) out on a copy of a ruleset, all of it or nothing. Throws NftFault. */
export function applyNft(before: NftRuleset, text: string): NftRuleset {
  const ruleset: NftRuleset = new Map([...before].map(([name, objects]) => [name, new Map(objects)]));
  new Reader(ruleset, tokens(text)).run();
  return ruleset;
}

/** The ruleset as `nft list ruleset` prints it. */
export function printNft(ruleset: NftRuleset): string {
  return [...ruleset].map(([name, objects]) => printTable(name, objects)).join('');
}

/** One table as `nft list table` prints it. */
export function printTable(name: string, objects: ReadonlyMap<string, NftObject>): string {
  const parts = [...objects.values()].map(
    ({ head, lines }) => `\t${head} {\n${lines.map((line) => `\t\t${line}\n`).join('')}\t}\n`,
  );
  return `table ${name} {\n${parts.join('\n')}}\n`;
}

class Reader {
  readonly #ruleset: NftRuleset;
  readonly #tokens: Token[];
  #at = 0;

  constructor(ruleset: NftRuleset, list: Token[]) {
    this.#ruleset = ruleset;
    this.#tokens = list;
  }

  #peek(): Token {
    return this.#tokens[this.#at] ?? { text: '', line: (this.#tokens.at(-1)?.line ?? 0) + 1, column: 1 };
  }

  #next(): Token {
    const token = this.#peek();
    this.#at += 1;
    return token;
  }

  #unexpected(token: Token): NftFault {
    const what =
      token.text === ''
        ? 'end of file'
        : token.text === '\n'
          ? 'newline'
          : /^[{};,]$/.test(token.text)
            ? `'${token.text}'`
            : /^\w+$/.test(token.text) && (MATCHES.has(token.text) || FAMILIES.has(token.text))
              ? token.text
              : 'string';
    return new NftFault(token.line, token.column, `syntax error, unexpected ${what}`);
  }

  #blank(): void {
    while (this.#peek().text === '\n' || this.#peek().text === ';') this.#at += 1;
  }

  run(): void {
    for (this.#blank(); this.#peek().text !== ''; this.#blank()) {
      const token = this.#next();
      if (token.text === 'table') this.#table(false);
      else if (token.text === 'add' || token.text === 'create') this.#addCommand(token.text === 'create');
      else if (token.text === 'delete' || token.text === 'destroy') this.#deleteCommand(token.text === 'destroy');
      else if (token.text === 'flush') this.#flushCommand();
      else throw this.#unexpected(token);
      const end = this.#peek().text;
      if (end !== '\n' && end !== ';' && end !== '') throw this.#unexpected(this.#peek());
    }
  }

  /** `[family] name`, as the key of the ruleset. */
  #tableName(): { key: string; token: Token } {
    let token = this.#next();
    let family = 'ip';
    if (FAMILIES.has(token.text)) {
      family = token.text;
      token = this.#next();
    }
    if (!/^[a-zA-Z][\w./-]*$/.test(token.text)) throw this.#unexpected(token);
    return { key: `${family} ${token.text}`, token };
  }

  #table(create: boolean): void {
    const { key, token } = this.#tableName();
    if (create && this.#ruleset.has(key))
      throw new NftFault(token.line, token.column, 'Could not process rule: File exists');
    const objects = this.#ruleset.get(key) ?? new Map<string, NftObject>();
    this.#ruleset.set(key, objects);
    if (this.#peek().text !== '{') return;
    const missing: { target: string; token: Token }[] = [];
    this.#next();
    for (this.#blank(); this.#peek().text !== '}'; this.#blank()) this.#object(objects, missing);
    this.#next();
    for (const { target, token: where } of missing) {
      if (!objects.has(`chain ${target}`))
        throw new NftFault(where.line, where.column, 'Could not process rule: No such file or directory');
    }
  }

  #object(objects: Map<string, NftObject>, missing: { target: string; token: Token }[]): void {
    const kind = this.#next();
    if (!/^(chain|set|map|flowtable|counter|quota|limit|ct|comment|flags)$/.test(kind.text))
      throw this.#unexpected(kind);
    const words = [kind.text];
    while (/^[^{};\n]+$/.test(this.#peek().text)) words.push(this.#next().text);
    const head = words.join(' ');
    if (kind.text === 'comment' || kind.text === 'flags') return;
    if (words.length < 2 || this.#peek().text !== '{') throw this.#unexpected(this.#peek());
    this.#next();
    const object: NftObject = { head, lines: [...(objects.get(head)?.lines ?? [])] };
    for (this.#blank(); this.#peek().text !== '}'; this.#blank()) {
      const statement = this.#statement();
      if (kind.text === 'chain') {
        checkChainLine(statement, (token) => this.#unexpected(token), missing);
        joinDeclaration(object.lines, print(statement));
      } else object.lines.push(print(statement));
    }
    this.#next();
    objects.set(head, object);
  }

  /** The tokens up to a semicolon or newline outside of braces. */
  #statement(): Token[] {
    const statement: Token[] = [];
    let depth = 0;
    for (;;) {
      const token = this.#peek();
      if (token.text === '' || (depth === 0 && token.text === '{' && statement.length === 0) || token.text === '"')
        throw this.#unexpected(token);
      if (depth === 0 && (token.text === '}' || token.text === ';' || token.text === '\n')) return statement;
      this.#next();
      if (token.text === '{') depth += 1;
      if (token.text === '}') depth -= 1;
      if (token.text !== '\n') statement.push(token);
    }
  }

  #addCommand(create: boolean): void {
    const what = this.#next();
    if (what.text === 'table') return this.#table(create);
    if (what.text !== 'chain' && what.text !== 'rule') throw this.#unexpected(what);
    const objects = this.#known();
    const chain = this.#next();
    const head = `chain ${chain.text}`;
    if (what.text === 'chain') {
      const lines: string[] = [];
      if (this.#peek().text === '{') {
        this.#next();
        for (this.#blank(); this.#peek().text !== '}'; this.#blank()) joinDeclaration(lines, print(this.#checked()));
        this.#next();
      }
      if (!objects.has(head)) objects.set(head, { head, lines });
      return;
    }
    const found = objects.get(head);
    if (!found) throw new NftFault(chain.line, chain.column, 'Could not process rule: No such file or directory');
    objects.set(head, { head, lines: [...found.lines, print(this.#checked())] });
  }

  #checked(): Token[] {
    const statement = this.#statement();
    checkChainLine(statement, (token) => this.#unexpected(token), []);
    return statement;
  }

  #known(): Map<string, NftObject> {
    const { key, token } = this.#tableName();
    const objects = this.#ruleset.get(key);
    if (!objects) throw new NftFault(token.line, token.column, 'Could not process rule: No such file or directory');
    return objects;
  }

  #deleteCommand(mayMiss: boolean): void {
    const what = this.#next();
    if (what.text === 'table') {
      const { key, token } = this.#tableName();
      if (!this.#ruleset.delete(key) && !mayMiss)
        throw new NftFault(token.line, token.column, 'Could not process rule: No such file or directory');
      return;
    }
    if (!/^(chain|set|map)$/.test(what.text)) throw this.#unexpected(what);
    const objects = this.#known();
    const name = this.#next();
    if (!objects.delete(`${what.text} ${name.text}`) && !mayMiss)
      throw new NftFault(name.line, name.column, 'Could not process rule: No such file or directory');
  }

  #flushCommand(): void {
    const what = this.#next();
    if (what.text === 'ruleset') {
      const family = FAMILIES.has(this.#peek().text) ? this.#next().text : undefined;
      for (const key of this.#ruleset.keys())
        if (family === undefined || key.startsWith(`${family} `)) this.#ruleset.delete(key);
      return;
    }
    if (what.text !== 'table' && what.text !== 'chain') throw this.#unexpected(what);
    const objects = this.#known();
    const only = what.text === 'chain' ? `chain ${this.#next().text}` : undefined;
    for (const [head, object] of objects) {
      if (head.startsWith('chain ') && (only === undefined || only === head))
        objects.set(head, { head, lines: object.lines.filter((line) => /^(type|policy) /.test(line)) });
    }
  }
}

/** nft prints type, priority and policy of a chain in one line. */
function joinDeclaration(lines: string[], text: string): void {
  const first = lines[0];
  if (text.startsWith('type ')) lines.splice(0, first?.startsWith('type ') ? 1 : 0, `${text};`);
  else if (text.startsWith('policy ') && first?.startsWith('type '))
    lines[0] = `${first.replace(/ policy \w+;/, '')} ${text};`;
  else lines.push(text);
}

function print(statement: readonly Token[]): string {
  return statement
    .map(({ text }) => text)
    .join(' ')
    .replaceAll(' ,', ',');
}

import { permits } from '../disk/inode.ts';
import { evaluateArithmetic } from './arithmetic.ts';
import { matchPaths } from './glob.ts';
import { expandParameter } from './parameter.ts';
import { escapePattern, hasPattern, unescapePattern } from './pattern.ts';
import { joined, type Piece, type WordExpander } from './piece.ts';
import type { ShellState } from './shell-state.ts';
import { type PartOf, parseScript, type ScriptNode, type WordNode, type WordPart } from './syntax.ts';

/** Runs `$(…)` and gives its output without trailing newlines. Supplied by the evaluator. */
export type Substitute = (state: ShellState, script: ScriptNode) => Promise<string>;

/** Turns words of the syntax tree into arguments, assignments and patterns (POSIX XCU 2.6). */
export class Expander implements WordExpander {
  readonly state: ShellState;
  readonly #substitute: Substitute;

  constructor(state: ShellState, substitute: Substitute) {
    this.state = state;
    this.#substitute = substitute;
  }

  /** A word as a command's arguments: with splitting and pathname expansion. */
  async fields(word: WordNode): Promise<string[]> {
    const only = word.parts[0];
    if (word.parts.length === 1 && only && (only.type === 'Literal' || only.type === 'SingleQuoted'))
      return [only.value];
    const results: string[] = [];
    for (const variant of braceVariants(word.parts)) {
      const pieces: Piece[] = [];
      for (const part of variant) await this.#part(part, pieces, false);
      for (const field of splitFields(pieces, this.state.separators)) results.push(...this.#paths(field));
    }
    return results;
  }

  #paths(field: Piece[]): string[] {
    const text = field.map((piece) => piece.text).join('');
    if (this.state.options.noglob || !field.some((piece) => !piece.quoted && /[*?[]/.test(piece.text))) return [text];
    const pattern = patternOf(field);
    if (!hasPattern(pattern)) return [text];
    const matches = matchPaths(pattern, this.state.process);
    return matches.length > 0 ? matches : [unescapePattern(text)];
  }

  /** A word as one string: assignments, here-documents, case subjects, redirection targets. */
  async text(word: WordNode): Promise<string> {
    const only = word.parts[0];
    if (word.parts.length === 1 && only && (only.type === 'Literal' || only.type === 'SingleQuoted')) return only.value;
    const pieces: Piece[] = [];
    for (const part of word.parts) await this.#part(part, pieces, false);
    return joined(pieces);
  }

  /** A word as a pattern: quoted parts match only themselves. */
  async pattern(word: WordNode): Promise<string> {
    const pieces: Piece[] = [];
    for (const part of word.parts) await this.#part(part, pieces, false);
    return patternOf(pieces);
  }

  /** Text with `$` expansions, as in a here-document or arithmetic. */
  async source(text: string): Promise<string> {
    const command = parseScript(`: "${text}"`).statements[0]?.pipelines[0]?.commands[0];
    const word = command?.type === 'SimpleCommand' ? command.args[0] : undefined;
    return word ? this.text(word) : '';
  }

  async #part(part: WordPart, into: Piece[], quoted: boolean): Promise<void> {
    switch (part.type) {
      case 'Literal':
      case 'SingleQuoted':
        into.push({ text: part.value, quoted: quoted || part.type === 'SingleQuoted', literal: true });
        return;
      case 'Escaped':
        into.push({ text: part.value, quoted: true, literal: true });
        return;
      case 'Glob':
        into.push({ text: part.pattern, quoted, literal: true });
        return;
      case 'TildeExpansion':
        into.push({ text: this.#home(part.user), quoted: true, literal: true });
        return;
      case 'DoubleQuoted':
        await this.#doubleQuoted(part, into);
        return;
      case 'ParameterExpansion':
        await expandParameter(this, part, into, quoted);
        return;
      case 'CommandSubstitution':
        into.push({ text: await this.#substitute(this.state, part.body), quoted, literal: false });
        return;
      case 'ArithmeticExpansion':
        into.push({ text: await this.#arithmetic(part), quoted, literal: false });
        return;
      case 'BraceExpansion':
        for (const variant of braceVariants([part])) for (const inner of variant) await this.#part(inner, into, quoted);
        return;
      default:
        throw new Error(`lab shell: ${part.type} is not modelled`);
    }
  }

  async #arithmetic(part: PartOf<'ArithmeticExpansion'>): Promise<string> {
    return String(await evaluateArithmetic(this.state, part.expression.expression, (text) => this.source(text)));
  }

  async #doubleQuoted(part: PartOf<'DoubleQuoted'>, into: Piece[]): Promise<void> {
    const before = into.length;
    for (const inner of part.parts) await this.#part(inner, into, true);
    const isEmptyList =
      part.parts.length === 1 && part.parts[0]?.type === 'ParameterExpansion' && part.parts[0].parameter === '@';
    if (into.length === before && !isEmptyList) into.push({ text: '', quoted: true, literal: true });
  }

  /** Pieces of an inner word, such as that of `${x:-word}`. */
  async pieces(word: WordNode, quoted: boolean): Promise<Piece[]> {
    const pieces: Piece[] = [];
    for (const part of word.parts) await this.#part(part, pieces, quoted);
    return pieces;
  }

  #home(user: string | null): string {
    if (user === null) return this.state.get('HOME') ?? '~';
    const passwd = this.state.process.find('/etc/passwd');
    if (!passwd?.content || !permits(passwd, this.state.process.credentials, 4)) return `~${user}`;
    const line = Buffer.from(passwd.content)
      .toString('latin1')
      .split('\n')
      .find((entry) => entry.startsWith(`${user}:`));
    return line?.split(':')[5] ?? `~${user}`;
  }
}

function patternOf(pieces: readonly Piece[]): string {
  return pieces.map((piece) => (piece.quoted ? escapePattern(piece.text) : piece.text)).join('');
}

function braceVariants(parts: readonly WordPart[]): WordPart[][] {
  const at = parts.findIndex((part) => part.type === 'BraceExpansion');
  const brace = parts[at];
  if (brace?.type !== 'BraceExpansion') return [[...parts]];
  const choices: WordPart[][] = brace.items.flatMap((item): WordPart[][] => {
    if (item.type === 'Word') return braceVariants(item.word.parts);
    return rangeOf(item).map((value) => [{ type: 'Literal', value }]);
  });
  const rest = braceVariants(parts.slice(at + 1));
  return choices.flatMap((choice) => rest.map((tail) => [...parts.slice(0, at), ...choice, ...tail]));
}

function rangeOf(item: { start: string | number; end: string | number; step?: number }): string[] {
  const isText = typeof item.start === 'string';
  const from = isText ? String(item.start).charCodeAt(0) : Number(item.start);
  const to = isText ? String(item.end).charCodeAt(0) : Number(item.end);
  const step = Math.max(1, Math.abs(item.step ?? 1)) * (from <= to ? 1 : -1);
  const values: string[] = [];
  for (let value = from; step > 0 ? value <= to : value >= to; value += step) {
    values.push(isText ? String.fromCharCode(value) : String(value));
  }
  return values;
}

/** Field splitting (POSIX XCU 2.6.5): only the results of unquoted expansions are split. */
export function splitFields(pieces: readonly Piece[], separators: string): Piece[][] {
  const fields: Piece[][] = [];
  let current: Piece[] | undefined;
  const whitespace = [...separators].filter((char) => ' \t\n'.includes(char)).join('');
  for (const piece of pieces) {
    if (piece.startsField && current) {
      fields.push(current);
      current = undefined;
    }
    if (piece.quoted || piece.literal || separators === '') {
      if (piece.text !== '' || piece.quoted) (current ??= []).push(piece);
      continue;
    }
    current = splitPiece(piece, separators, whitespace, fields, current);
  }
  if (current) fields.push(current);
  return fields;
}

function splitPiece(
  piece: Piece,
  separators: string,
  whitespace: string,
  fields: Piece[][],
  open: Piece[] | undefined,
): Piece[] | undefined {
  let current = open;
  let text = '';
  const end = (): void => {
    if (text !== '') (current ??= []).push({ text, quoted: false, literal: false });
    text = '';
    if (current) fields.push(current);
    current = undefined;
  };
  for (let index = 0; index < piece.text.length; index += 1) {
    const char = piece.text[index] as string;
    if (!separators.includes(char)) {
      text += char;
      continue;
    }
    const hadField = text !== '' || current !== undefined;
    while (whitespace.includes(piece.text[index] as string) && index + 1 < piece.text.length) {
      if (!separators.includes(piece.text[index + 1] as string)) break;
      index += 1;
      if (!whitespace.includes(piece.text[index] as string)) break;
    }
    const hard = !whitespace.includes(piece.text[index] as string);
    if (hard && !hadField) current ??= [];
    end();
    if (hard) while (whitespace.includes(piece.text[index + 1] ?? 'x')) index += 1;
  }
  if (text !== '') (current ??= []).push({ text, quoted: false, literal: false });
  return current;
}

import type { ShellState } from './shell-state.ts';
import type { WordNode } from './syntax.ts';

/** A stretch of an expanded word. */
export interface Piece {
  text: string;
  /** Neither split nor matched against file names. */
  quoted: boolean;
  /** Written by the author rather than the result of an expansion: never split. */
  literal: boolean;
  /** Begins a new field whatever came before: the second and later values of `$@`. */
  startsField?: boolean;
}

/** What parameter expansion needs from the word expander. */
export interface WordExpander {
  readonly state: ShellState;
  pieces(word: WordNode, quoted: boolean): Promise<Piece[]>;
  pattern(word: WordNode): Promise<string>;
  text(word: WordNode): Promise<string>;
  source(text: string): Promise<string>;
}

/** Concatenates pieces; separate fields (of `$@`) are joined by a blank. */
export function joined(pieces: readonly Piece[]): string {
  let text = '';
  for (const [index, piece] of pieces.entries()) text += piece.startsField && index > 0 ? ` ${piece.text}` : piece.text;
  return text;
}

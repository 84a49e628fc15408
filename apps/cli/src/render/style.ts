import type { Outcome } from '@vmstation/core';

/** How text may look in the place where it is shown. */
export interface Style {
  /** Width in characters that lines are laid out for. */
  readonly columns: number;
  readonly unicode: boolean;
  readonly paint: Paint;
}

/** Colours by meaning; each returns its text unchanged when the place has no colour. */
export type Paint = Readonly<Record<Tone, (text: string) => string>>;

/** What a colour says. */
export type Tone = 'good' | 'changed' | 'bad' | 'caution' | 'quiet' | 'strong' | 'added' | 'removed' | 'accent';

const codes: Readonly<Record<Tone, readonly [number, number]>> = {
  good: [32, 39],
  changed: [36, 39],
  bad: [31, 39],
  caution: [33, 39],
  quiet: [2, 22],
  strong: [1, 22],
  added: [32, 39],
  removed: [31, 39],
  accent: [36, 39],
};

/** Colours of a terminal, or none. */
export function paintWith(color: boolean): Paint {
  const entries = Object.entries(codes).map(([tone, [on, off]]) => [
    tone,
    (text: string) => (color && text !== '' ? `\u001B[${on}m${text}\u001B[${off}m` : text),
  ]);
  return Object.fromEntries(entries) as Paint;
}

/** A style without colour: for files, pipes and tests. */
export function plainStyle(columns = 100): Style {
  return { columns, unicode: true, paint: paintWith(false) };
}

interface Mark {
  readonly unicode: string;
  readonly ascii: string;
  readonly tone: Tone;
}

const outcomeMarks: Readonly<Record<Outcome, Mark>> = {
  unchanged: { unicode: '✓', ascii: '=', tone: 'good' },
  changed: { unicode: '●', ascii: '+', tone: 'changed' },
  'not-proved': { unicode: '◌', ascii: '~', tone: 'caution' },
  queued: { unicode: '☾', ascii: 'z', tone: 'accent' },
  'not-run': { unicode: '·', ascii: '-', tone: 'quiet' },
  unknown: { unicode: '?', ascii: '?', tone: 'caution' },
  blocked: { unicode: '⊘', ascii: '!', tone: 'bad' },
  failed: { unicode: '✗', ascii: 'x', tone: 'bad' },
};

/** The one character that stands for an outcome, coloured. */
export function mark(outcome: Outcome, style: Style): string {
  const { unicode, ascii, tone } = outcomeMarks[outcome];
  return style.paint[tone](style.unicode ? unicode : ascii);
}

/** The colour of an outcome. */
export function toneOf(outcome: Outcome): Tone {
  return outcomeMarks[outcome].tone;
}

/** A separator between things of one line. */
export function dot(style: Style): string {
  return style.paint.quiet(style.unicode ? ' · ' : ' | ');
}

/** An arrow from old to new. */
export function arrow(style: Style): string {
  return style.paint.quiet(style.unicode ? '→' : '->');
}

/** The outcome in words as the operator reads them. */
export function outcomeWord(outcome: Outcome): string {
  return outcome === 'not-proved' ? 'not proved' : outcome === 'not-run' ? 'not run' : outcome;
}

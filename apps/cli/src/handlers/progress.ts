import type { RunEvent } from '@vmstation/core';
import type { Invocation } from '../command/invocation.ts';
import { clip } from '../render/layout.ts';
import { beforeFirstEvent, linesOf } from '../render/progress-lines.ts';
import { renderRegion, spinning } from '../render/progress-region.ts';
import type { Style } from '../render/style.ts';

/** Hears a run's events and shows them. */
export interface ProgressDisplay {
  hear(event: RunEvent): void;
  /** Says what goes on between events, for example `Reading 3 machines`; undefined ends it. */
  say(what: string | undefined): void;
  /** Leaves the screen clean for what follows. */
  close(): void;
}

const redrawMs = 100;

/** The display that fits the place: JSON lines, nothing, a region redrawn in place, or plain lines. */
export function progressDisplay({ global, io, style }: Invocation): ProgressDisplay {
  if (global.json) return { hear: (event) => io.out(`${JSON.stringify(event)}\n`), say() {}, close() {} };
  if (global.quiet) return { hear() {}, say() {}, close() {} };
  const inPlace = io.outIsTerminal && io.env['TERM'] !== 'dumb' && io.env['CI'] === undefined;
  return inPlace ? new LiveDisplay(io.out, style) : new LineDisplay(io.out, style);
}

class LineDisplay implements ProgressDisplay {
  readonly #out: (text: string) => void;
  readonly #style: Style;
  #state = beforeFirstEvent;

  constructor(out: (text: string) => void, style: Style) {
    this.#out = out;
    this.#style = style;
  }

  hear(event: RunEvent): void {
    const { state, lines } = linesOf(this.#state, event, 'active', this.#style);
    this.#state = state;
    for (const line of lines) this.#out(`${line}\n`);
  }

  say(): void {}

  close(): void {}
}

class LiveDisplay implements ProgressDisplay {
  readonly #out: (text: string) => void;
  readonly #style: Style;
  readonly #timer: NodeJS.Timeout;
  #state = beforeFirstEvent;
  #saying: { readonly what: string; readonly sinceMs: number } | undefined;
  #shown = 0;

  constructor(out: (text: string) => void, style: Style) {
    this.#out = out;
    this.#style = style;
    this.#timer = setInterval(() => this.#draw([]), redrawMs);
    this.#timer.unref();
  }

  hear(event: RunEvent): void {
    this.#saying = undefined;
    const { state, lines } = linesOf(this.#state, event, 'attention', this.#style);
    this.#state = state;
    if (lines.length > 0) this.#draw(lines);
  }

  say(what: string | undefined): void {
    this.#saying = what === undefined ? undefined : { what, sinceMs: Date.now() };
    this.#draw([]);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#out(this.#erased());
    this.#shown = 0;
  }

  /** Lines that stay, then the region anew: written at once, so that nothing flickers. */
  #draw(staying: readonly string[]): void {
    const region = this.#region().map((line) => clip(line, this.#style.columns - 1));
    if (staying.length === 0 && region.length === 0 && this.#shown === 0) return;
    const text = [...staying, ...region].map((line) => `${line}\n`).join('');
    this.#out(this.#erased() + text);
    this.#shown = region.length;
  }

  #region(): readonly string[] {
    const nowMs = Date.now();
    if (this.#saying === undefined) return renderRegion(this.#state, nowMs, this.#style);
    return [spinning(this.#saying.what, this.#saying.sinceMs, nowMs, this.#style)];
  }

  #erased(): string {
    return this.#shown === 0 ? '' : `\u001B[${this.#shown}A\r\u001B[J`;
  }
}

import { OpenFile } from '../shell/open-file.ts';

/** One line of the system's journal. */
export interface JournalLine {
  atMs: number;
  unit: string;
  identifier: string;
  pid: number;
  message: string;
}

const LIMIT = 2000;

/** The journal of one machine: kept in memory, volatile as with Storage=volatile. */
export class Journal {
  readonly lines: JournalLine[] = [];
  /** Called after each line. */
  onLine: (() => void) | undefined;
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Adds a line; the oldest go when there are too many. */
  add(unit: string, identifier: string, pid: number, message: string): void {
    this.lines.push({ atMs: this.#now(), unit, identifier, pid, message });
    if (this.lines.length > LIMIT) this.lines.splice(0, this.lines.length - LIMIT);
    this.onLine?.();
  }

  /** A descriptor whose lines go to the journal, for a unit's standard output. */
  sink(unit: string, identifier: string, pid: number): OpenFile {
    return new JournalSink((line) => this.add(unit, identifier, pid, line));
  }
}

class JournalSink extends OpenFile {
  readonly #line: (line: string) => void;
  #rest = '';

  constructor(line: (line: string) => void) {
    super();
    this.#line = line;
  }

  read(): string {
    return '';
  }

  write(data: string): void {
    const lines = (this.#rest + data).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#line(line);
  }

  protected override close(): void {
    if (this.#rest) this.#line(this.#rest);
  }
}

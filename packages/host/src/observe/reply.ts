import { AppError } from '@vmstation/core';

/** One framed part of a reply. */
export interface Section {
  readonly lines: readonly string[];
  readonly exitCode: number;
  /** How many records the script said must come, when it could know. */
  readonly expected: number | undefined;
}

/** A complete reply of a script. */
export interface Reply {
  readonly sections: ReadonlyMap<string, Section>;
  /** Processes that the script counted. */
  readonly processes: number;
  /** What programs said on stderr. */
  readonly stderr: string;
}

/** What a reply came from. */
export interface ReplySource {
  readonly node: string;
  readonly nonce: string;
  readonly greeting: string;
  readonly exitCode: number;
  readonly stderr: string;
}

/**
 * Reads a framed reply. Noise before the greeting (a login banner) is passed over; anything else that is not exactly as framed
 * makes the whole reply worthless. @throws AppError host/garbled-reply
 */
export function parseReply(text: string, source: ReplySource): Reply {
  const mark = `@${source.nonce} `;
  const all = text.split('\n');
  const start = all.findIndex((line) => line === `${mark}${source.greeting}`);
  if (start === -1) throw garbled(source, 'it never began to answer', text);
  const sections = new Map<string, Section>();
  let open: { name: string; lines: string[] } | undefined;
  // What stands after the last newline is a line that was cut off.
  for (const line of all.slice(start + 1, -1)) {
    if (!line.startsWith(mark)) {
      open?.lines.push(line);
      continue;
    }
    const [word, name = '', exitCode = '', expected = ''] = line.slice(mark.length).split(' ');
    if (word === 'done' && open === undefined && isCount(name))
      return { sections, processes: Number(name), stderr: source.stderr };
    if (word === 'begin' && open === undefined && !sections.has(name)) open = { name, lines: [] };
    else if (word === 'end' && open?.name === name && isCount(exitCode) && (expected === '-' || isCount(expected))) {
      sections.set(name, {
        lines: open.lines,
        exitCode: Number(exitCode),
        expected: expected === '-' ? undefined : Number(expected),
      });
      open = undefined;
    } else throw garbled(source, `the line "${word} ${name}" came out of order`, text);
  }
  throw garbled(
    source,
    open === undefined ? 'it stopped before its end' : `it stopped while it told about ${open.name}`,
    text,
  );
}

function isCount(word: string): boolean {
  return /^\d+$/.test(word);
}

/** A section that must be there. @throws AppError host/garbled-reply */
export function sectionOf(reply: Reply, name: string, source: Pick<ReplySource, 'node'>): Section {
  const found = reply.sections.get(name);
  if (found !== undefined) return found;
  throw garbled({ ...source, exitCode: 0, stderr: reply.stderr }, `the part "${name}" is missing`, '');
}

/** The error for a reply that cannot be trusted; the last lines of it help to see why. */
export function garbled(
  source: Pick<ReplySource, 'node' | 'exitCode' | 'stderr'>,
  why: string,
  text: string,
): AppError {
  const said = [...text.split('\n').slice(-3), source.stderr.trim().split('\n').at(-1) ?? '']
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .join(' / ');
  return new AppError({
    code: 'host/garbled-reply',
    kind: 'remote',
    message: `The answer of ${source.node} cannot be trusted: ${why} (exit status ${source.exitCode}).`,
    tryThis: `Run the same command again. When it stays, log in to ${source.node} and look at what its login scripts print and whether its disk is full.`,
    context: { node: source.node, said: said.slice(0, 400) },
    retryable: true,
  });
}

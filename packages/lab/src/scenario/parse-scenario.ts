import { AppError, didYouMean } from '@vmstation/core';
import { parseExpectation } from './parse-expectation.ts';
import {
  type Scenario,
  type ScenarioAction,
  type ScenarioPower,
  type ScenarioStatement,
  scenarioViews,
} from './scenario-statement.ts';
import { type ScenarioFault, ScenarioLineFault, type ScenarioWord, WordReader } from './scenario-words.ts';

/** Begins of lines and what reads the rest of them. */
const readers: Readonly<Record<string, (words: WordReader) => ScenarioAction>> = {
  seed: (words) => ({ do: 'seed', seed: words.take('the seed').text }),
  start: readStart,
  run: (words) => ({ do: 'run', argv: textsOf(words, 'a command line of vmstation'), quiet: false }),
  quietly: (words) => {
    const run = words.take('`run`');
    if (run.text !== 'run') throw new ScenarioLineFault(run.at, `only \`run\` can be quiet, not \`${run.text}\``);
    return { do: 'run', argv: textsOf(words, 'a command line of vmstation'), quiet: true };
  },
  on: (words) => {
    const node = words.take('a node').text;
    return { do: 'on', node, command: words.restAsWritten('a command for its shell') };
  },
  apply: (words) => ({ do: 'apply', file: words.take('a file of manifests').text }),
  advance: (words) => ({ do: 'advance', ms: durationOf(words.take('a duration, as 2h or 1d12h')) }),
  fault: (words) => ({
    do: 'fault',
    subject: words.take('a node, or `api`').text,
    words: textsOf(words, 'a kind of fault'),
  }),
  clear: (words) => ({ do: 'clear', subject: words.take('a node, or `api`').text, kind: optional(words) }),
  tamper: (words) => ({ do: 'tamper', node: words.take('a node').text, path: optional(words) }),
  sleep: powerReader('sleep'),
  wake: powerReader('wake'),
  poweroff: powerReader('poweroff'),
  reboot: powerReader('reboot'),
  expect: (words) => ({ do: 'expect', expectation: parseExpectation(words) }),
  show: readShow,
};

/**
 * Reads a scenario: one statement a line, `#` begins a comment, `repeat N` … `end` repeats. The first statement is `seed`.
 * Throws lab/scenario-faulty with every fault as `file:line:column: what`.
 */
export function parseScenario(text: string, file: string): Scenario {
  const faults: ScenarioFault[] = [];
  const blocks = new Blocks(faults);
  for (const [index, line] of text.split('\n').entries()) {
    try {
      readLine(line, index + 1, blocks);
    } catch (thrown) {
      if (!(thrown instanceof ScenarioLineFault)) throw thrown;
      faults.push({ at: thrown.at, message: thrown.message });
    }
  }
  const statements = blocks.finish();
  const seed = seedOf(statements, faults);
  if (faults.length > 0) throw faulty(file, faults);
  return { file, seed, statements: statements.slice(1) };
}

/** Statements at their nesting. */
class Blocks {
  readonly #faults: ScenarioFault[];
  readonly #open: { readonly head: Omit<ScenarioStatement, 'action'>; times: number; body: ScenarioStatement[] }[] = [];
  readonly #top: ScenarioStatement[] = [];

  constructor(faults: ScenarioFault[]) {
    this.#faults = faults;
  }

  add(statement: ScenarioStatement): void {
    (this.#open.at(-1)?.body ?? this.#top).push(statement);
  }

  begin(head: Omit<ScenarioStatement, 'action'>, times: number): void {
    this.#open.push({ head, times, body: [] });
  }

  end(words: WordReader): void {
    const block = this.#open.pop();
    if (block === undefined) throw new ScenarioLineFault(words.start, 'no `repeat` is open that could end here');
    this.add({ ...block.head, action: { do: 'repeat', times: block.times, body: block.body } });
  }

  finish(): readonly ScenarioStatement[] {
    for (const { head } of this.#open) this.#faults.push({ at: head.at, message: 'this `repeat` has no `end`' });
    return this.#top;
  }
}

function readLine(line: string, number: number, blocks: Blocks): void {
  const words = new WordReader(line, number);
  if (words.isEmpty) return;
  const at = words.start;
  const text = line.trim();
  const verb = words.take('a verb');
  if (verb.text === 'end') {
    words.finish();
    blocks.end(words);
    return;
  }
  if (verb.text === 'repeat') {
    const times = countOf(words.take('how often'));
    words.finish();
    blocks.begin({ at, text }, times);
    return;
  }
  const read = Object.hasOwn(readers, verb.text) ? readers[verb.text] : undefined;
  if (read === undefined) throw unknownWord(verb, [...Object.keys(readers), 'repeat', 'end'], 'verb');
  const action = read(words);
  words.finish();
  blocks.add({ at, text, action });
}

function seedOf(statements: readonly ScenarioStatement[], faults: ScenarioFault[]): string {
  const [first] = statements;
  if (first?.action.do !== 'seed')
    faults.push({ at: first?.at ?? { line: 1, column: 1 }, message: 'a scenario begins with `seed WORD`' });
  const visit = (list: readonly ScenarioStatement[]): void => {
    for (const { action, at } of list) {
      if (action.do === 'repeat') visit(action.body);
      if (action.do === 'seed') faults.push({ at, message: 'there is one seed, in the first line' });
    }
  };
  visit(statements.slice(1));
  return first?.action.do === 'seed' ? first.action.seed : '';
}

function readStart(words: WordReader): ScenarioAction {
  const cluster = words.take('`example`, or a cluster file').text;
  if (!words.takeIf('at')) return { do: 'start', cluster, at: undefined };
  const word = words.take('a time, as 2026-03-02T08:00:00Z');
  const at = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?Z$/.test(word.text) ? Date.parse(word.text) : Number.NaN;
  if (Number.isNaN(at)) throw new ScenarioLineFault(word.at, `\`${word.text}\` is no time as 2026-03-02T08:00:00Z`);
  return { do: 'start', cluster, at };
}

function readShow(words: WordReader): ScenarioAction {
  const view = words.take(`what: ${scenarioViews.join(', ')}`);
  const found = scenarioViews.find((one) => one === view.text);
  if (found === undefined) throw unknownWord(view, scenarioViews, 'view');
  return { do: 'show', view: found, words: words.rest().map((word) => word.text) };
}

function powerReader(order: ScenarioPower): (words: WordReader) => ScenarioAction {
  return (words) => ({ do: 'power', order, node: words.take('a node').text });
}

function textsOf(words: WordReader, what: string): readonly string[] {
  const first = words.take(what);
  return [first.text, ...words.rest().map((word) => word.text)];
}

function optional(words: WordReader): string | undefined {
  return words.peek() === undefined ? undefined : words.take('').text;
}

/** A whole number, at least 1. */
function countOf(word: ScenarioWord): number {
  const count = /^\d+$/.test(word.text) ? Number(word.text) : 0;
  if (count >= 1 && count <= 10_000) return count;
  throw new ScenarioLineFault(word.at, `\`${word.text}\` is no count from 1 to 10000`);
}

const unitMs: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/** Milliseconds of `90s`, `1h30m`, `7d`. */
function durationOf(word: ScenarioWord): number {
  if (!/^(?:\d+[smhdw])+$/.test(word.text))
    throw new ScenarioLineFault(word.at, `\`${word.text}\` is no duration as 90s, 1h30m or 7d`);
  return [...word.text.matchAll(/(\d+)([smhdw])/g)].reduce(
    (sum, [, count, unit]) => sum + Number(count) * (unitMs[unit ?? ''] ?? 0),
    0,
  );
}

function unknownWord(word: ScenarioWord, known: readonly string[], what: string): ScenarioLineFault {
  const near = didYouMean(word.text, known);
  const advice = near === undefined ? `; there are ${known.join(', ')}` : `; did you mean \`${near}\`?`;
  return new ScenarioLineFault(word.at, `\`${word.text}\` is no ${what}${advice}`);
}

function faulty(file: string, faults: readonly ScenarioFault[]): AppError {
  const lines = faults
    .toSorted((a, b) => a.at.line - b.at.line || a.at.column - b.at.column)
    .map(({ at, message }) => `${file}:${at.line}:${at.column}: ${message}`);
  return new AppError({
    code: 'lab/scenario-faulty',
    kind: 'user',
    message: `The scenario cannot be read.\n${lines.join('\n')}`,
    tryThis: 'vmstation lab scenario --help',
    context: { file, faults: lines.length },
  });
}

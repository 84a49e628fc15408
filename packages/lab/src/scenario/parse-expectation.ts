import { didYouMean } from '@vmstation/core';
import type { Expectation } from './scenario-statement.ts';
import { ScenarioLineFault, type ScenarioWord, type WordReader } from './scenario-words.ts';

const readers: Readonly<Record<string, (words: WordReader) => Expectation>> = {
  exit: (words) => ({ about: 'exit', code: numberOf(words.take('an exit code')) }),
  drift: (words) => ({ about: 'drift', code: numberOf(words.take('the exit code of `drift`')) }),
  output: (words) => {
    const absent = words.takeIf('without');
    return { about: 'output', absent, text: words.take('a text').text };
  },
  pods: readPods,
  node: (words) => ({ about: 'node', node: words.take('a node').text, ready: readyOf(words) }),
  power: (words) => {
    const node = words.take('a node').text;
    return { about: 'power', node, state: oneOf(words, ['on', 'suspended', 'off']) };
  },
  jobs: readJobs,
  file: (words) => {
    const node = words.take('a node').text;
    const path = words.take('a path').text;
    return { about: 'file', node, path, present: oneOf(words, ['present', 'absent']) === 'present' };
  },
};

/** Reads what follows `expect`. Throws ScenarioLineFault. */
export function parseExpectation(words: WordReader): Expectation {
  const about = words.take(`what: ${Object.keys(readers).join(', ')}`);
  const read = Object.hasOwn(readers, about.text) ? readers[about.text] : undefined;
  if (read !== undefined) return read(words);
  const near = didYouMean(about.text, Object.keys(readers));
  const advice = near === undefined ? `there are ${Object.keys(readers).join(', ')}` : `did you mean \`${near}\`?`;
  throw new ScenarioLineFault(about.at, `\`${about.text}\` is nothing that can be expected; ${advice}`);
}

/** `pods 3 ready [in NAMESPACE]` */
function readPods(words: WordReader): Expectation {
  const count = numberOf(words.take('how many'));
  const ready = words.takeIf('ready');
  const namespace = words.takeIf('in') ? words.take('a namespace').text : undefined;
  return { about: 'pods', count, ready, namespace };
}

/** `jobs 7 [or more] of nightly` */
function readJobs(words: WordReader): Expectation {
  const count = numberOf(words.take('how many'));
  const orMore = words.takeIf('or');
  if (orMore) exactly(words, 'more');
  exactly(words, 'of');
  return { about: 'jobs', count, orMore, cronJob: words.take('a CronJob').text };
}

function readyOf(words: WordReader): boolean {
  return oneOf(words, ['ready', 'not-ready']) === 'ready';
}

function oneOf<T extends string>(words: WordReader, allowed: readonly T[]): T {
  const word = words.take(allowed.join(' or '));
  const found = allowed.find((one) => one === word.text);
  if (found !== undefined) return found;
  throw new ScenarioLineFault(word.at, `\`${word.text}\` is not ${allowed.join(' or ')}`);
}

function exactly(words: WordReader, text: string): void {
  const word = words.take(`\`${text}\``);
  if (word.text !== text) throw new ScenarioLineFault(word.at, `here stands \`${word.text}\`, not \`${text}\``);
}

function numberOf(word: ScenarioWord): number {
  if (/^\d{1,6}$/.test(word.text)) return Number(word.text);
  throw new ScenarioLineFault(word.at, `\`${word.text}\` is no whole number`);
}

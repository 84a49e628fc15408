import { FileSystemError } from '../disk/file-system-error.ts';
import type { Evaluator } from './evaluate.ts';
import { type OpenFile, TextSource } from './open-file.ts';
import type { OpenMode } from './process.ts';
import { ShellError } from './shell-state.ts';
import type { RedirectionNode, WordNode } from './syntax.ts';

/** A redirection could not be made: the command does not run and its status is 1 or 2, as the dialect says. */
export class RedirectionError extends Error {}

/** Redirects this shell's own descriptors while `body` runs. */
export async function withRedirections(
  evaluator: Evaluator,
  redirections: readonly RedirectionNode[],
  body: () => Promise<number>,
): Promise<number> {
  const { files } = evaluator.state.process;
  const saved = new Map<number, OpenFile | undefined>();
  try {
    for (const [descriptor, file] of files) saved.set(descriptor, file.retain());
    await redirect(evaluator, redirections);
    return await body();
  } catch (error) {
    if (!(error instanceof RedirectionError)) throw error;
    restore(evaluator, saved);
    await evaluator.state.process.err(`${evaluator.state.zero}: ${error.message}\n`);
    return evaluator.state.dialect === 'dash' ? 2 : 1;
  } finally {
    restore(evaluator, saved);
  }
}

function restore(evaluator: Evaluator, saved: Map<number, OpenFile | undefined>): void {
  if (saved.size === 0) return;
  const { files } = evaluator.state.process;
  for (const file of files.values()) file.release();
  files.clear();
  for (const [descriptor, file] of saved) if (file) files.set(descriptor, file);
  saved.clear();
}

/** Applies redirections to the shell's process, left to right. Throws RedirectionError. */
export async function redirect(evaluator: Evaluator, redirections: readonly RedirectionNode[]): Promise<void> {
  for (const redirection of redirections) await redirectOne(evaluator, redirection);
}

async function redirectOne(evaluator: Evaluator, redirection: RedirectionNode): Promise<void> {
  const { process, options } = evaluator.state;
  const { target, operator } = redirection;
  if (target.type === 'HereDoc') {
    process.setFile(
      redirection.fd ?? 0,
      new TextSource(await evaluator.words.text(target.stripTabs ? withoutTabs(target.content) : target.content)),
    );
    return;
  }
  const word = await evaluator.words.text(target);
  switch (operator) {
    case '<':
      process.setFile(redirection.fd ?? 0, open(evaluator, word, 'r'));
      return;
    case '<>':
      process.setFile(redirection.fd ?? 0, open(evaluator, word, 'rw'));
      return;
    case '>':
    case '>|':
      process.setFile(redirection.fd ?? 1, open(evaluator, word, options.noclobber && operator === '>' ? 'wx' : 'w'));
      return;
    case '>>':
      process.setFile(redirection.fd ?? 1, open(evaluator, word, 'a'));
      return;
    case '&>':
    case '&>>': {
      const file = open(evaluator, word, operator === '&>' ? 'w' : 'a');
      process.setFile(1, file);
      process.setFile(2, file.retain());
      return;
    }
    case '<<<':
      process.setFile(redirection.fd ?? 0, new TextSource(`${word}\n`));
      return;
    case '>&':
    case '<&':
      duplicate(evaluator, redirection.fd ?? (operator === '>&' ? 1 : 0), word);
      return;
    default:
      throw new ShellError(`redirection ${operator} is not modelled`);
  }
}

/** `<<-` takes the tabs off the beginning of each line, before anything in it is expanded. */
function withoutTabs(content: WordNode): WordNode {
  const parts = content.parts.map((part, index) => {
    if (part.type !== 'Literal' && part.type !== 'SingleQuoted') return part;
    const value = part.value.replaceAll(/\n\t+/g, '\n');
    return { ...part, value: index === 0 ? value.replace(/^\t+/, '') : value };
  });
  return { ...content, parts };
}

function duplicate(evaluator: Evaluator, descriptor: number, word: string): void {
  const { process } = evaluator.state;
  if (word === '-') {
    process.setFile(descriptor, undefined);
    return;
  }
  const source = /^\d+$/.test(word) ? process.files.get(Number(word)) : undefined;
  if (!source) throw new RedirectionError(`${word}: Bad file descriptor`);
  if (Number(word) !== descriptor) process.setFile(descriptor, source.retain());
}

function open(evaluator: Evaluator, path: string, mode: OpenMode): OpenFile {
  const { process, dialect } = evaluator.state;
  try {
    return process.open(path, mode);
  } catch (error) {
    if (!(error instanceof FileSystemError)) throw error;
    if (dialect === 'bash') throw new RedirectionError(`${path}: ${error.message}`);
    const what = mode === 'r' ? 'open' : 'create';
    const why = error.code === 'ENOENT' ? (mode === 'r' ? 'No such file' : 'Directory nonexistent') : error.message;
    throw new RedirectionError(`cannot ${what} ${path}: ${why}`);
  }
}

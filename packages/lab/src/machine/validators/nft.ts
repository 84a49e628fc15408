import type { Process } from '../../shell/process.ts';
import { parseOptions, UsageError } from '../commands/options.ts';
import { readConfig } from './config-source.ts';
import { kernelMemory } from './kernel-memory.ts';
import { applyNft, type NftRuleset, printNft, printTable } from './nft-ruleset.ts';
import { NftFault } from './nft-syntax.ts';

/** nft(8): `-c`, `-f FILE`, `list ruleset|tables|table`, and the commands of a file as arguments. The ruleset is the kernel's. */
export async function nft(process: Process): Promise<number> {
  let options: ReturnType<typeof parseOptions>;
  try {
    options = parseOptions(
      process,
      'c check f: file= a handle n numeric s stateless I: includepath= j json e echo o optimize',
      { stopAtOperand: true },
    );
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return process.fail(error.message);
  }
  if (process.credentials.uid !== 0) {
    await process.err(
      'Operation not permitted (you must be root)\nnetlink: Error: cache initialization failed: Operation not permitted\n',
    );
    return 1;
  }
  const state = kernelMemory(process);
  const before = applyNft(new Map(), state.nftables);
  const path = options.value('f', 'file');
  const source =
    path === undefined
      ? { text: options.operands.join(' ') }
      : path === '-'
        ? { text: await process.readAll() }
        : await readConfig(process, path);
  if ('reason' in source) {
    await process.err(`internal:0:0-0: Error: Could not open file "${path}": ${source.reason}\n\n\n`);
    return 1;
  }
  if (path === undefined && options.operands[0] === 'list') return list(process, before, options.operands.slice(1));
  try {
    const after = applyNft(before, source.text);
    if (!options.has('c', 'check')) state.nftables = printNft(after);
    return 0;
  } catch (error) {
    if (!(error instanceof NftFault)) throw error;
    const where =
      path === undefined ? '' : `${path === '-' ? '/dev/stdin' : path}:${error.line}:${error.column}-${error.column}: `;
    await process.err(
      `${where}Error: ${error.message}\n${source.text.split('\n')[error.line - 1] ?? ''}\n${' '.repeat(Math.max(0, error.column - 1))}^\n`,
    );
    return 1;
  }
}

async function list(process: Process, ruleset: NftRuleset, [what = '', ...rest]: readonly string[]): Promise<number> {
  if (what === 'ruleset') await process.out(printNft(ruleset));
  else if (what === 'tables') await process.out([...ruleset.keys()].map((name) => `table ${name}\n`).join(''));
  else if (what === 'table') {
    const name = rest.length > 1 ? rest.join(' ') : `ip ${rest[0] ?? ''}`;
    const objects = ruleset.get(name);
    if (!objects) {
      await process.err(`Error: No such file or directory\nlist table ${rest.join(' ')}\n`);
      return 1;
    }
    await process.out(printTable(name, objects));
  } else {
    await process.err(`Error: syntax error, unexpected ${what === '' ? 'newline' : 'string'}\nlist ${what}\n`);
    return 1;
  }
  return 0;
}

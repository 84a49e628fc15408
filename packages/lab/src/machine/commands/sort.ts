import type { Program } from '../../shell/process.ts';
import { operandText } from './digest.ts';
import { toolProgram } from './toolbox.ts';

const withKeys = toolProgram('sort');

/** sort(1) in the C locale: whole lines by their bytes; keys and numbers are the toolbox's. */
export const sort: Program = async (process) => {
  const args = process.argv.slice(1);
  const flags = args.filter((arg) => arg.startsWith('-') && arg !== '-');
  if (flags.some((flag) => !/^-[ur]+$/.test(flag))) return withKeys(process);
  const files = args.filter((arg) => !flags.includes(arg));
  const lines: string[] = [];
  for (const file of files.length > 0 ? files : ['-']) {
    const text = await operandText(process, file);
    if (text !== '') lines.push(...text.replace(/\n$/, '').split('\n'));
  }
  const byBytes = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);
  const sorted = (flags.join('').includes('u') ? [...new Set(lines)] : lines).toSorted(byBytes);
  if (flags.join('').includes('r')) sorted.reverse();
  await process.out(sorted.map((line) => `${line}\n`).join(''));
  return 0;
};

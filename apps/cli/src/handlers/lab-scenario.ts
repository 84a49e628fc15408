import { readFile } from 'node:fs/promises';
import { dirname, relative, resolve } from 'node:path';
import { AppError, exitCodes } from '@vmstation/core';
import { parseScenario, runScenario } from '@vmstation/lab';
import type { CommandHandler } from '../command/define-command.ts';
import { scenarioProduct } from '../compose/scenario-product.ts';
import { jsonText } from '../render/json.ts';

/** Plays a scenario and prints its record. */
export const handleLabScenario: CommandHandler = async (invocation) => {
  const { io, global } = invocation;
  const file = resolve(io.workingDirectory, invocation.required('file'));
  const scenario = parseScenario(await textOf(file), relative(io.workingDirectory, file) || file);
  await using product = await scenarioProduct(invocation.tree, io.signal);
  const lines: string[] = [];
  const print = (line: string): void => {
    if (global.json) lines.push(line);
    else io.out(`${line}\n`);
  };
  const end = await runScenario(scenario, { product, folder: dirname(file), print });
  if (global.json) io.out(`${jsonText({ scenario: scenario.file, seed: scenario.seed, ...end, lines })}\n`);
  return end.notMet === 0 && end.brokenOff === undefined ? exitCodes.done : exitCodes.failed;
};

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new AppError({
      code: 'lab/scenario-unreadable',
      kind: 'user',
      message: `The scenario ${file} cannot be read: ${(cause as NodeJS.ErrnoException).code ?? String(cause)}.`,
      tryThis: 'Name a file that is there.',
      cause,
    });
  }
}

import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { nodeProcessRunner } from '@vmstation/remote';
import type { TestProject } from 'vitest/node';
import { type GuestsAccess, startGuestsLab } from '../../packages/lab/src/guests/guests-lab.ts';
import { defaultDirectory } from '../../packages/lab/src/hosts/settings.ts';
import { resultsFolder } from '../contract/contract-case.ts';
import { beyondAllSuites } from '../contract/contracts.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    guests: GuestsAccess;
  }
}

/** Starts one guest for the whole suite, which takes a minute where instructions are translated; each file then goes back to this state in a second. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const lab = await startGuestsLab(
    {
      directory: process.env['VMSTATION_HOSTS_DIRECTORY'] ?? defaultDirectory,
      machines: [{ name: 'masternode', octet: 63 }],
      emptyDisks: [512, 512],
    },
    nodeProcessRunner(),
    (line) => console.log(line),
  );
  const { running: _running, down, ...access } = lab;
  console.log(`the guest answered ${(access.bootMs / 1000).toFixed(1)} s after its start (${access.acceleration})`);
  project.provide('guests', access);
  return async () => {
    await down();
    noteUnproven();
  };
}

/** The table of the run ends with what no suite proves. */
function noteUnproven(): void {
  const folder = process.env[resultsFolder];
  if (folder === undefined) return;
  const lines = beyondAllSuites.map(({ what, why }) =>
    JSON.stringify({ port: 'Unproven anywhere', title: what, side: 'guests', outcome: 'cannot', reason: why }),
  );
  appendFileSync(join(folder, 'unproven.ndjson'), lines.map((line) => `${line}\n`).join(''));
}

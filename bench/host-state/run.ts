import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { bundleCli } from '../../tools/build/bundle.ts';
import { measureHostState } from './bench-host-state.ts';
import { hostStatePage } from './page.ts';

const resultFile = join(import.meta.dirname, '..', 'results', 'host-state.md');

/**
 * `host-state [--rounds N] [--applies N] [--write]`: prints the page of results; with `--write` it becomes the committed one. Needs root, Debian,
 * systemd-container, debootstrap and ansible-core.
 */
export async function runHostState(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: { type: 'string', default: '5' },
      applies: { type: 'string', default: '3' },
      write: { type: 'boolean', default: false },
    },
  });
  const missing = missingHere();
  if (missing.length > 0) {
    console.error(
      `bench host-state needs root on Debian with systemd-container, debootstrap and ansible-core; missing here: ${missing.join(', ')}`,
    );
    process.exitCode = 1;
    return;
  }
  await bundleCli();
  const rounds = { noChange: Number(values.rounds), firstApply: Number(values.applies) };
  const figures = await measureHostState(rounds, (line) => console.error(line));
  const page = hostStatePage(figures);
  console.log(page);
  if (values.write) await writeFile(resultFile, page);
}

function missingHere(): readonly string[] {
  const programs = ['systemd-nspawn', 'debootstrap', 'ansible-playbook', 'ansible', 'ssh', 'bash'];
  const found = (name: string): boolean => spawnSync('sh', ['-c', 'command -v "$1"', 'sh', name]).status === 0;
  return [...(process.getuid?.() === 0 ? [] : ['root']), ...programs.filter((name) => !found(name))];
}

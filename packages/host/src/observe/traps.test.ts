import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Resource } from '@vmstation/core';
import { describe, expect, onTestFinished, test } from 'vitest';
import { posixShells } from '../testing/posix-shells.ts';
import { scratchMachine } from '../testing/scratch-machine.ts';
import { commandsIn } from '../testing/shell-words.ts';

// What went wrong when others looked at machines by script.

describe.each(posixShells)('$title', ({ argv, present }) => {
  test.skipIf(!present)('a number below /proc/sys is read whole, although it answers only the first read', async () => {
    const machine = scratchMachine({ shell: argv });
    onTestFinished(() => machine.remove());
    const value = readFileSync('/proc/sys/kernel/pid_max', 'utf8').trim();
    expect(value.length).toBeGreaterThan(1);
    const resources: readonly Resource[] = [{ kind: 'sysctl', key: 'kernel.pid_max', value }];
    const differing = (await machine.host.check('node', resources)).resources.get('sysctl:kernel.pid_max');
    // It runs as declared; only no file sets it at boot.
    expect(differing).toMatchObject({ state: 'differs', differences: [{ attribute: 'at boot' }] });
    const other: readonly Resource[] = [{ kind: 'sysctl', key: 'kernel.pid_max', value: value.slice(0, 1) }];
    expect((await machine.host.check('node', other)).resources.get('sysctl:kernel.pid_max')).toMatchObject({
      differences: [{ attribute: 'running', seen: value }, { attribute: 'at boot' }],
    });
  });

  test.skipIf(!present)(
    'a shell that hangs in a login file ends by our own deadline, and says which machine',
    async () => {
      const machine = scratchMachine({ shell: argv, checkTimeoutMs: 500, onSend: (script) => `sleep 60\n${script}` });
      onTestFinished(() => machine.remove());
      await expect(machine.host.check('slow-one', [])).rejects.toMatchObject({
        code: 'ssh/timeout',
        message: expect.stringContaining('slow-one') as unknown,
      });
    },
  );
});

test.each(['check', 'apply-debian', 'apply-rhel', 'rollback'])(
  '%s asks no bus that may not answer: files are read',
  (script) => {
    const askers = ['hostnamectl', 'timedatectl', 'localectl', 'loginctl', 'busctl', 'networkctl', 'resolvectl'];
    const golden = readFileSync(join(import.meta.dirname, '..', '..', 'golden', `${script}.sh`), 'utf8');
    expect(commandsIn(golden).filter(({ program }) => askers.includes(program))).toEqual([]);
  },
);

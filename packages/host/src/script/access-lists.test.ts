import { spawnSync } from 'node:child_process';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Resource } from '@vmstation/core';
import { describe, expect, onTestFinished, test } from 'vitest';
import { posixShells } from '../testing/posix-shells.ts';
import { scratchMachine } from '../testing/scratch-machine.ts';

// user::rw- user:1000:r-- group::--- mask::r-- other::---, as Linux keeps it (acl(5)): its mode reads 640, and the group may do nothing all the same.
const setList = `import os,struct,sys
entries=[(1,6,0xffffffff),(2,4,1000),(4,0,0xffffffff),(16,4,0xffffffff),(32,0,0xffffffff)]
os.setxattr(sys.argv[1],'system.posix_acl_access',struct.pack('<I',2)+b''.join(struct.pack('<HHI',*e) for e in entries))`;
const showList = `import os,sys
print(os.getxattr(sys.argv[1],'system.posix_acl_access').hex(), oct(os.stat(sys.argv[1]).st_mode))`;
const python = (program: string, path: string) => spawnSync('python3', ['-c', program, path], { encoding: 'utf8' });

const canHold = (() => {
  const machine = scratchMachine();
  const path = join(machine.folder, 'f');
  writeFileSync(path, '');
  const { status } = python(setList, path);
  machine.remove();
  return status === 0;
})();

describe.skipIf(!canHold).each(posixShells.filter(({ present }) => present))('$title', ({ argv }) => {
  test.each<[string, (path: string) => Resource]>([
    ['a line', (path) => ({ kind: 'line', path, name: 'x', line: 'ours' })],
    [
      'a line that goes',
      (path) => ({ kind: 'line', path, name: 'x', line: 'theirs', match: '^their', ensure: 'absent' }),
    ],
    ['a block', (path) => ({ kind: 'block', path, name: 'x', content: 'ours\n' })],
    ['a file without a declared mode', (path) => ({ kind: 'file', path, content: 'o' })],
    ['a file with any bytes', (path) => ({ kind: 'file', path, content: 'o\u0000' })],
  ])('%s: who may read the file stays as it was, by its access list too', async (_title, want) => {
    const machine = scratchMachine({ shell: argv });
    onTestFinished(() => machine.remove());
    const path = join(machine.folder, 'f');
    writeFileSync(path, 'theirs\nmore\n');
    chmodSync(path, 0o600);
    python(setList, path);
    const found = python(showList, path).stdout;
    expect(found).not.toBe('');
    const { resources } = await machine.host.apply({ node: 'node', runId: 'r1', resources: [want(path)] });
    expect(resources).toMatchObject([{ outcome: 'changed' }]);
    expect(python(showList, path).stdout).toBe(found);
    expect((await machine.host.rollback('node', 'r1')).failed).toEqual([]);
    expect(readFileSync(path, 'utf8')).toBe('theirs\nmore\n');
    expect(python(showList, path).stdout).toBe(found);
  });
});

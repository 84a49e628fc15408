import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { ApplyReport, FileResource, HostPort, Resource, ResourceId, TryMode } from '@vmstation/core';
import { resourceId } from '@vmstation/core';
import fc from 'fast-check';
import { afterEach, expect, test } from 'vitest';
import { posixShells } from './testing/posix-shells.ts';
import { type ScratchMachine, type ScratchOptions, scratchMachine } from './testing/scratch-machine.ts';

let machines: ScratchMachine[] = [];
afterEach(() => {
  for (const machine of machines) machine.remove();
  machines = [];
});
function scratch(options: ScratchOptions = {}): ScratchMachine {
  const machine = scratchMachine(options);
  machines.push(machine);
  return machine;
}
const states = async (host: HostPort, resources: readonly Resource[]) =>
  Object.fromEntries([...(await host.check('node', resources)).resources].map(([id, { state }]) => [id, state]));
const outcomes = (report: ApplyReport) => report.resources.map(({ outcome }) => outcome);
const apply = (host: HostPort, resources: readonly Resource[], runId = 'r1') =>
  host.apply({ node: 'node', runId, resources });

function everyPathKind(folder: string): readonly Resource[] {
  return [
    { kind: 'directory', path: `${folder}/etc`, mode: '0750' },
    { kind: 'file', path: `${folder}/etc/motd`, content: "it's $HOME `x` é\n", mode: '0640' },
    { kind: 'file', path: `${folder}/deep/er/raw file`, content: 'no newline\u0001 at its end' },
    { kind: 'file', path: `${folder}/etc/empty`, content: '' },
    { kind: 'symlink', path: `${folder}/etc/link`, target: 'motd' },
    { kind: 'symlink', path: `${folder}/etc/odd`, target: '--help' },
    {
      kind: 'line',
      path: `${folder}/etc/conf`,
      name: 'root',
      line: 'PermitRootLogin no',
      match: '^[[:space:]]*#?PermitRootLogin',
    },
    { kind: 'file', path: `${folder}/old`, ensure: 'absent' },
    {
      kind: 'command',
      name: 'stamp',
      run: ['touch', `${folder}/stamp`],
      check: ['test', '-e', `${folder}/stamp`],
      undo: ['rm', `${folder}/stamp`],
    },
  ];
}
function before(folder: string): void {
  mkdirSync(`${folder}/etc`);
  writeFileSync(`${folder}/etc/conf`, 'Port 22\n#PermitRootLogin yes\nX 1');
  writeFileSync(`${folder}/old`, 'old\n');
  chmodSync(`${folder}/old`, 0o604);
}

/** Everything below a folder but our own state: type, mode, content. */
function snapshot(folder: string): Record<string, string> {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => !name.startsWith('state'));
  return Object.fromEntries(
    names.toSorted().map((name) => {
      const at = join(folder, name);
      const stat = lstatSync(at);
      const content = stat.isFile() ? readFileSync(at, 'latin1') : stat.isSymbolicLink() ? readlinkSync(at) : '';
      return [name, `${stat.mode.toString(8)} ${content}`];
    }),
  );
}

test.each(posixShells.filter(({ present }) => present))(
  'in $name: bring about, equal, taken back exactly',
  async ({ argv }) => {
    const { folder, host } = scratch({ shell: argv });
    before(folder);
    const found = snapshot(folder);
    const resources = everyPathKind(folder);
    expect(new Set(Object.values(await states(host, resources)))).toEqual(new Set(['differs']));
    const report = await apply(host, resources);
    expect(report.resources.filter(({ outcome }) => outcome !== 'changed')).toEqual([]);
    expect(readFileSync(`${folder}/etc/motd`, 'utf8')).toBe("it's $HOME `x` é\n");
    expect(readFileSync(`${folder}/deep/er/raw file`, 'utf8')).toBe('no newline\u0001 at its end');
    expect(readFileSync(`${folder}/etc/conf`, 'utf8')).toBe('Port 22\nPermitRootLogin no\nX 1\n');
    expect(new Set(Object.values(await states(host, resources)))).toEqual(new Set(['equal']));
    const rolledBack = await host.rollback('node', 'r1');
    expect(rolledBack.failed).toEqual([]);
    expect(new Set(rolledBack.restored)).toEqual(new Set(resources.map(resourceId)));
    expect(snapshot(folder)).toEqual(found);
    await expect(host.rollback('node', 'r1')).rejects.toMatchObject({ code: 'host/nothing-to-roll-back' });
  },
);

test('a second apply writes nothing, and takes one trip', async () => {
  const { folder, host, sent } = scratch();
  before(folder);
  const resources = everyPathKind(folder);
  await apply(host, resources);
  expect(sent).toHaveLength(3);
  const inodes = () =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => {
      const { ino, mtimeMs, ctimeMs } = lstatSync(join(folder, name));
      return [name, ino, mtimeMs, ctimeMs];
    });
  const written = inodes();
  expect(new Set(outcomes(await apply(host, resources, 'r2')))).toEqual(new Set(['unchanged']));
  expect(inodes()).toEqual(written);
  expect(sent).toHaveLength(4);
});

test('exactly what was tampered with is reported, and repaired', async () => {
  const { folder, host } = scratch();
  before(folder);
  const resources = everyPathKind(folder);
  await apply(host, resources);
  const tamper: [ResourceId, string, () => void][] = [
    [`file:${folder}/etc/motd`, 'mode', () => chmodSync(`${folder}/etc/motd`, 0o644)],
    [`file:${folder}/etc/motd`, 'content', () => writeFileSync(`${folder}/etc/motd`, 'x\n')],
    [`file:${folder}/etc/empty`, 'type', () => rmSync(`${folder}/etc/empty`)],
    [`directory:${folder}/etc`, 'mode', () => chmodSync(`${folder}/etc`, 0o700)],
    [
      `symlink:${folder}/etc/link`,
      'target',
      () => {
        rmSync(`${folder}/etc/link`);
        symlinkSync('/etc', `${folder}/etc/link`);
      },
    ],
    [`line:${folder}/etc/conf#root`, 'line', () => writeFileSync(`${folder}/etc/conf`, 'PermitRootLogin yes\n')],
    [`file:${folder}/old`, 'ensure', () => writeFileSync(`${folder}/old`, '')],
    [`command:stamp`, 'check', () => rmSync(`${folder}/stamp`)],
  ];
  for (const [index, [id, attribute, change]] of tamper.entries()) {
    change();
    const { resources: seen } = await host.check('node', resources);
    const differing = [...seen].flatMap(([one, state]) =>
      state.state === 'differs' ? state.differences.map((d) => [one, d.attribute]) : [],
    );
    expect(differing).toEqual([[id, attribute]]);
    const report = await apply(host, resources, `r${index + 2}`);
    expect(report.resources.filter(({ outcome }) => outcome === 'changed').map((one) => one.id)).toEqual([id]);
  }
});

test('any content is equal after it was applied', async () => {
  const { folder, host } = scratch();
  const content = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: fc.constantFrom('a', '\n', ' ', "'", '\\', '$', 'é', '\r', 'CONTENT_') }),
  );
  const name = fc.string({
    unit: fc.constantFrom('a', 'B', ' ', "'", '"', '$', '-', ':', '*', '\\', 'é', '.x'),
    minLength: 1,
    maxLength: 8,
  });
  let run = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(fc.record({ name, content }), { selector: (one) => one.name, minLength: 6, maxLength: 12 }),
      async (files) => {
        run += 1;
        const resources = files
          .filter((file) => !['.', '..'].includes(file.name))
          .map(
            (file): FileResource => ({
              kind: 'file',
              path: `${folder}/${run}/${file.name}`,
              content: file.content.toWellFormed(),
            }),
          );
        const report = await apply(host, resources, `r${run}`);
        expect(report.resources.filter(({ outcome }) => outcome !== 'changed')).toEqual([]);
        for (const resource of resources) expect(readFileSync(resource.path, 'utf8')).toBe(resource.content);
      },
    ),
    { numRuns: 8 },
  );
});

test('a failing step stops what depends on it and nothing else, and says why', async () => {
  const { folder, host } = scratch();
  const report = await apply(host, [
    {
      kind: 'file',
      path: `${folder}/sudoers`,
      content: 'bad\n',
      validate: { command: ['sh', '-c', 'echo "line 1: syntax error in $0"; exit 1', '{}'] },
    },
    { kind: 'file', path: `${folder}/child`, content: 'x\n', after: [`file:${folder}/sudoers`] },
    { kind: 'file', path: `${folder}/other`, content: 'x\n' },
    { kind: 'command', name: 'liar', run: ['true'], check: ['false'] },
    {
      kind: 'file',
      path: `${folder}/checked`,
      content: 'x\n',
      validate: { command: ['no-such-program', '{}'], unlessMissing: true },
    },
  ]);
  expect(outcomes(report)).toEqual(['failed', 'blocked', 'changed', 'failed', 'changed']);
  expect(report.resources[0]?.reason).toContain('syntax error');
  expect(report.resources[1]?.reason).toContain('sudoers');
  expect(report.resources[3]?.reason).toContain('the check still sees: check is no');
  expect(existsSync(`${folder}/sudoers`)).toBe(false);
  expect(readdirSync(folder).toSorted()).toEqual(['checked', 'other', 'state']);
});

test('what changed on the node after it was read is not overwritten', async () => {
  const box: { machine?: ScratchMachine } = {};
  const machine = scratch({
    onSend(script) {
      if (script.includes('changes this machine'))
        writeFileSync(join(box.machine?.folder ?? '', 'file'), 'by somebody else\n');
      return script;
    },
  });
  box.machine = machine;
  const { folder, host } = machine;
  const report = await apply(host, [{ kind: 'file', path: `${folder}/file`, content: 'ours\n' }]);
  expect(report.resources[0]).toMatchObject({
    outcome: 'blocked',
    reason: expect.stringContaining('changed on the node'),
  });
  expect(readFileSync(`${folder}/file`, 'utf8')).toBe('by somebody else\n');
});

test('what somebody changed after a run is not rolled back over', async () => {
  const { folder, host } = scratch();
  await apply(host, [
    { kind: 'file', path: `${folder}/a`, content: 'ours\n' },
    { kind: 'file', path: `${folder}/b`, content: 'ours\n' },
  ]);
  writeFileSync(`${folder}/a`, 'theirs\n');
  const report = await host.rollback('node', 'r1');
  expect(report.restored).toEqual([`file:${folder}/b`]);
  expect(report.failed).toEqual([{ id: `file:${folder}/a`, reason: expect.stringContaining('changed after the run') }]);
  expect(readFileSync(`${folder}/a`, 'utf8')).toBe('theirs\n');
});

test('a rollback takes back every apply of the run, newest first', async () => {
  const { folder, host } = scratch();
  writeFileSync(`${folder}/a`, 'first\n');
  await apply(host, [{ kind: 'file', path: `${folder}/a`, content: 'second\n' }]);
  await apply(host, [{ kind: 'file', path: `${folder}/a`, content: 'third\n' }]);
  await host.rollback('node', 'r1');
  expect(readFileSync(`${folder}/a`, 'utf8')).toBe('first\n');
});

test('secrets are neither shown nor fetched, and what kept them is closed to others', async () => {
  const { folder, host, sent } = scratch();
  writeFileSync(`${folder}/key`, 'old-secret\n');
  const resources: Resource[] = [
    {
      kind: 'file',
      path: `${folder}/key`,
      content: 'new-secret\n',
      secret: true,
      mode: '0600',
      validate: { command: ['sh', '-c', 'cat "$0"; exit 1', '{}'] },
    },
  ];
  const check = await host.check('node', resources, { withDiff: true });
  expect(check.roundTrips).toBe(1);
  expect(sent.join('')).not.toContain('new-secret');
  const report = await apply(host, resources);
  expect(JSON.stringify([...check.resources, report])).not.toMatch(/(old|new)-secret|[0-9a-f]{64}/);
  expect(report.resources[0]?.outcome).toBe('failed');
  expect(statSync(`${folder}/state/runs`).mode & 0o077).toBe(0);
});

test('a diff takes a second trip, for text that differs only', async () => {
  const { folder, host } = scratch();
  writeFileSync(`${folder}/a`, 'one\ntwo\nthree\n');
  writeFileSync(`${folder}/same`, 'x\n');
  const check = await host.check(
    'node',
    [
      { kind: 'file', path: `${folder}/a`, content: 'one\n2\nthree\n' },
      { kind: 'file', path: `${folder}/same`, content: 'x\n' },
    ],
    { withDiff: true },
  );
  expect(check.roundTrips).toBe(2);
  expect(check.resources.get(`file:${folder}/a`)).toMatchObject({
    differences: [{ attribute: 'content', diff: expect.stringContaining('@@ -1,3 +1,3 @@\n one\n-two\n+2\n three') }],
  });
});

test('a banner before the answer is passed over; an answer that is cut off is no answer', async () => {
  const { folder, host } = scratch({ onSend: (script) => `echo 'Welcome!'; printf 'no newline\\n'\n${script}` });
  expect(await states(host, [{ kind: 'file', path: `${folder}/x`, content: '' }])).toEqual({
    [`file:${folder}/x`]: 'differs',
  });
  const cut = scratch({ onSend: (script) => script.replace('begin clock;', 'exit 0;') });
  await expect(cut.host.check('node', [])).rejects.toMatchObject({ code: 'host/garbled-reply', kind: 'remote' });
  const silent = scratch({ onSend: () => 'true\n' });
  await expect(silent.host.check('node', [])).rejects.toMatchObject({ code: 'host/garbled-reply' });
});

test('an apply that is killed half way is an error, and the next one goes on', async () => {
  let kill = true;
  const { folder, host } = scratch({
    onSend: (script) => (kill ? script.replace('\nstep 2\n', () => '\nkill -9 $$\n') : script),
  });
  const resources: Resource[] = ['a', 'b', 'c'].map((name) => ({
    kind: 'file',
    path: `${folder}/${name}`,
    content: `${name}\n`,
  }));
  await expect(apply(host, resources)).rejects.toMatchObject({ code: 'host/garbled-reply' });
  expect(readdirSync(folder).toSorted()).toEqual(['a', 'state']);
  kill = false;
  expect(outcomes(await apply(host, resources, 'r2'))).toEqual(['unchanged', 'changed', 'changed']);
  expect((await host.rollback('node', 'r1')).restored).toEqual([`file:${folder}/a`]);
});

test('one change at a time: a living owner is waited for, a dead one is not', async () => {
  const { folder, host } = scratch({ onSend: (script) => script.replace('\nlock 60 ', '\nlock 1 ') });
  const lock = `${folder}/state/lock`;
  mkdirSync(lock, { recursive: true });
  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  const now = Math.round(Date.now() / 1000);
  const owner = (pid: number, at = boot) => writeFileSync(`${lock}/owner`, `20261123-other ${now} ${at} ${pid}\n`);
  const resources: Resource[] = [{ kind: 'file', path: `${folder}/a`, content: 'a\n' }];
  owner(process.pid);
  await expect(apply(host, resources)).rejects.toMatchObject({
    code: 'host/locked',
    kind: 'locked',
    message: expect.stringContaining('20261123-other'),
  });
  expect(existsSync(`${folder}/a`)).toBe(false);
  owner(process.pid, 'an-earlier-boot');
  expect(outcomes(await apply(host, resources))).toEqual(['changed']);
  expect(existsSync(lock)).toBe(false);
  rmSync(`${folder}/a`);
  mkdirSync(lock);
  owner(4_194_304 + 7);
  expect(outcomes(await apply(host, resources, 'r2'))).toEqual(['changed']);
});

test('progress is told in order while the node works', async () => {
  const { folder, host } = scratch();
  const told: string[] = [];
  const resources: Resource[] = [
    { kind: 'file', path: `${folder}/d/b`, content: '' },
    { kind: 'directory', path: `${folder}/d` },
  ];
  await host.apply({ node: 'node', runId: 'r1', resources, onProgress: (id) => told.push(id) });
  expect(told).toEqual([`directory:${folder}/d`, `file:${folder}/d/b`]);
});

test('guarded resources run only in try mode, last, with what waits for them', async () => {
  const { folder, host } = scratch();
  const resources: Resource[] = [
    { kind: 'file', path: `${folder}/sshd`, content: 'x\n', guard: 'sshd' },
    { kind: 'file', path: `${folder}/motd`, content: 'x\n' },
    { kind: 'file', path: `${folder}/later`, content: 'x\n', after: [`file:${folder}/sshd`] },
  ];
  const blocked = await apply(host, resources);
  expect(outcomes(blocked)).toEqual(['blocked', 'changed', 'blocked']);
  expect(blocked.resources[0]?.reason).toContain('host/try-mode-missing');
  const attempts: string[] = [];
  const tryMode: TryMode = { attempt: ({ node, area }, change) => (attempts.push(`${node} ${area}`), change()) };
  const trying = scratch({ tryMode, stateFolder: `${folder}/state` });
  expect(outcomes(await apply(trying.host, resources, 'r2'))).toEqual(['changed', 'unchanged', 'changed']);
  expect(attempts).toEqual(['node sshd']);
  expect(outcomes(await apply(host, resources, 'r3'))).toEqual(['unchanged', 'unchanged', 'unchanged']);
});

test('inside a try mode that somebody else runs, guarded resources are changed directly', async () => {
  const { folder, host } = scratch();
  const resources: Resource[] = [
    { kind: 'file', path: `${folder}/sshd`, content: 'x\n', guard: 'sshd' },
    { kind: 'file', path: `${folder}/nft`, content: 'x\n', guard: 'firewall' },
  ];
  const report = await host.apply({ node: 'node', runId: 'r1', resources, inTryMode: 'sshd' });
  expect(outcomes(report)).toEqual(['changed', 'blocked']);
});

test('resources that no script could carry are refused before anything is sent', async () => {
  const { host, sent, folder } = scratch();
  const bad: Resource[] = [
    { kind: 'file', path: 'etc/motd', content: '' },
    { kind: 'file', path: `${folder}/../x`, content: '' },
    { kind: 'file', path: `${folder}/a\nb`, content: '' },
    { kind: 'symlink', path: `${folder}/a`, target: 'a\nb' },
    { kind: 'line', path: `${folder}/a`, name: 'x', line: 'a\nb' },
    { kind: 'package', name: '--force-yes' },
    { kind: 'service', unit: 'chrony' },
    { kind: 'sysctl', key: 'vm.x', value: '1\n2' },
    { kind: 'block', path: '/etc/a', name: 'b', content: 'no newline' },
    { kind: 'block', path: '/etc/a', name: 'b', content: '# END vmstation b\n' },
    { kind: 'block', path: '/etc/a', name: 'b', content: `${'x'.repeat(70_000)}\n` },
    { kind: 'package-repository', name: 'a/b', uris: ['https://a.example/'] },
    { kind: 'package-repository', name: 'a', uris: ['https://a.example/\nTrusted: yes'] },
    { kind: 'package-repository', name: 'a', uris: [] },
    { kind: 'filesystem', device: 'sdb', fstype: 'ext4' },
    { kind: 'filesystem', device: '/dev/sdb', fstype: 'xfs', label: 'thirteen-long' },
    { kind: 'link', name: 'e0 %i', mtu: 1500 },
    { kind: 'link', name: 'e0', mtu: 20 },
    { kind: 'link', name: 'e0' },
  ];
  for (const resource of bad)
    await expect(host.check('node', [resource])).rejects.toMatchObject({
      code: 'host/unusable-resource',
      kind: 'user',
    });
  expect(sent).toEqual([]);
});

test('resources that wait for each other are refused', async () => {
  const { host, folder } = scratch();
  const circle: Resource[] = [
    { kind: 'file', path: `${folder}/a`, content: '', after: [`file:${folder}/b`] },
    { kind: 'file', path: `${folder}/b`, content: '', after: [`file:${folder}/a`] },
  ];
  await expect(apply(host, circle)).rejects.toMatchObject({ code: 'host/order-cycle' });
});

test('a check of sixty things starts at most ten processes, and a mutation of none', async () => {
  const { folder, host } = scratch();
  const resources: Resource[] = Array.from(
    { length: 60 },
    (_, index): Resource =>
      index % 3 === 0
        ? { kind: 'sysctl', key: `vm.x${index}`, value: '1' }
        : index % 3 === 1
          ? { kind: 'package', name: `p${index}` }
          : { kind: 'file', path: `${folder}/${index}`, content: '' },
  );
  const check = await host.check('node', resources);
  expect(check.remoteProcesses).toBeLessThanOrEqual(10);
  expect(check.roundTrips).toBe(1);
  expect(readdirSync(dirname(`${folder}/x`))).toEqual([]);
});

import { execFile } from 'node:child_process';
import { lstatSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ageSecrets, initWorkspace, openWorkspace } from '@vmstation/workspace';
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest';
import { labPaths, stopLab } from '../packages/lab/src/index.ts';

// An operator's own cluster is rehearsed: a copy of the workspace, whose machines are the lab's and nobody else's.

const program = join(import.meta.dirname, '..', 'apps', 'cli', 'src', 'main.ts');
const patience = 240_000;

let folder: string;
let own: string;
let copy: string;

beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'vmr-')));
  own = join(folder, 'own');
  copy = join(folder, 'copy');
  await initWorkspace(own, { example: true });
});
afterEach(async () => {
  await stopLab(labPaths(copy));
  await rm(folder, { recursive: true, force: true });
});

interface Ended {
  readonly exitCode: number;
  readonly text: string;
}

function vmstation(...args: readonly string[]): Promise<Ended> {
  const env = { ...process.env, CI: '1', XDG_STATE_HOME: join(folder, 'state') };
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [program, ...args],
      { env, cwd: folder, maxBuffer: 1 << 26 },
      (error, stdout, stderr) => {
        const code = error === null ? 0 : error.code;
        const text = `${stdout}${stderr}`.replaceAll(/\s+/g, ' ');
        resolve({ exitCode: typeof code === 'number' ? code : 1, text });
      },
    );
  });
}

const rehearse = () => vmstation('-w', copy, 'lab', 'start', '--from', join(own, 'vmstation.yaml'));

async function put(path: string, content: string): Promise<void> {
  await mkdir(dirname(join(own, path)), { recursive: true });
  await writeFile(join(own, path), content);
}

/** Every file of a folder with its content, mode and times: what a write of any kind changes. */
async function traces(root: string): Promise<readonly string[]> {
  const entries = await readdir(root, { recursive: true });
  return entries.toSorted().map((path) => {
    const { mode, size, mtimeMs, ino } = lstatSync(join(root, path));
    return `${path} ${mode} ${size} ${mtimeMs} ${ino}`;
  });
}

test('a change that would have locked everybody out is caught in the rehearsal; the original is not touched', {
  timeout: patience,
}, async () => {
  expect(await rehearse()).toMatchObject({ exitCode: 0, text: expect.stringContaining(`vmstation -w ${copy} up`) });
  expect(await vmstation('-w', copy, 'up', '--to', 'setup', '--yes')).toMatchObject({ exitCode: 0 });

  await put('group/common/etc/ssh/sshd_config.d/20-login.conf', 'AllowUsers operator\n');
  expect((await rehearse()).text).toContain('1 file copied');
  const refused = await vmstation('-w', copy, 'up', '--only', 'config', '--tags', 'ssh', '--yes');
  expect(refused).toMatchObject({ exitCode: 73, text: expect.stringContaining('shut your own way in') });
  expect(refused.text).toContain('masternode: group/common/etc/ssh/sshd_config.d/20-login.conf lets in others only');

  // Who is in a group is known to the machine alone, so this is tried.
  await put('group/common/etc/ssh/sshd_config.d/20-login.conf', 'AllowGroups operators\n');
  const before = await traces(own);
  expect(await rehearse()).toMatchObject({ exitCode: 0, text: expect.stringContaining('1 file copied') });
  const { exitCode, text } = await vmstation('-w', copy, 'up', '--only', 'config', '--tags', 'ssh', '--yes');
  expect(exitCode).toBe(1);
  expect(text).toContain(
    'After the change of sshd no new connection could become root on masternode; the former state was put back.',
  );
  expect(await traces(own)).toEqual(before);

  await rm(join(own, 'group/common/etc/ssh/sshd_config.d/20-login.conf'));
  expect((await rehearse()).text).toContain('1 removed');
  expect(await vmstation('-w', copy, 'up', '--only', 'config', '--tags', 'ssh', '--yes')).toMatchObject({
    exitCode: 0,
  });
});

test('ranges that overlap are refused at the original’s own lines', {
  timeout: patience,
}, async () => {
  const text = await readFile(join(own, 'vmstation.yaml'), 'utf8');
  await put('vmstation.yaml', text.replace('10.96.0.0/12', '10.244.128.0/17'));
  const { exitCode, text: said } = await rehearse();
  expect([exitCode, said]).toEqual([64, expect.stringContaining(`The workspace ${own} has 1 fault`)]);
  expect(said).toMatch(/vmstation\.yaml:\d+:\d+/);
  await expect(readdir(copy)).rejects.toThrow('ENOENT');
});

test('everything but state and version control is copied, links included, and secrets open with the same key', {
  timeout: patience,
}, async () => {
  await put('apps/wiki/app.yaml', 'namespace: wiki\n');
  await put('apps/wiki/wiki.yaml', 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: wiki }\n');
  await put('.git/config', 'secret of git');
  await put('notes with blanks/é.txt', 'x');
  await symlink('motd', join(own, 'hosts/masternode/etc/issue'));
  await writeFile(join(folder, 'outside.txt'), 'outside');
  await symlink(join(folder, 'outside.txt'), join(own, 'from-outside.txt'));
  await symlink('nowhere', join(own, 'dangling'));
  await mkdir(copy);
  const started = await rehearse();
  expect(started).toMatchObject({ exitCode: 0, text: expect.stringContaining('left out: dangling') });

  const files = (await readdir(copy, { recursive: true })).filter((path) => !path.startsWith('.vmstation'));
  const expected = (await readdir(own, { recursive: true })).filter(
    (path) => !/^(?:\.vmstation|\.git)(?:\/|$)|^dangling$/.test(path),
  );
  expect(files.toSorted()).toEqual(expected.toSorted());
  expect(await readFile(join(copy, 'from-outside.txt'), 'utf8')).toBe('outside');
  const [mine, theirs] = await Promise.all([openWorkspace(copy), openWorkspace(own)]);
  expect(mine.inputHash).toBe(theirs.inputHash);
  const [one, other] = await Promise.all(
    [mine, theirs].map((workspace) => ageSecrets(workspace).get('grafana-admin-password')),
  );
  expect(one?.reveal()).toBe(other?.reveal());
  expect(lstatSync(copy).mode & 0o777).toBe(0o700);
});

test('what was changed by hand in the rehearsal is set aside, never lost', { timeout: patience }, async () => {
  await rehearse();
  await writeFile(join(copy, 'hosts/masternode/etc/motd'), 'by hand\n');
  await writeFile(join(copy, 'new.txt'), 'new\n');
  const { text } = await rehearse();
  const aside = /now in (\S+):/.exec(text)?.[1] ?? '';
  expect(await readFile(join(aside, 'hosts/masternode/etc/motd'), 'utf8')).toBe('by hand\n');
  expect(await readFile(join(aside, 'new.txt'), 'utf8')).toBe('new\n');
  expect(await readFile(join(copy, 'hosts/masternode/etc/motd'), 'utf8')).toBe(
    await readFile(join(own, 'hosts/masternode/etc/motd'), 'utf8'),
  );
});

const cluster = (
  nodes: readonly string[],
  ports: { readonly ssh: number },
) => `cluster: { name: own, domain: lan.example }
network: { nodes: 127.77.0.0/24, gateway: 127.77.0.1, pods: 10.10.0.0/16, services: 10.20.0.0/16 }
ssh: { user: anna, port: ${ports.ssh} }
nodes:
${nodes.map((line) => `  ${line}\n`).join('')}`;

test('other machines, more and fewer of them, are rehearsed, and none of their addresses is ever dialled', {
  timeout: patience,
}, async () => {
  // Here everything on 127.0.0.0/8 is this computer: whoever dialled a node would be heard.
  const heard: string[] = [];
  const server = createServer((socket) => {
    heard.push(`${socket.localAddress}:${socket.localPort}`);
    socket.destroy();
  });
  onTestFinished(() => void server.close());
  await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve));
  const address = server.address();
  const ssh = typeof address === 'object' && address !== null ? address.port : 0;

  await rm(own, { recursive: true });
  await initWorkspace(own, { example: false }).catch(() => undefined);
  for (const below of ['hosts', 'group', 'apps']) await rm(join(own, below), { recursive: true, force: true });
  const here = 'here: { address: 127.77.0.11, os: debian-13, roles: [control-plane, worker], ssh: { local: true } }';
  const there = 'n-2: { address: 127.77.0.12, os: rhel-9, roles: [worker] }';
  await put(
    'vmstation.yaml',
    cluster([here, there, 'a3: { address: 127.77.0.13, os: rhel-10, roles: [worker], ssh: { user: root } }'], { ssh }),
  );
  await put('hosts/n-2/etc/motd', 'n-2 of anna\n');
  expect(await rehearse()).toMatchObject({ exitCode: 0, text: expect.stringContaining('3 machines on loopback') });
  expect(await vmstation('-w', copy, 'up', '--to', 'setup', '--yes')).toMatchObject({ exitCode: 0 });
  const names = await Promise.all(
    ['here', 'n-2', 'a3'].map((name) => vmstation('-w', copy, 'node', 'run', name, '--', 'cat', '/etc/hostname')),
  );
  expect(names.map(({ text }) => text)).toEqual([
    expect.stringContaining('here'),
    expect.stringContaining('n-2'),
    expect.stringContaining('a3'),
  ]);

  // One more machine stands beside those that are there; one less, or another one, starts from bare ones.
  await put(
    'vmstation.yaml',
    cluster(
      [
        here,
        there,
        'a3: { address: 127.77.0.13, os: rhel-10, roles: [worker], ssh: { user: root } }',
        'more: { address: 127.77.0.14, os: debian-12, roles: [worker] }',
      ],
      { ssh },
    ),
  );
  const more = await rehearse();
  expect(more).toMatchObject({ exitCode: 0, text: expect.stringContaining('4 machines on loopback') });
  expect(more.text).not.toContain('bare again');
  await put('vmstation.yaml', cluster([here, there], { ssh }));
  const fewer = await rehearse();
  expect(fewer.text).toContain('2 machines on loopback');
  expect(fewer.text).toContain('the machines are bare again: a3, more changed in the cluster file');

  await vmstation('-w', copy, 'lab', 'stop');
  for (const command of [
    ['up', '--yes'],
    ['drift'],
    ['node', 'trust', '--yes'],
    ['node', 'run', 'here', '--', 'touch', join(folder, 'ran')],
  ])
    expect(await vmstation('-w', copy, ...command)).toMatchObject({ text: expect.stringContaining('lab/not-running') });
  await expect(readFile(join(folder, 'ran'))).rejects.toThrow('ENOENT');
  expect(heard).toEqual([]);
});

test('without a folder the rehearsal lives in the user’s own state, and is found again', {
  timeout: patience,
}, async () => {
  const first = await vmstation('--json', 'lab', 'start', '--from', own);
  const { rehearsal } = JSON.parse(first.text) as { rehearsal: { folder: string; copied: string[] } };
  copy = rehearsal.folder;
  expect(copy.startsWith(join(folder, 'state', 'vmstation', 'rehearsals', 'own-'))).toBe(true);
  expect(rehearsal.copied).toContain('vmstation.yaml');
  const again = await vmstation('lab', 'start', '--from', join(own, 'vmstation.yaml'));
  expect(again.text).toContain(`is rehearsed in ${copy}: nothing changed`);
});

test('a folder that is no place for it is refused, and nothing is written there', { timeout: patience }, async () => {
  const from = ['lab', 'start', '--from', own] as const;
  const before = await traces(own);
  await mkdir(join(folder, 'full'));
  await writeFile(join(folder, 'full', 'thesis.txt'), 'mine');
  const refused = async (...args: readonly string[]) =>
    /vmstation explain (\S+)/.exec((await vmstation(...args)).text)?.[1];
  expect(await refused('-w', join(folder, 'full'), ...from)).toBe('lab/not-a-rehearsal');
  expect(await refused('-w', own, ...from)).toBe('lab/rehearsal-inside');
  expect(await refused('-w', join(own, '.vmstation', 'rehearsal'), ...from)).toBe('lab/rehearsal-inside');
  expect(await refused('-w', folder, ...from)).toBe('lab/rehearsal-inside');
  expect(await refused('lab', 'start', '--from', join(folder, 'full'))).toBe('lab/nothing-to-rehearse');
  expect(await refused('lab', 'start', '--from', join(own, 'versions.lock'))).toBe('lab/nothing-to-rehearse');
  expect(await traces(own)).toEqual(before);
  expect(await readdir(join(folder, 'full'))).toEqual(['thesis.txt']);

  await rehearse();
  const second = join(folder, 'second');
  await initWorkspace(second, { example: true });
  expect(await refused('-w', copy, 'lab', 'start', '--from', second)).toBe('lab/other-rehearsal');
});

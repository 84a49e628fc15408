import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Resource } from '@vmstation/core';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createHost } from '../host.ts';
import { posixShells } from '../testing/posix-shells.ts';
import { type ScratchMachine, scratchMachine } from '../testing/scratch-machine.ts';

// What root does in folders of others. A user may rename whatever is in a folder of theirs at any moment, so these tests do it at the worst one: when
// everything has been looked at, or between two programs of a step.

const alice = 54_321;
const asRoot = process.getuid?.() === 0;

interface Scene {
  readonly machine: ScratchMachine;
  readonly home: string;
  /** A folder of root's that nobody else may touch, with a file and a folder that bear the names of the user's own. */
  readonly victim: string;
  /** Both files of the victim, the folder's and everything's owners and modes, and names. */
  victimNow(): readonly string[];
}

interface Attack {
  /** Text of the script, before which the attack is inserted. */
  readonly at: string | RegExp;
  readonly does: (home: string, victim: string) => string;
}

function scene(shell: readonly string[], attack?: Attack): Scene {
  const made: { home?: string; victim?: string } = {};
  const machine = scratchMachine({
    shell,
    onSend: (script) => {
      const { home = '', victim = '' } = made;
      const known = script.replaceAll('/etc/passwd', join(home, '..', 'passwd'));
      return attack === undefined
        ? known
        : known.replace(attack.at, (found) => `${found}\n${attack.does(home, victim)}\n`);
    },
  });
  onTestFinished(() => machine.remove());
  const { folder } = machine;
  const home = join(folder, 'home');
  const victim = join(folder, 'victim');
  Object.assign(made, { home, victim });
  for (const path of [folder, home, victim, join(home, '.d'), join(victim, 'sub')])
    mkdirSync(path, { recursive: true });
  chmodSync(folder, 0o755);
  writeFileSync(join(folder, 'passwd'), `root:x:0:0::/root:/bin/sh\nalice:x:${alice}:${alice}::${home}:/bin/sh\n`);
  writeFileSync(join(victim, 'f'), 'secret\n', { mode: 0o600 });
  writeFileSync(join(victim, 'authorized_keys'), 'ssh-ed25519 AAAAroot root\n', { mode: 0o600 });
  for (const path of [home, join(home, '.d')]) chownSync(path, alice, alice);
  const named = ['', 'f', 'authorized_keys', 'sub'];
  const victimNow = () => [
    ...named.map((name) => {
      const { mode, uid, gid } = lstatSync(join(victim, name));
      return `${name} ${mode.toString(8)} ${uid} ${gid}`;
    }),
    ...readdirSync(victim),
    readFileSync(join(victim, 'f'), 'utf8'),
    readFileSync(join(victim, 'authorized_keys'), 'utf8'),
  ];
  return { machine, home, victim, victimNow };
}

const swapFolder = (home: string, victim: string, name = '.d') =>
  `rm -rf ${home}/${name}; ln -s ${victim} ${home}/${name}`;
const beforeStep = 'change_1() {';

const apply = ({ machine }: Scene, ...resources: readonly Resource[]) =>
  machine.host.apply({ node: 'node', runId: 'r1', resources });

const byRoot = ({ machine }: Scene, stdin: string) =>
  machine.transport.run('node', { argv: ['sh', '-s'], stdin, elevate: true, timeoutMs: 60_000 });

const key = 'ssh-ed25519 AAAAalice alice';

describe.skipIf(!asRoot).each(posixShells.filter(({ present }) => present))('$title', ({ argv }) => {
  test.each<[string, (home: string) => Resource]>([
    ['a file', (home) => ({ kind: 'file', path: `${home}/.d/f`, content: 'ours\n', owner: String(alice) })],
    ['a file with any bytes', (home) => ({ kind: 'file', path: `${home}/.d/f`, content: 'o\u0000' })],
    ['a file in a new folder', (home) => ({ kind: 'file', path: `${home}/.d/new/f`, content: 'ours\n' })],
    ['a file that must not be there', (home) => ({ kind: 'file', path: `${home}/.d/f`, ensure: 'absent' })],
    ['a line', (home) => ({ kind: 'line', path: `${home}/.d/f`, name: 'x', line: 'ours' })],
    ['a block', (home) => ({ kind: 'block', path: `${home}/.d/f`, name: 'x', content: 'ours\n' })],
    ['a link', (home) => ({ kind: 'symlink', path: `${home}/.d/f`, target: '/etc/motd' })],
    ['a folder', (home) => ({ kind: 'directory', path: `${home}/.d/sub`, owner: String(alice), mode: '0777' })],
    ['a folder itself', (home) => ({ kind: 'directory', path: `${home}/.d`, owner: String(alice), mode: '0777' })],
    ['a new folder', (home) => ({ kind: 'directory', path: `${home}/.d/new/sub`, owner: String(alice) })],
  ])('%s in a folder that its owner turns into a link: refused', async (_title, want) => {
    const at = scene(argv, { at: beforeStep, does: swapFolder });
    const found = at.victimNow();
    writeFileSync(join(at.home, '.d/f'), 'theirs\n');
    chownSync(join(at.home, '.d/f'), alice, alice);
    const { resources } = await apply(at, want(at.home));
    expect(resources).toMatchObject([
      { outcome: 'failed', reason: expect.stringContaining(`${at.home}/.d is a link`) },
    ]);
    expect(at.victimNow()).toEqual(found);
  });

  test.each([beforeStep, '\nfolder() {', '\nroom() {', '\naside() {', '\nplace() {', '\nput() {'])(
    'a key: at %j its owner turns the folder into a link to that of root',
    async (moment) => {
      for (const isThere of [true, false]) {
        const at = scene(argv, {
          at: moment,
          does: (home, victim) =>
            `if [ -e ${home}/.ssh ]; then mv ${home}/.ssh ${home}/x; fi; ln -sfn ${victim} ${home}/.ssh`,
        });
        if (isThere) {
          mkdirSync(join(at.home, '.ssh'));
          chownSync(join(at.home, '.ssh'), alice, alice);
        }
        const found = at.victimNow();
        const { resources } = await apply(at, { kind: 'authorized-key', user: 'alice', key });
        expect(resources).toMatchObject([{ outcome: 'failed' }]);
        expect(at.victimNow()).toEqual(found);
      }
    },
  );

  test.each<[string, Attack]>([
    [
      'a candidate',
      {
        at: '\ndress() {',
        does: (home, victim) => `for x in ${home}/.d/.vmstation-*; do mv "$x" ${home}/x; ln -s ${victim}/f "$x"; done`,
      },
    ],
    [
      'the folder of a candidate',
      {
        at: '\ndress() {',
        does: (home, victim) => `for x in ${home}/.d/.vmstation-*; do mv "$x" ${home}/.d/x; ln -s ${victim} "$x"; done`,
      },
    ],
    [
      'the folder',
      { at: '\ndress() {', does: (home, victim) => `mv ${home}/.d ${home}/.e; ln -s ${victim} ${home}/.d` },
    ],
    [
      'the folder, when it is put in place',
      { at: '\nput() {', does: (home, victim) => `mv ${home}/.d ${home}/.e; ln -s ${victim} ${home}/.d` },
    ],
    ['the file', { at: '\nput() {', does: (home, victim) => `rm -f ${home}/.d/f; ln -s ${victim} ${home}/.d/f` }],
    ['the file, by a folder', { at: '\nput() {', does: (home) => `rm -f ${home}/.d/f; mkdir ${home}/.d/f` }],
  ])('somebody swaps %s while a file is written: nothing else is touched', async (_title, attack) => {
    for (const content of ['ours\n', 'ours \u0000 bytes']) {
      const at = scene(argv, attack);
      const found = at.victimNow();
      writeFileSync(join(at.home, '.d/f'), 'theirs\n');
      chownSync(join(at.home, '.d/f'), alice, alice);
      await apply(at, { kind: 'file', path: `${at.home}/.d/f`, content, owner: String(alice), mode: '0666' });
      expect(at.victimNow()).toEqual(found);
    }
  });

  test.each(['\nkeep_copy() {', '\nstates() {', /\n {2}elif \[ -f "\$1" \]; then /])(
    'a file that goes away while it is kept holds up nobody else (at %j)',
    async (moment) => {
      const at = scene(argv, { at: moment, does: (home) => `rm -f ${home}/.d/f` });
      writeFileSync(join(at.home, '.d/f'), 'theirs\n');
      const { resources } = await apply(
        at,
        { kind: 'file', path: `${at.home}/.d/f`, content: 'ours\n' },
        { kind: 'file', path: `${at.machine.folder}/other`, content: 'ours\n' },
      );
      expect(resources.map(({ outcome }) => outcome)).toEqual(['blocked', 'changed']);
    },
  );

  test('a file that goes away while it is looked at holds up nobody else', async () => {
    const at = scene(argv, { at: /(?=begin digest;)/, does: (home) => `rm -f ${home}/.d/f` });
    writeFileSync(join(at.home, '.d/f'), 'theirs\n');
    const { resources } = await apply(
      at,
      { kind: 'line', path: `${at.home}/.d/f`, name: 'x', line: 'ours' },
      { kind: 'file', path: `${at.machine.folder}/other`, content: 'ours\n' },
    );
    expect(resources.map(({ outcome }) => outcome)).toEqual(['blocked', 'changed']);
  });

  test('the sticky bit protects nothing from the owner of the folder', async () => {
    const at = scene(argv, {
      at: '\ndress() {',
      does: (home, victim) =>
        `mv ${home}/.d ${home}/.e; mkdir ${home}/.d; for x in ${home}/.e/.vmstation-*; do ln -s ${victim}/f "${home}/.d/\${x##*/}"; done`,
    });
    const found = at.victimNow();
    chmodSync(at.home, 0o1755);
    chownSync(join(at.home, '.d'), 0, 0);
    await apply(at, { kind: 'file', path: `${at.home}/.d/f`, content: 'ours\n', owner: String(alice), mode: '0666' });
    expect(at.victimNow()).toEqual(found);
  });

  test('owner and mode of a file that becomes a link meanwhile: refused', async () => {
    const at = scene(argv, {
      at: beforeStep,
      does: (home, victim) => `rm -f ${home}/.d/f; ln -s ${victim}/f ${home}/.d/f`,
    });
    const found = at.victimNow();
    writeFileSync(join(at.home, '.d/f'), 'ours\n');
    chownSync(join(at.home, '.d/f'), alice, alice);
    const { resources } = await apply(at, {
      kind: 'file',
      path: `${at.home}/.d/f`,
      content: 'ours\n',
      owner: String(alice),
      mode: '0666',
    });
    expect(at.victimNow()).toEqual(found);
    expect(resources).toMatchObject([{ outcome: 'failed' }]);
  });

  test('the lines of a file that becomes a link to a secret do not come to its owner', async () => {
    const at = scene(argv, {
      at: beforeStep,
      does: (home, victim) => `rm -f ${home}/.d/f; ln -s ${victim}/f ${home}/.d/f`,
    });
    writeFileSync(join(at.home, '.d/f'), 'theirs\n');
    chownSync(join(at.home, '.d/f'), alice, alice);
    const { resources } = await apply(at, {
      kind: 'line',
      path: `${at.home}/.d/f`,
      name: 'x',
      line: 'ours',
    });
    expect(resources).toMatchObject([
      { outcome: 'failed', reason: expect.stringContaining(`${at.home}/.d/f is a link`) },
    ]);
    expect(lstatSync(join(at.home, '.d/f')).isSymbolicLink()).toBe(true);
  });

  test('what is declared in a home is brought about, taken back, and leaves nothing beside it', async () => {
    const at = scene(argv);
    const { home, machine } = at;
    writeFileSync(join(home, '.d/line'), 'theirs\n', { mode: 0o640 });
    writeFileSync(join(home, '.d/mode'), 'theirs\n', { mode: 0o640 });
    for (const name of ['line', 'mode']) chownSync(join(home, '.d', name), alice, alice);
    const owner = String(alice);
    const wanted: readonly Resource[] = [
      { kind: 'file', path: `${home}/.d/f`, content: 'ours\n', owner, group: owner, mode: '0600' },
      { kind: 'file', path: `${home}/.d/new/bytes`, content: 'o\u0000', mode: '0644' },
      { kind: 'file', path: `${home}/.d/mode`, content: 'theirs\n', mode: '0604' },
      { kind: 'line', path: `${home}/.d/line`, name: 'x', line: 'ours' },
      { kind: 'directory', path: `${home}/.d/sub/sub`, owner, mode: '0750' },
      { kind: 'symlink', path: `${home}/.d/link`, target: 'f' },
    ];
    const { resources } = await apply(at, ...wanted);
    expect(resources.map(({ id, outcome, reason }) => [id, outcome, reason])).toEqual(
      resources.map(({ id }) => [id, 'changed', undefined]),
    );
    const now = (path: string) => {
      const { mode, uid } = lstatSync(join(home, path));
      return `${path} ${(mode & 0o7777).toString(8)} ${uid} ${readFileSync(join(home, path), 'utf8')}`;
    };
    expect(['.d/f', '.d/new/bytes', '.d/mode', '.d/line'].map(now)).toEqual([
      `.d/f 600 ${alice} ours\n`,
      '.d/new/bytes 644 0 o\u0000',
      `.d/mode 604 ${alice} theirs\n`,
      `.d/line 640 ${alice} theirs\nours\n`,
    ]);
    expect(lstatSync(join(home, '.d/sub/sub'))).toMatchObject({ uid: alice, mode: 0o040750 });
    expect(readdirSync(join(home, '.d')).toSorted()).toEqual(['f', 'line', 'link', 'mode', 'new', 'sub']);
    const { failed } = await machine.host.rollback('node', 'r1');
    expect(failed).toEqual([]);
    expect(readdirSync(home).toSorted()).toEqual(['.d']);
    expect(readdirSync(join(home, '.d')).toSorted()).toEqual(['line', 'mode']);
    expect(['.d/line', '.d/mode'].map(now)).toEqual([`.d/line 640 ${alice} theirs\n`, `.d/mode 640 ${alice} theirs\n`]);
  });

  test('a rollback goes through no link that came since, even to what looks the same', async () => {
    const at = scene(argv);
    const { home, victim, machine } = at;
    await apply(at, { kind: 'file', path: `${home}/.d/f`, content: 'secret\n', owner: '0', group: '0', mode: '0600' });
    const found = at.victimNow();
    await machine.transport.run('node', {
      argv: ['sh', '-s'],
      stdin: swapFolder(home, victim),
      elevate: true,
      timeoutMs: 60_000,
    });
    const { failed } = await machine.host.rollback('node', 'r1');
    expect(at.victimNow()).toEqual(found);
    expect(failed).toMatchObject([{ reason: expect.stringContaining(`${home}/.d is a link`) }]);
  });

  test('lines that were kept through a link do not come to whoever takes the link away again', async () => {
    const at = scene(argv, { at: beforeStep, does: (home) => `rm ${home}/.d; mv ${home}/x ${home}/.d` });
    const { home, victim, machine } = at;
    writeFileSync(join(home, '.d/f'), 'theirs\n');
    await byRoot(at, `chown ${alice} ${home}/.d/f; mv ${home}/.d ${home}/x; ln -s ${victim} ${home}/.d`);
    const { resources } = await apply(at, { kind: 'line', path: `${home}/.d/f`, name: 'x', line: 'ours' });
    expect(resources).toMatchObject([
      { outcome: 'failed', reason: expect.stringContaining(`${home}/.d/f was changed`) },
    ]);
    writeFileSync(join(home, '.d/f'), 'theirs\nmore\nours\n');
    await machine.host.rollback('node', 'r1');
    expect(readFileSync(join(home, '.d/f'), 'utf8')).not.toContain('secret');
  });

  test.each([false, true])(
    'a rollback takes lines out of a file of somebody else, and gives them no others (attacked: %s)',
    async (isAttacked) => {
      const at = scene(argv);
      const { home, victim, machine } = at;
      writeFileSync(join(home, '.d/f'), 'theirs\n');
      writeFileSync(join(victim, 'f'), 'secret\nours\n', { mode: 0o600 });
      chownSync(join(home, '.d/f'), alice, alice);
      await apply(at, { kind: 'line', path: `${home}/.d/f`, name: 'x', line: 'ours' });
      writeFileSync(join(home, '.d/f'), 'theirs\nmore\nours\n');
      const { transport } = machine;
      const swapped = (script: string) =>
        script
          .replace('\napart() {', `\napart() {\nmv ${home}/.d ${home}/x; ln -s ${victim} ${home}/.d\n`)
          .replace('\nrestore() {', `\nrestore() {\nrm ${home}/.d; mv ${home}/x ${home}/.d\n`);
      const host = createHost({
        clock: { now: () => new Date() },
        settleSeconds: 0,
        stateFolder: join(machine.folder, 'state'),
        transport: {
          ...transport,
          run: (node, command) => {
            const script = String(command.stdin);
            return transport.run(node, { ...command, stdin: isAttacked ? swapped(script) : script });
          },
        },
      });
      const { failed } = await host.rollback('node', 'r1');
      expect(failed.map(({ reason }) => reason.includes(`${home}/.d is a link`))).toEqual(isAttacked ? [true] : []);
      if (isAttacked) await byRoot(at, `rm ${home}/.d; mv ${home}/x ${home}/.d`);
      expect(readFileSync(join(home, '.d/f'), 'utf8')).toBe(`theirs\nmore\n${isAttacked ? 'ours\n' : ''}`);
      expect(readdirSync(join(home, '.d'))).toEqual(['f']);
    },
  );

  test('a link of root in a folder of root leads where root wants it', async () => {
    const at = scene(argv);
    const { folder } = at.machine;
    mkdirSync(join(folder, 'real/deep'), { recursive: true });
    await at.machine.transport.run('node', {
      argv: ['sh', '-s'],
      stdin: `ln -s real/deep/ ${folder}/one; ln -s ${folder}/one ${folder}/two; ln -s loop ${folder}/loop; ln -s nowhere ${folder}/dangling`,
      elevate: true,
      timeoutMs: 60_000,
    });
    const { resources } = await apply(at, { kind: 'file', path: `${folder}/two/more/f`, content: 'ours\n' });
    expect(resources).toMatchObject([{ outcome: 'changed' }]);
    expect(readFileSync(join(folder, 'real/deep/more/f'), 'utf8')).toBe('ours\n');
    for (const name of ['loop', 'dangling']) {
      const {
        resources: [one],
      } = await at.machine.host.apply({
        node: 'node',
        runId: name,
        resources: [{ kind: 'file', path: `${folder}/${name}/f`, content: 'ours\n' }],
      });
      expect(one).toMatchObject({ outcome: 'failed', reason: expect.stringContaining(`${folder}/${name}`) });
      expect(existsSync(join(folder, 'nowhere'))).toBe(false);
    }
  });
});

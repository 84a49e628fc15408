import type { DirectoryResource, FileResource, LineResource, SymlinkResource } from '@vmstation/core';
import { expect } from 'vitest';
import type { Contract } from '../contract-case.ts';
import { apply, asRoot, between, type PortSubject, rollBack, seen } from './port-subject.ts';

const folder = '/srv/contract';

/** What stands at a path: mode, owner and group by name, and the bytes as hex. */
const facts = (path: string) => `stat -c '%a %U %G %F' '${path}'; od -An -v -tx1 '${path}' | tr -d ' \\n'`;
const hexOf = (text: string | Buffer) => Buffer.from(text).toString('hex');

/** Runs a body with an empty scratch folder, and takes it away. */
const inFolder = (subject: PortSubject, before: string, body: () => Promise<void>) =>
  between(subject, { before: `rm -rf ${folder}; mkdir ${folder}; ${before}`, after: `rm -rf ${folder}` }, body);

const file = (name: string, content: string, more: Partial<FileResource> = {}): FileResource => ({
  kind: 'file',
  path: `${folder}/${name}`,
  content,
  ...more,
});
const directory = (name: string, more: Partial<DirectoryResource> = {}): DirectoryResource => ({
  kind: 'directory',
  path: `${folder}/${name}`,
  ...more,
});
const symlink = (name: string, target: string): SymlinkResource => ({
  kind: 'symlink',
  path: `${folder}/${name}`,
  target,
});
const line = (name: string, text: string, more: Partial<LineResource> = {}): LineResource => ({
  kind: 'line',
  path: `${folder}/${name}`,
  name: 'contract',
  line: text,
  ...more,
});

/** Files, folders, links and lines: what is brought about, what is seen, what is refused, and what a rollback puts back. */
export const fileSystemContract: Contract<PortSubject> = {
  port: 'File system',
  cases: [
    {
      title: 'a file gets its content to the byte, its owner, group and mode',
      run: (subject) =>
        inFolder(subject, '', async () => {
          const contents = ['', 'x', 'no newline', '\n', "it's é $HOME \\n `id`\n", 'a\r\nb\tc\u0001\u007f\n', ' '];
          for (const [index, content] of contents.entries()) {
            const want = file(`f${index}`, content, { owner: 'daemon', group: 'mail', mode: '0640' });
            expect(await apply(subject, [want])).toMatchObject({ outcomes: ['changed'] });
            const [kind, bytes] = (await asRoot(subject, facts(want.path))).split('\n');
            expect([kind, bytes]).toEqual([
              content === '' ? '640 daemon mail regular empty file' : '640 daemon mail regular file',
              hexOf(content),
            ]);
          }
        }),
    },
    {
      title: 'a large file arrives whole',
      run: (subject) =>
        inFolder(subject, '', async () => {
          const content = Array.from({ length: 20_000 }, (_, index) => `line ${index} of a large file\n`).join('');
          const want = file('large', content);
          expect(await apply(subject, [want])).toMatchObject({ outcomes: ['changed'] });
          expect(await seen(subject, [want])).toEqual(['equal']);
          expect((await asRoot(subject, `wc -c <${want.path}`)).trim()).toBe(String(content.length));
        }),
    },
    {
      title: 'setuid, setgid and sticky bits are set, seen and put back',
      run: (subject) =>
        inFolder(subject, `touch ${folder}/f; chmod 755 ${folder}/f`, async () => {
          const want = [
            file('f', '', { mode: '4755' }),
            directory('d', { mode: '2775', group: 'mail' }),
            directory('t', { mode: '1777' }),
          ];
          const applied = await apply(subject, want);
          expect(applied.outcomes).toEqual(['changed', 'changed', 'changed']);
          const modes = `stat -c '%a %G' ${folder}/f ${folder}/d ${folder}/t`;
          expect(await asRoot(subject, modes)).toBe('4755 root\n2775 mail\n1777 root\n');
          await asRoot(subject, `chmod 755 ${folder}/f; chmod g-s ${folder}/d; chmod -t ${folder}/t`);
          expect(await seen(subject, want)).toEqual(['mode 0755', 'mode 0775', 'mode 0777']);
          expect(await apply(subject, want)).toMatchObject({ outcomes: ['changed', 'changed', 'changed'] });
          expect(await asRoot(subject, modes)).toBe('4755 root\n2775 mail\n1777 root\n');
        }),
    },
    {
      title: 'a new owner does not cost the setuid bit that was declared',
      run: (subject) =>
        inFolder(subject, `echo x >${folder}/f; chmod 4755 ${folder}/f`, async () => {
          const want = { ...file('f', 'x\n'), owner: 'daemon', mode: '4755' };
          expect(await apply(subject, [want])).toMatchObject({ outcomes: ['changed'] });
          expect(await asRoot(subject, `stat -c '%a %U' ${want.path}`)).toBe('4755 daemon\n');
        }),
    },
    {
      title: 'names with spaces, quotes, letters of any script and a leading dash are names like others',
      run: (subject) =>
        inFolder(subject, '', async () => {
          const names = [
            'a b',
            "it's",
            '"q"',
            '-n',
            'é ü',
            '漢字',
            '$HOME',
            '*',
            '\\n',
            'a\\',
            '#x',
            ' lead',
            'trail ',
            '%s',
            '[a]',
          ];
          const want = names.map((name) => file(name, `${name}\n`));
          const applied = await apply(subject, want);
          expect(applied.outcomes).toEqual(names.map(() => 'changed'));
          expect(await seen(subject, want)).toEqual(names.map(() => 'equal'));
          expect((await asRoot(subject, `cd ${folder}; find . -type f | wc -l`)).trim()).toBe(String(names.length));
          expect(await rollBack(subject, applied)).toEqual([]);
          expect(await asRoot(subject, `find ${folder} -mindepth 1`)).toBe('');
        }),
    },
    {
      title: 'a name with a newline is refused before anything is sent',
      async run(subject) {
        const before = subject.transport.counters.roundTrips;
        await expect(apply(subject, [file('a\nb', 'x')])).rejects.toMatchObject({ code: 'host/unusable-resource' });
        expect(subject.transport.counters.roundTrips).toBe(before);
      },
    },
    {
      title: 'content that is not UTF-8 is seen as different, replaced, and put back to the byte',
      run: (subject) =>
        inFolder(subject, `printf 'a\\377\\200\\000b' >${folder}/f; chown daemon ${folder}/f`, async () => {
          const want = file('f', 'text\n');
          expect((await seen(subject, [want]))[0]).toMatch(/^content sha256 /);
          const applied = await apply(subject, [want]);
          expect(applied.outcomes).toEqual(['changed']);
          expect(await rollBack(subject, applied)).toEqual([]);
          const kind = '644 daemon root regular file';
          expect(await asRoot(subject, facts(want.path))).toBe(
            `${kind}\n${hexOf(Buffer.from([0x61, 0xff, 0x80, 0, 0x62]))}`,
          );
        }),
    },
    {
      title: 'neighbours whose names are not UTF-8 or hold a newline are in nobody’s way',
      run: (subject) =>
        inFolder(subject, `cd ${folder}; touch "$(printf 'a\\377')" "$(printf 'b\\nc')"`, async () => {
          const want = [directory('d'), file('f', 'x')];
          expect(await apply(subject, want)).toMatchObject({ outcomes: ['changed', 'changed'] });
          expect(await seen(subject, want)).toEqual(['equal', 'equal']);
          expect(await asRoot(subject, `ls ${folder} | od -An -tx1 | tr -d ' \\n'`)).toContain('61ff');
        }),
    },
    {
      title: 'a file is replaced by a rename: who reads the old one goes on reading it whole',
      run: (subject) =>
        inFolder(subject, `echo old >${folder}/f; ln ${folder}/f ${folder}/kept`, async () => {
          expect(await apply(subject, [file('f', 'new\n')])).toMatchObject({ outcomes: ['changed'] });
          expect(await asRoot(subject, `cat ${folder}/f ${folder}/kept`)).toBe('new\nold\n');
          expect(await asRoot(subject, `ls -A ${folder}`)).toBe('f\nkept\n');
        }),
    },
    {
      title: 'what its program refuses is never put in place, and nothing is left beside it',
      run: (subject) =>
        inFolder(subject, `echo old >${folder}/f`, async () => {
          const want = file('f', 'new\n', { validate: { command: ['grep', '-q', 'old', '{}'] } });
          const applied = await apply(subject, [want]);
          expect(applied.outcomes).toEqual(['failed']);
          expect(applied.reasons[0]).toContain('refused by: grep -q old');
          expect(await asRoot(subject, `cat ${folder}/f; ls -A ${folder}`)).toBe('old\nf\n');
        }),
    },
    {
      title: 'folders above a file are made, and taken away again by the rollback',
      run: (subject) =>
        inFolder(subject, '', async () => {
          const want = file('a/b c/f', 'x');
          const applied = await apply(subject, [want]);
          expect(applied.outcomes).toEqual(['changed']);
          expect(await asRoot(subject, `stat -c '%a %U' ${folder}/a '${folder}/a/b c'`)).toBe('755 root\n755 root\n');
          expect(await rollBack(subject, applied)).toEqual([]);
          expect(await asRoot(subject, `ls -A ${folder}`)).toBe('');
        }),
    },
    {
      title: 'a file where a folder would have to be is told, and left alone',
      run: (subject) =>
        inFolder(subject, `echo keep >${folder}/a`, async () => {
          const applied = await apply(subject, [file('a/f', 'x')]);
          expect(applied.outcomes).toEqual(['failed']);
          expect(applied.reasons[0]).toMatch(/\/a is no folder/);
          expect(await asRoot(subject, `cat ${folder}/a`)).toBe('keep\n');
        }),
    },
    {
      title: 'a folder where a file would have to be is never removed',
      run: (subject) =>
        inFolder(subject, `mkdir ${folder}/f; echo keep >${folder}/f/x`, async () => {
          const want = [file('f', 'x')];
          expect(await seen(subject, want)).toEqual(['type directory']);
          const applied = await apply(subject, want);
          expect([applied.outcomes, applied.reasons[0]]).toEqual([['failed'], expect.stringContaining('directory')]);
          expect(await asRoot(subject, `cat ${folder}/f/x; ls -A ${folder}`)).toBe('keep\nf\n');
        }),
    },
    {
      title: 'a link is made, seen when it points elsewhere, and put back',
      run: (subject) =>
        inFolder(subject, `ln -s 'old target' ${folder}/l`, async () => {
          const want = symlink('l', "new target's");
          expect(await seen(subject, [want])).toEqual(['target old target']);
          const applied = await apply(subject, [want]);
          expect(applied.outcomes).toEqual(['changed']);
          expect(await asRoot(subject, `readlink ${want.path}`)).toBe("new target's\n");
          expect(await rollBack(subject, applied)).toEqual([]);
          expect(await asRoot(subject, `readlink ${want.path}`)).toBe('old target\n');
        }),
    },
    {
      title: 'a link to a folder is replaced itself, not what it points to',
      run: (subject) =>
        inFolder(subject, `mkdir ${folder}/real; ln -s real ${folder}/l`, async () => {
          expect(await apply(subject, [symlink('l', 'other')])).toMatchObject({ outcomes: ['changed'] });
          expect(await asRoot(subject, `readlink ${folder}/l; ls -A ${folder}/real`)).toBe('other\n');
        }),
    },
    {
      title: 'a file declared where a link stands replaces the link and leaves its target as it is',
      run: (subject) =>
        inFolder(subject, `echo target >${folder}/t; ln -s t ${folder}/f`, async () => {
          const applied = await apply(subject, [file('f', 'own\n')]);
          expect(applied.outcomes).toEqual(['changed']);
          expect(await asRoot(subject, `cat ${folder}/t ${folder}/f`)).toBe('target\nown\n');
          expect(await rollBack(subject, applied)).toEqual([]);
          expect(await asRoot(subject, `readlink ${folder}/f`)).toBe('t\n');
        }),
    },
    {
      title: 'a folder reached through a link takes files as any other',
      run: (subject) =>
        inFolder(subject, `mkdir ${folder}/real; ln -s real ${folder}/via`, async () => {
          const want = [file('via/f', 'x'), directory('via', {})];
          expect(await apply(subject, [file('via/f', 'x')])).toMatchObject({ outcomes: ['changed'] });
          expect(await seen(subject, want)).toEqual(['equal', 'type symlink']);
          expect(await asRoot(subject, `ls ${folder}/real`)).toBe('f\n');
        }),
    },
    {
      title: 'a link that points to nothing counts as a link, not as absent',
      run: (subject) =>
        inFolder(subject, `ln -s nowhere ${folder}/f`, async () => {
          expect(await seen(subject, [file('f', 'x'), symlink('f', 'nowhere')])).toEqual([
            'type link to nowhere',
            'equal',
          ]);
          expect(await apply(subject, [{ kind: 'file', path: `${folder}/f`, ensure: 'absent' }])).toMatchObject({
            outcomes: ['changed'],
          });
          expect(await asRoot(subject, `ls -A ${folder}`)).toBe('');
        }),
    },
    {
      title: 'on a file system that is mounted read-only every change fails with the system’s own words',
      run: (subject) =>
        inFolder(subject, `mkdir ${folder}/ro`, () =>
          between(
            subject,
            {
              before: `mount -t tmpfs -o size=1m contract ${folder}/ro; echo old >${folder}/ro/f; mount -o remount,ro ${folder}/ro`,
              after: `umount ${folder}/ro`,
            },
            async () => {
              const want = [file('ro/f', 'new\n'), file('ro/g', 'x'), directory('ro/d'), symlink('ro/l', 'x')];
              const { outcomes, reasons } = await apply(subject, want);
              expect(outcomes).toEqual(want.map(() => 'failed'));
              for (const reason of reasons) expect(reason).toContain('Read-only file system');
              expect(await asRoot(subject, `cat ${folder}/ro/f; ls -A ${folder}/ro`)).toBe('old\nf\n');
            },
          ),
        ),
    },
    {
      title: 'an immutable file stays as it is, and the change fails',
      cannot: { embedded: 'the disks of the lab know no attributes of chattr(1)' },
      run: (subject) =>
        inFolder(subject, `echo old >${folder}/f`, () =>
          between(subject, { before: `chattr +i ${folder}/f`, after: `chattr -i ${folder}/f` }, async () => {
            const applied = await apply(subject, [file('f', 'new\n')]);
            expect([applied.outcomes, applied.reasons[0]]).toEqual([
              ['failed'],
              expect.stringContaining('Operation not permitted'),
            ]);
            expect(await asRoot(subject, `cat ${folder}/f; ls -A ${folder}`)).toBe('old\nf\n');
          }),
        ),
    },
    {
      title: 'a file that is mounted over is written through, and is as declared',
      cannot: { embedded: 'in the lab only folders are mounted over' },
      run: (subject) =>
        inFolder(subject, `echo a >${folder}/a; echo old >${folder}/f`, () =>
          between(
            subject,
            { before: `mount --bind ${folder}/a ${folder}/f`, after: `umount ${folder}/f` },
            async () => {
              expect(await apply(subject, [file('f', 'new\n')])).toMatchObject({ outcomes: ['changed'] });
              expect(await asRoot(subject, `cat ${folder}/f ${folder}/a; ls -A ${folder}`)).toBe('new\nnew\na\nf\n');
            },
          ),
        ),
    },
    {
      title: 'what is declared absent goes, a folder only when it is empty',
      run: (subject) =>
        inFolder(
          subject,
          `echo x >${folder}/f; mkdir ${folder}/empty ${folder}/full; echo x >${folder}/full/x`,
          async () => {
            const want = ['f', 'empty', 'full', 'none'].map(
              (name): FileResource => ({ kind: 'file', path: `${folder}/${name}`, ensure: 'absent' }),
            );
            const { outcomes, reasons } = await apply(subject, want);
            expect(outcomes).toEqual(['changed', 'changed', 'failed', 'unchanged']);
            expect(reasons[2]).toContain('not empty');
          },
        ),
    },
    {
      title: 'one line of a file is changed where it matches last, or added; the rest stays to the byte',
      run: (subject) =>
        inFolder(subject, `printf 'A 1\\n#A 2\\nA 3\\nB\\377' >${folder}/f`, async () => {
          const want = [line('f', 'A 9', { match: '^A ' }), line('g', 'new')];
          const { outcomes, reasons } = await apply(subject, want);
          expect([outcomes, reasons]).toEqual([
            ['changed', 'changed'],
            ['', ''],
          ]);
          const bytes = Buffer.concat([Buffer.from('A 1\n#A 2\nA 9\nB'), Buffer.from([0xff]), Buffer.from('\n')]);
          expect(await asRoot(subject, `od -An -v -tx1 ${folder}/f | tr -d ' \\n'`)).toBe(hexOf(bytes));
          expect(await asRoot(subject, `cat ${folder}/g`)).toBe('new\n');
        }),
    },
    {
      title: 'what somebody changed after the run is left alone by its rollback, which says so',
      run: (subject) =>
        inFolder(subject, `echo old >${folder}/f`, async () => {
          const want = file('f', 'new\n');
          const applied = await apply(subject, [want]);
          await asRoot(subject, `echo by hand >${folder}/f`);
          expect(await rollBack(subject, applied)).toEqual([expect.stringContaining('was changed after the run')]);
          expect(await asRoot(subject, `cat ${folder}/f`)).toBe('by hand\n');
        }),
    },
    {
      title: 'applied again, nothing is written: not even a time of a file changes',
      run: (subject) =>
        inFolder(subject, '', async () => {
          const want = [directory('d', { mode: '0750' }), file('d/f', 'x\n'), symlink('d/l', 'f'), line('d/g', 'a')];
          expect(await apply(subject, want)).toMatchObject({ outcomes: want.map(() => 'changed') });
          const traces = `find ${folder} -printf '%p %i %m %u %T@ %C@\\n' | sort`;
          const before = await asRoot(subject, traces);
          expect(await apply(subject, want)).toMatchObject({ outcomes: want.map(() => 'unchanged') });
          expect(await asRoot(subject, traces)).toBe(before);
        }),
    },
    {
      title: 'a disk without space fails the change with the system’s own words, and keeps the old file',
      run: (subject) =>
        inFolder(subject, `mkdir ${folder}/full`, () =>
          between(
            subject,
            {
              before: `mount -t tmpfs -o size=64k contract ${folder}/full; echo old >${folder}/full/f`,
              after: `umount ${folder}/full`,
            },
            async () => {
              const { outcomes, reasons } = await apply(subject, [file('full/f', 'x'.repeat(200_000))]);
              expect([outcomes, reasons[0]]).toEqual([['failed'], expect.stringContaining('No space left on device')]);
              expect(await asRoot(subject, `cat ${folder}/full/f; ls -A ${folder}/full`)).toBe('old\nf\n');
            },
          ),
        ),
    },
  ],
};

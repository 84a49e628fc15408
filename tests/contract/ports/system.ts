import type { MountResource, Resource, SysctlResource } from '@vmstation/core';
import { expect } from 'vitest';
import type { Contract } from '../contract-case.ts';
import { apply, asRoot, between, type PortSubject, rollBack, run, seen } from './port-subject.ts';

const key = 'net.ipv4.ip_local_port_range';
const atBoot = '/etc/sysctl.d/99-zz-vmstation.conf';
const running = 'cat /proc/sys/net/ipv4/ip_local_port_range';
const sysctl = (value: string, name = key): SysctlResource => ({ kind: 'sysctl', key: name, value });
/** Keeps the file that sets values at boot, and the value itself. */
const keepingSysctl = (subject: PortSubject, body: () => Promise<void>) =>
  between(
    subject,
    {
      before: `cp -p ${atBoot} /root/sysctl.kept 2>/dev/null || :; rm -f ${atBoot}; ${running} >/root/range.kept`,
      after: `cat /root/range.kept >/proc/sys/net/ipv4/ip_local_port_range; rm -f ${atBoot} /root/range.kept; mv /root/sysctl.kept ${atBoot} 2>/dev/null || :`,
    },
    body,
  );

const people = {
  after:
    'userdel -f -r contract 2>/dev/null || :; groupdel contract 2>/dev/null || :; groupdel contractors 2>/dev/null || :',
};

const mounted = (path: string, more: Partial<MountResource> = {}): MountResource => ({
  kind: 'mount',
  path,
  source: 'contract',
  fstype: 'tmpfs',
  options: ['size=1m', 'mode=0750'],
  mounted: true,
  ...more,
});
const keepingTable = (subject: PortSubject, body: () => Promise<void>) =>
  between(
    subject,
    {
      before: 'cp -p /etc/fstab /root/fstab.kept 2>/dev/null || : >/root/fstab.kept',
      after:
        "umount '/srv/con tract' 2>/dev/null || :; cat /root/fstab.kept >/etc/fstab; rm -rf /root/fstab.kept '/srv/con tract'; systemctl daemon-reload",
    },
    body,
  );

/** Kernel settings, accounts, mounts, names and time. */
export const systemContract: Contract<PortSubject> = {
  port: 'System settings',
  cases: [
    {
      title: 'a kernel setting runs and stands for the next boot, in whichever blanks it is written',
      run: (subject) =>
        keepingSysctl(subject, async () => {
          const want = sysctl('10240  60999');
          const applied = await apply(subject, [want]);
          expect(applied).toMatchObject({ outcomes: ['changed'], reasons: [''] });
          expect(await asRoot(subject, running)).toBe('10240\t60999\n');
          expect(await seen(subject, [want])).toEqual(['equal']);
          await asRoot(subject, 'echo 10241 60999 >/proc/sys/net/ipv4/ip_local_port_range');
          expect(await seen(subject, [want])).toEqual(['running 10241 60999']);
          await asRoot(subject, `echo 10240 60999 >/proc/sys/net/ipv4/ip_local_port_range; rm ${atBoot}`);
          expect(await seen(subject, [want])).toEqual(['at boot (not set)']);
        }),
    },
    {
      title: 'a rollback gives a kernel setting its old value and takes its line away',
      run: (subject) =>
        keepingSysctl(subject, async () => {
          const before = await asRoot(subject, running);
          const applied = await apply(subject, [sysctl('10240 60999')]);
          expect(await rollBack(subject, applied)).toEqual([]);
          expect(await asRoot(subject, `${running}; ls ${atBoot} 2>/dev/null || :`)).toBe(before);
        }),
    },
    {
      title: 'a value that the kernel refuses fails, and is not left behind for the next boot',
      run: (subject) =>
        keepingSysctl(subject, async () => {
          const { outcomes, reasons } = await apply(subject, [sysctl('no number')]);
          expect([outcomes, reasons[0]]).toEqual([['failed'], expect.stringMatching(/Invalid argument|I\/O error/)]);
          expect(await asRoot(subject, `cat ${atBoot} 2>/dev/null || :`)).toBe('');
        }),
    },
    {
      title: 'a kernel setting that does not exist is told as such',
      run: (subject) =>
        keepingSysctl(subject, async () => {
          const want = sysctl('1', 'net.ipv4.no_such_setting');
          expect(await seen(subject, [want])).toEqual(['running (no such setting), at boot (not set)']);
          const { outcomes, reasons } = await apply(subject, [want]);
          expect([outcomes, reasons[0]]).toEqual([
            ['failed'],
            expect.stringMatching(/No such file|nonexistent|Permission denied/),
          ]);
        }),
    },
    {
      title: 'a user is made with its number, groups and shell, and a rollback takes all of it away',
      run: (subject) =>
        between(subject, people, async () => {
          const want: Resource[] = [
            { kind: 'group', name: 'contract', gid: 4242 },
            { kind: 'group', name: 'contractors' },
            { kind: 'user', name: 'contract', uid: 4242, group: 'contract', groups: ['contractors'], shell: '/bin/sh' },
          ];
          const applied = await apply(subject, want);
          expect(applied).toMatchObject({ outcomes: ['changed', 'changed', 'changed'], reasons: ['', '', ''] });
          const entry = 'getent passwd contract; id -Gn contract; stat -c %U /home/contract';
          expect(await asRoot(subject, entry)).toBe(
            'contract:x:4242:4242::/home/contract:/bin/sh\ncontract contractors\ncontract\n',
          );
          expect(await apply(subject, want)).toMatchObject({ outcomes: ['unchanged', 'unchanged', 'unchanged'] });
          expect(await rollBack(subject, applied)).toEqual([]);
          expect(
            await asRoot(
              subject,
              'getent passwd contract || :; getent group contract contractors || :; ls /home | grep contract || :',
            ),
          ).toBe('');
        }),
    },
    {
      title: 'a user that is there is changed, keeps its other groups, and is put back',
      run: (subject) =>
        between(subject, { before: 'useradd -m -u 4242 -s /bin/bash -G mail contract', ...people }, async () => {
          const want: Resource = { kind: 'user', name: 'contract', shell: '/bin/sh', groups: ['daemon'] };
          expect(await seen(subject, [want])).toEqual(['groups mail, shell /bin/bash']);
          const applied = await apply(subject, [want]);
          expect(applied).toMatchObject({ outcomes: ['changed'], reasons: [''] });
          const entry = 'getent passwd contract | cut -d: -f7; id -Gn contract | tr " " "\\n" | sort';
          expect(await asRoot(subject, entry)).toBe('/bin/sh\ncontract\ndaemon\nmail\n');
          expect(await rollBack(subject, applied)).toEqual([]);
          expect(await asRoot(subject, entry)).toBe('/bin/bash\ncontract\nmail\n');
        }),
    },
    {
      title: 'a number that somebody else has fails with the system’s own words',
      run: (subject) =>
        between(subject, people, async () => {
          const want: Resource[] = [
            { kind: 'user', name: 'contract', uid: 1 },
            { kind: 'group', name: 'contractors', gid: 1 },
          ];
          const { outcomes, reasons } = await apply(subject, want);
          expect([outcomes, reasons]).toEqual([
            ['failed', 'failed'],
            [expect.stringContaining('not unique'), expect.stringContaining('already exists')],
          ]);
        }),
    },
    {
      title: 'a key is added to those that are there, with the modes that sshd asks for',
      run: (subject) =>
        between(subject, { before: 'useradd -m contract', ...people }, async () => {
          await asRoot(
            subject,
            'mkdir /home/contract/.ssh; echo "ssh-ed25519 AAAAother other" >/home/contract/.ssh/authorized_keys; chown -R contract:contract /home/contract/.ssh',
          );
          const want: Resource = { kind: 'authorized-key', user: 'contract', key: 'ssh-ed25519 AAAAnew new key' };
          const applied = await apply(subject, [want]);
          expect(applied).toMatchObject({ outcomes: ['changed'], reasons: [''] });
          const keys = 'cd /home/contract/.ssh; cat authorized_keys; stat -c "%U %A" . authorized_keys';
          const [first, second, , file] = (await asRoot(subject, keys)).split('\n');
          expect([first, second]).toEqual(['ssh-ed25519 AAAAother other', 'ssh-ed25519 AAAAnew new key']);
          expect(file).toMatch(/^contract -rw-/);
          expect(await rollBack(subject, applied)).toEqual([]);
          expect(await asRoot(subject, 'cat /home/contract/.ssh/authorized_keys')).toBe(
            'ssh-ed25519 AAAAother other\n',
          );
        }),
    },
    {
      title: 'a file system is mounted at a folder with a blank, stands in fstab, and a rollback takes both away',
      run: (subject) =>
        keepingTable(subject, async () => {
          const want = mounted('/srv/con tract');
          expect(await seen(subject, [want])).toEqual(['fstab (no line), mounted no']);
          const applied = await apply(subject, [want]);
          expect(applied).toMatchObject({ outcomes: ['changed'], reasons: [''] });
          expect(
            await asRoot(subject, "grep contract /proc/mounts | cut -d' ' -f1-3; stat -c %a '/srv/con tract'"),
          ).toBe('contract /srv/con\\040tract tmpfs\n750\n');
          expect(await apply(subject, [want])).toMatchObject({ outcomes: ['unchanged'] });
          await asRoot(subject, "umount '/srv/con tract'");
          expect(await seen(subject, [want])).toEqual(['mounted no']);
          await asRoot(subject, "mount '/srv/con tract'");
          expect(await rollBack(subject, applied)).toEqual([]);
          expect(await asRoot(subject, 'grep contract /proc/mounts /etc/fstab || :')).toBe('');
        }),
    },
    {
      title: 'what cannot be mounted fails with mount’s own words',
      run: (subject) =>
        keepingTable(subject, async () => {
          const want = mounted('/srv/con tract', { source: '/dev/no-such-disk', fstype: 'ext4', options: [] });
          const { outcomes, reasons } = await apply(subject, [want]);
          expect([outcomes, reasons[0]]).toEqual([['failed'], expect.stringContaining('/dev/no-such-disk')]);
        }),
    },
    {
      title: 'a folder that carries something else is not unmounted for anybody',
      run: (subject) =>
        keepingTable(subject, async () => {
          await asRoot(subject, "mkdir '/srv/con tract'; mount -t tmpfs -o size=1m somebody '/srv/con tract'");
          const { outcomes, reasons } = await apply(subject, [mounted('/srv/con tract')]);
          expect([outcomes, reasons[0]]).toEqual([['failed'], expect.stringContaining('already carries somebody')]);
        }),
    },
    {
      title: 'a mount in use stays mounted at a rollback, which says so',
      run: (subject) =>
        keepingTable(subject, async () => {
          const applied = await apply(subject, [mounted('/srv/con tract')]);
          const sitting = run(
            subject,
            [
              'sh',
              '-c',
              "cd '/srv/con tract' && touch /tmp/contract-sits && while [ -e /tmp/contract-sits ]; do sleep 0.1; done",
            ],
            { elevate: true },
          );
          await expect
            .poll(async () => (await run(subject, ['test', '-e', '/tmp/contract-sits'])).exitCode, { timeout: 60_000 })
            .toBe(0);
          expect(await rollBack(subject, applied)).toEqual([expect.stringMatching(/^mount:.*busy/)]);
          await asRoot(subject, 'rm /tmp/contract-sits');
          expect(await sitting).toMatchObject({ exitCode: 0 });
        }),
    },
    {
      title: 'the host name is set, in force and for the next boot, and put back',
      cannot: { hosts: '/proc/sys/kernel is read-only in a systemd-nspawn machine' },
      run: (subject) =>
        between(
          subject,
          {
            before: 'hostname >/root/name.kept; cp -p /etc/hostname /root/hostname.kept',
            after: 'hostname "$(cat /root/name.kept)"; mv /root/hostname.kept /etc/hostname; rm /root/name.kept',
          },
          async () => {
            const applied = await apply(subject, [{ kind: 'hostname', name: 'contract-name' }]);
            expect(applied).toMatchObject({ outcomes: ['changed'], reasons: [''] });
            expect(await asRoot(subject, 'hostname; cat /etc/hostname')).toBe('contract-name\ncontract-name\n');
            expect(await rollBack(subject, applied)).toEqual([]);
            expect(
              await asRoot(subject, 'hostname | cmp - /root/name.kept && cmp /etc/hostname /root/hostname.kept'),
            ).toBe('');
          },
        ),
    },
    {
      title: 'an address of /etc/hosts gets its names; other lines stay, a rollback puts them back to the byte',
      run: (subject) =>
        between(
          subject,
          {
            before:
              'cp -p /etc/hosts /root/hosts.kept; echo "192.0.2.7 old # note" >>/etc/hosts; cp /etc/hosts /root/hosts.before',
            after: 'cat /root/hosts.kept >/etc/hosts; rm /root/hosts.kept /root/hosts.before',
          },
          async () => {
            const applied = await apply(subject, [
              { kind: 'hosts-entry', address: '192.0.2.7', names: ['a.test', 'a'] },
            ]);
            expect(applied).toMatchObject({ outcomes: ['changed'], reasons: [''] });
            expect(
              await asRoot(subject, 'tail -n 1 /etc/hosts; cmp /etc/hosts /root/hosts.before >/dev/null || echo other'),
            ).toBe('192.0.2.7 a.test a\nother\n');
            expect(await rollBack(subject, applied)).toEqual([]);
            expect(await asRoot(subject, 'cmp /etc/hosts /root/hosts.before')).toBe('');
          },
        ),
    },
    {
      title: 'the time zone changes what the clock shows and not the time, and is put back',
      run: (subject) =>
        between(subject, { after: 'ln -sfn /usr/share/zoneinfo/Etc/UTC /etc/localtime' }, async () => {
          const applied = await apply(subject, [{ kind: 'timezone', zone: 'Asia/Tokyo' }]);
          expect(applied).toMatchObject({ outcomes: ['changed'], reasons: [''] });
          expect(await asRoot(subject, 'date +%z; date -u +%z')).toBe('+0900\n+0000\n');
          const { facts } = await subject.host.check(subject.node, []);
          expect(Math.abs(Date.parse(facts.clock) - Date.now())).toBeLessThan(10_000);
          expect(await rollBack(subject, applied)).toEqual([]);
          expect(await asRoot(subject, 'date +%z')).toBe('+0000\n');
        }),
    },
    {
      title: 'a time zone that the machine does not know is refused with a reason',
      async run(subject) {
        const { outcomes, reasons } = await apply(subject, [{ kind: 'timezone', zone: 'Mars/Olympus' }]);
        expect([outcomes, reasons[0]]).toEqual([['failed'], expect.stringContaining('does not know the zone')]);
      },
    },
    {
      title: 'a clock that was set wrong is seen in the facts',
      cannot: { hosts: 'machines that share this computer’s kernel may not set its clock (no CAP_SYS_TIME)' },
      async run(subject) {
        await asRoot(subject, 'date -s "@$(($(date +%s) + 3600))"');
        const { facts } = await subject.host.check(subject.node, []);
        await asRoot(subject, 'date -s "@$(($(date +%s) - 3600))"');
        expect(Date.parse(facts.clock) - Date.now()).toBeGreaterThan(3_500_000);
      },
    },
  ],
};

import type { Resource } from '@vmstation/core';
import { expect } from 'vitest';
import type { Contract, SideName } from '../contract-case.ts';
import { asRoot, type KindSubject, openWorkplace } from './kind-subject.ts';

/** What an operator did by hand to something that a run had changed, and that an uninstallation may not undo. */
interface LeftAlone {
  readonly title: string;
  readonly before: string;
  readonly want: (subject: KindSubject) => Resource;
  /** What the operator does after the run. */
  readonly theirs: string;
  readonly shows: string;
  /** What the uninstallation says of it. */
  readonly says: string;
  readonly after: string;
  readonly cannot?: Partial<Readonly<Record<SideName, string>>>;
}

const ports = '/proc/sys/net/ipv4/ip_local_port_range';
const noAccount = 'userdel -r kinds 2>/dev/null || :; groupdel kinds 2>/dev/null || :';

const cases: readonly LeftAlone[] = [
  {
    title: 'a kernel setting that somebody has given a third value',
    before: `echo 32768 60999 >${ports}`,
    want: () => ({ kind: 'sysctl', key: 'net.ipv4.ip_local_port_range', value: '10240 60999' }),
    theirs: `echo 20480 60999 >${ports}`,
    shows: `cat ${ports}`,
    says: 'net.ipv4.ip_local_port_range was changed after the run',
    after: `echo 32768 60999 >${ports}; rm -f /etc/sysctl.d/99-zz-vmstation.conf`,
  },
  {
    title: 'a host name that somebody has changed again',
    cannot: { hosts: '/proc/sys/kernel is read-only in a systemd-nspawn machine' },
    before: 'hostname >/root/name.kinds; cp -p /etc/hostname /root/hostname.kinds',
    want: () => ({ kind: 'hostname', name: 'kinds-name' }),
    theirs: 'hostname theirs',
    shows: 'hostname',
    says: 'the host name in force was changed after the run',
    after:
      'hostname "$(cat /root/name.kinds)"; cat /root/hostname.kinds >/etc/hostname; rm -f /root/name.kinds /root/hostname.kinds',
  },
  {
    title: 'the size of packets of a card',
    before: 'ip link add kinds0 type veth peer name kinds0p',
    want: () => ({ kind: 'link', name: 'kinds0', mtu: 1400 }),
    theirs: 'ip link set dev kinds0 mtu 1300',
    shows: 'cat /sys/class/net/kinds0/mtu',
    says: 'the size of packets of kinds0 was changed after the run',
    after:
      'ip link del kinds0; rm -f /etc/systemd/system/vmstation-link-kinds0.service /etc/systemd/system/multi-user.target.wants/vmstation-link-kinds0.service; systemctl daemon-reload',
  },
  {
    title: 'an account that was put into one more group',
    before: 'useradd -m -u 4242 -s /bin/bash -G mail kinds',
    want: () => ({ kind: 'user', name: 'kinds', groups: ['audio'], shell: '/bin/sh' }),
    theirs: 'usermod -a -G daemon kinds',
    shows: `grep '^kinds:' /etc/passwd; id -Gn kinds`,
    says: 'the account kinds was changed after the run',
    after: noAccount,
  },
  {
    title: 'an account of ours with files of somebody in its home',
    before: noAccount,
    want: () => ({ kind: 'user', name: 'kinds' }),
    theirs: 'mkdir /home/kinds/work; echo precious >/home/kinds/work/thesis',
    shows: `grep '^kinds:' /etc/passwd; cat /home/kinds/work/thesis`,
    says: '/home/kinds/work came after the account was made',
    after: noAccount,
  },
  {
    title: 'a group that got a third number',
    before: 'groupadd -g 4250 kinds',
    want: () => ({ kind: 'group', name: 'kinds', gid: 4242 }),
    theirs: 'groupmod -g 4251 kinds',
    shows: `grep '^kinds:' /etc/group`,
    says: 'the group kinds was changed after the run',
    after: noAccount,
  },
];

/** What somebody changed by hand after a run stays as it is when all runs are taken back, and is named. */
export const leftAloneContract: Contract<KindSubject> = {
  port: 'What somebody changed since',
  cases: [
    ...cases.map((one) => ({
      title: one.title,
      ...(one.cannot === undefined ? {} : { cannot: one.cannot }),
      run: (subject: KindSubject) => isLeftAlone(one, subject),
    })),
    {
      title: 'a package that was removed by hand after it got another version',
      unfit: ({ family }) => (family === 'debian' ? undefined : 'its scripts speak to dpkg'),
      run: (subject) => {
        const { name, older, newer } = subject.twoVersions;
        return isLeftAlone(
          {
            title: '',
            before: `DEBIAN_FRONTEND=noninteractive apt-get install -y -qq ${name}=${older} >/dev/null`,
            want: () => ({ kind: 'package', name, version: newer }),
            theirs: `dpkg --purge ${name} >/dev/null`,
            shows: `dpkg-query -W -f='\${Package} \${Version}\\n' | sort`,
            says: `changed after the run, so left as it is: ${name} (removed)`,
            after: `if dpkg -s ${name} >/dev/null 2>&1; then dpkg --purge ${name} >/dev/null; fi`,
          },
          subject,
        );
      },
    },
  ],
};

async function isLeftAlone({ before, want, theirs, shows, says, after }: LeftAlone, subject: KindSubject) {
  const work = openWorkplace(subject);
  const { node } = subject;
  try {
    await asRoot(subject, before);
    const { resources } = await work.host.apply({ node, runId: work.newRunId(), resources: [want(subject)] });
    expect(resources).toMatchObject([{ outcome: 'changed' }]);
    await asRoot(subject, theirs);
    const found = await asRoot(subject, shows);
    const { failed } = await work.uninstaller.takeBack(node, await work.uninstaller.records(node));
    expect(failed).toMatchObject([{ reason: expect.stringContaining(says) }]);
    expect(await asRoot(subject, shows)).toBe(found);
  } finally {
    await asRoot(subject, `${after}\nrm -rf ${work.stateFolder}`);
  }
}

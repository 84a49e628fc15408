import type { FileResource, Resource, ServiceResource, UnitResource } from '@vmstation/core';
import { expect } from 'vitest';
import type { Contract } from '../contract-case.ts';
import { apply, asRoot, between, type PortSubject, rollBack, run, seen, textOf } from './port-subject.ts';

const folder = '/etc/systemd/system';
const name = 'contract.service';

const unit = (lines: string, unitName = name): UnitResource => ({
  kind: 'unit',
  name: unitName,
  content: `[Unit]\nDescription=contract\n${lines}\n[Install]\nWantedBy=multi-user.target\n`,
});
const stays = unit('[Service]\nExecStart=/bin/sleep 100000');
const service = (state: Omit<ServiceResource, 'kind' | 'unit'>, unitName = name): ServiceResource => ({
  kind: 'service',
  unit: unitName,
  ...state,
});

const gone = `systemctl stop contract.socket 2>/dev/null || :; systemctl stop 'contract*' || :; systemctl disable -q ${name} contract.socket contract.timer 2>/dev/null || :
systemctl unmask -q ${name} || :; rm -rf ${folder}/contract* /usr/local/lib/systemd/system; systemctl daemon-reload; systemctl reset-failed 'contract*' 2>/dev/null || :`;

/** Writes unit files of the case, has them read, and takes everything away afterwards. */
const withUnits = (subject: PortSubject, units: readonly UnitResource[], body: () => Promise<void>) => {
  const files = units.map((one) => `cat >${folder}/${one.name} <<'UNIT'\n${one.content}UNIT`);
  return between(subject, { before: [...files, 'systemctl daemon-reload'].join('\n'), after: gone }, body);
};

const show = (property: string, unitName = name) => `systemctl show --value -p ${property} ${unitName}`;

/** Asks a unit's property until it is as expected. */
async function becomes(subject: PortSubject, property: string, value: string): Promise<void> {
  await expect.poll(async () => (await asRoot(subject, show(property))).trim(), { timeout: 60_000 }).toBe(value);
}

/** Units: enabled, active, masked, failed, and what systemd makes of files, sockets and timers. */
export const unitContract: Contract<PortSubject> = {
  port: 'Unit',
  cases: [
    {
      title: 'a unit is written, enabled and started, then left alone, and a rollback takes all of it back',
      run: (subject) =>
        withUnits(subject, [], async () => {
          const want = [stays, service({ enabled: true, active: true })];
          expect(await seen(subject, want)).toEqual(['type absent', 'enabled not installed, active not installed']);
          const applied = await apply(subject, want);
          expect(applied).toMatchObject({ outcomes: ['changed', 'changed'], reasons: ['', ''] });
          const pid = await asRoot(subject, show('MainPID'));
          expect(await apply(subject, want)).toMatchObject({ outcomes: ['unchanged', 'unchanged'] });
          expect(await asRoot(subject, show('MainPID'))).toBe(pid);
          expect(await rollBack(subject, applied)).toEqual([]);
          expect(await asRoot(subject, `${show('LoadState,ActiveState')}; ls ${folder} | grep contract || :`)).toBe(
            'not-found\ninactive\n',
          );
        }),
    },
    {
      title: 'a running, enabled unit is stopped and disabled, and a rollback starts and enables it',
      run: (subject) =>
        withUnits(subject, [stays], async () => {
          await asRoot(subject, `systemctl enable -q --now ${name}`);
          const applied = await apply(subject, [service({ enabled: false, active: false })]);
          expect(applied).toMatchObject({ outcomes: ['changed'], reasons: [''] });
          expect(await asRoot(subject, show('ActiveState,UnitFileState'))).toBe('inactive\ndisabled\n');
          expect(await rollBack(subject, applied)).toEqual([]);
          expect(await asRoot(subject, show('ActiveState,UnitFileState'))).toBe('active\nenabled\n');
        }),
    },
    {
      title: 'a masked unit is not started, and says why; declared unmasked it is',
      run: (subject) =>
        withUnits(subject, [], async () => {
          await asRoot(
            subject,
            `mkdir -p /usr/local/lib/systemd/system; printf '[Service]\\nExecStart=/bin/sleep 9999\\n[Install]\\nWantedBy=multi-user.target\\n' >/usr/local/lib/systemd/system/${name}; systemctl daemon-reload; systemctl mask -q ${name}`,
          );
          const failed = await apply(subject, [service({ active: true })]);
          expect([failed.outcomes, failed.reasons[0]]).toEqual([['failed'], expect.stringContaining('masked')]);
          expect(await seen(subject, [service({ masked: false })])).toEqual(['masked yes']);
          const want = [service({ masked: false, enabled: true, active: true })];
          expect(await apply(subject, want)).toMatchObject({ outcomes: ['changed'], reasons: [''] });
          expect(await apply(subject, [service({ masked: true, active: false })])).toMatchObject({
            outcomes: ['changed'],
          });
          expect(await asRoot(subject, show('LoadState,ActiveState'))).toBe('masked\ninactive\n');
        }),
    },
    {
      title: 'a unit that failed is not active, and counts as stopped',
      run: (subject) =>
        withUnits(subject, [unit('[Service]\nExecStart=/bin/sh -c "exit 3"')], async () => {
          await asRoot(subject, `systemctl start ${name} || :`);
          await becomes(subject, 'ActiveState', 'failed');
          expect(await seen(subject, [service({ active: true })])).toEqual(['active failed']);
          expect(await seen(subject, [service({ active: false })])).toEqual(['equal']);
          expect(await asRoot(subject, show('Result,ExecMainStatus'))).toBe('exit-code\n3\n');
        }),
    },
    {
      title: 'a unit that dies a moment after its start is failed, with its last words',
      run: (subject) =>
        withUnits(subject, [], async () => {
          const dies = unit('[Service]\nExecStart=/bin/sh -c "echo cannot open its port; sleep 0.2; exit 3"');
          const { outcomes, reasons } = await apply(subject, [dies, service({ active: true })]);
          expect([outcomes, reasons[1]]).toEqual([
            ['changed', 'failed'],
            expect.stringContaining('cannot open its port'),
          ]);
        }),
    },
    {
      title: 'a unit that flaps is failed, also while systemd is about to start it again',
      run: (subject) =>
        withUnits(subject, [], async () => {
          const flaps = unit('[Service]\nExecStart=/bin/sh -c "sleep 0.2; exit 1"\nRestart=always\nRestartSec=100ms');
          const { outcomes } = await apply(subject, [flaps, service({ active: true })]);
          expect(outcomes).toEqual(['changed', 'failed']);
        }),
    },
    {
      title: 'a unit whose program does not exist is failed, with systemd’s words',
      run: (subject) =>
        withUnits(subject, [], async () => {
          const want = [unit('[Service]\nExecStart=/no/such/program'), service({ active: true })];
          const { outcomes, reasons } = await apply(subject, want);
          expect([outcomes, reasons[1]]).toEqual([
            ['changed', 'failed'],
            expect.stringMatching(/No such file|203\/EXEC/),
          ]);
        }),
    },
    {
      title: 'a unit file without a command cannot be started, and that is told',
      run: (subject) =>
        withUnits(subject, [], async () => {
          const want = [unit('[Service]\nType=simple'), service({ active: true })];
          const { outcomes, reasons } = await apply(subject, want);
          expect([outcomes, reasons[1]]).toEqual([
            ['changed', 'failed'],
            expect.stringMatching(/bad unit file setting/),
          ]);
        }),
    },
    {
      title: 'a unit that does not exist is told as not installed',
      async run(subject) {
        const want = service({ enabled: true, active: true }, 'contract-none.service');
        expect(await seen(subject, [want])).toEqual(['enabled not installed, active not installed']);
        const { outcomes, reasons } = await apply(subject, [want]);
        expect([outcomes, reasons[0]]).toEqual([['failed'], expect.stringMatching(/does not exist|not found/)]);
      },
    },
    {
      title: 'a unit without an install section counts as enabled: there is nothing to enable',
      run: (subject) =>
        withUnits(subject, [{ kind: 'unit', name, content: '[Service]\nExecStart=/bin/sleep 100000\n' }], async () => {
          expect(await asRoot(subject, show('UnitFileState'))).toBe('static\n');
          expect(await seen(subject, [service({ enabled: true })])).toEqual(['equal']);
        }),
    },
    {
      title: 'another name of a unit answers as the unit does',
      async run(subject) {
        const want = [service({ enabled: true, active: true }, 'sshd.service')];
        expect(await seen(subject, want)).toEqual(['equal']);
      },
    },
    {
      title: 'a unit file that was changed and not read again is seen, and read again by an apply',
      run: (subject) =>
        withUnits(subject, [stays], async () => {
          await asRoot(
            subject,
            `systemctl start ${name}; echo '# by hand' >>${folder}/${name}; sed -i '$d' ${folder}/${name}`,
          );
          expect(await seen(subject, [stays])).toEqual(['loaded an older version']);
          expect(await apply(subject, [stays])).toMatchObject({ outcomes: ['changed'] });
          expect(await asRoot(subject, show('NeedDaemonReload'))).toBe('no\n');
        }),
    },
    {
      title: 'a drop-in takes effect by the restart that it asks for, once',
      run: (subject) =>
        withUnits(subject, [stays], async () => {
          await asRoot(subject, `systemctl start ${name}`);
          const pid = await asRoot(subject, show('MainPID'));
          const dropIn: UnitResource = {
            kind: 'unit',
            name: `${name}.d/10-contract.conf`,
            content: '[Service]\nEnvironment=A=1\n',
            notifies: [{ unit: name, action: 'restart' }],
          };
          const applied = await apply(subject, [dropIn]);
          expect(applied).toMatchObject({ outcomes: ['changed'], reasons: [''] });
          const next = await asRoot(subject, show('MainPID'));
          expect(next).not.toBe(pid);
          expect(await asRoot(subject, show('Environment'))).toBe('A=1\n');
          expect(await apply(subject, [dropIn])).toMatchObject({ outcomes: ['unchanged'] });
          expect(await asRoot(subject, show('MainPID'))).toBe(next);
          expect(await rollBack(subject, applied)).toEqual([]);
          expect(await asRoot(subject, show('Environment'))).toBe('\n');
        }),
    },
    {
      title: 'a reload is a reload: the process stays, and its own command for it has run',
      run: (subject) =>
        withUnits(
          subject,
          [
            unit(
              '[Service]\nExecStart=/bin/sleep 100000\nExecReload=/bin/sh -c "echo reloaded >>/run/contract-reloads"',
            ),
          ],
          async () => {
            await asRoot(subject, `systemctl start ${name}; rm -f /run/contract-reloads`);
            const pid = await asRoot(subject, show('MainPID'));
            const want: FileResource = {
              kind: 'file',
              path: '/etc/contract.conf',
              content: 'x',
              notifies: [{ unit: name, action: 'reload' }],
            };
            expect(await apply(subject, [want])).toMatchObject({ outcomes: ['changed'], reasons: [''] });
            expect(
              await asRoot(subject, `cat /run/contract-reloads; rm /etc/contract.conf /run/contract-reloads`),
            ).toBe('reloaded\n');
            expect(await asRoot(subject, show('MainPID'))).toBe(pid);
          },
        ),
    },
    {
      title: 'a unit that asks to be kept alive is there again when its process was killed',
      run: (subject) =>
        withUnits(
          subject,
          [unit('[Service]\nExecStart=/bin/sleep 100000\nRestart=always\nRestartSec=100ms')],
          async () => {
            await asRoot(subject, `systemctl start ${name}; kill -9 $(${show('MainPID')})`);
            await becomes(subject, 'NRestarts', '1');
            await becomes(subject, 'ActiveState', 'active');
          },
        ),
    },
    {
      title: 'an instance of a template is a unit like others',
      run: (subject) =>
        withUnits(
          subject,
          [unit('[Service]\nExecStart=/bin/sh -c "echo %i >/run/contract-i; sleep 9999"', 'contract@.service')],
          async () => {
            const want = service({ active: true }, 'contract@blue.service');
            expect(await apply(subject, [want])).toMatchObject({ outcomes: ['changed'], reasons: [''] });
            expect(await asRoot(subject, 'cat /run/contract-i; rm /run/contract-i')).toBe('blue\n');
            await asRoot(subject, 'systemctl stop contract@blue.service');
          },
        ),
    },
    {
      title: 'a timer fires its service',
      run: (subject) =>
        withUnits(
          subject,
          [
            unit('[Service]\nType=oneshot\nExecStart=/bin/sh -c "echo fired >/run/contract-fired"'),
            unit('[Timer]\nOnActiveSec=1s\nAccuracySec=10ms', 'contract.timer'),
          ],
          async () => {
            const want = service({ active: true }, 'contract.timer');
            expect(await apply(subject, [want])).toMatchObject({ outcomes: ['changed'], reasons: [''] });
            const fired = async () => textOf((await run(subject, ['cat', '/run/contract-fired'])).stdout);
            await expect.poll(fired, { timeout: 60_000 }).toBe('fired\n');
            await asRoot(subject, 'rm /run/contract-fired');
          },
        ),
    },
    {
      title: 'a socket that listens starts its service when somebody speaks to it',
      run: (subject) =>
        withUnits(subject, socketPair, async () => {
          expect(await apply(subject, [service({ active: true }, 'contract.socket')])).toMatchObject({
            outcomes: ['changed'],
          });
          expect(await asRoot(subject, show('ActiveState'))).toBe('inactive\n');
          await asRoot(subject, 'logger -u /run/contract.sock hello');
          await becomes(subject, 'ActiveState', 'active');
        }),
    },
    {
      title: 'a service declared stopped stays so, although its socket could start it',
      run: (subject) =>
        withUnits(subject, socketPair, async () => {
          await asRoot(subject, `systemctl start contract.socket; systemctl start ${name}`);
          const applied = await apply(subject, [service({ active: false })]);
          expect(applied).toMatchObject({ outcomes: ['changed'], reasons: [''] });
          await asRoot(subject, 'logger -u /run/contract.sock hello 2>/dev/null || :');
          expect(await asRoot(subject, show('ActiveState'))).toBe('inactive\n');
          expect(await rollBack(subject, applied)).toEqual([]);
          expect(await asRoot(subject, `systemctl is-active ${name} contract.socket`)).toBe('active\nactive\n');
        }),
    },
    {
      title: 'rsyslog, stopped with its socket by hand, is started by an apply and stopped for good by its rollback',
      run: (subject) =>
        between(
          subject,
          {
            before:
              'DEBIAN_FRONTEND=noninteractive apt-get install -y -qq rsyslog >/dev/null; systemctl stop syslog.socket rsyslog.service',
            after:
              'DEBIAN_FRONTEND=noninteractive apt-get purge -y -qq rsyslog >/dev/null; systemctl stop syslog.socket',
          },
          async () => {
            const want: Resource[] = [service({ enabled: true, active: true }, 'rsyslog.service')];
            const applied = await apply(subject, want);
            expect(applied).toMatchObject({ outcomes: ['changed'], reasons: [''] });
            expect(await rollBack(subject, applied)).toEqual([]);
            await asRoot(subject, 'logger hello');
            expect(await seen(subject, want)).toEqual(['active inactive']);
          },
        ),
    },
  ],
};

const socketPair = [
  { kind: 'unit', name, content: '[Service]\nExecStart=/bin/sleep 100000\n' },
  {
    kind: 'unit',
    name: 'contract.socket',
    content: '[Socket]\nListenDatagram=/run/contract.sock\n[Install]\nWantedBy=sockets.target\n',
  },
] satisfies UnitResource[];

import type { PackageResource } from '@vmstation/core';
import { expect } from 'vitest';
import type { Contract } from '../contract-case.ts';
import { apply, asRoot, between, newRunId, type PortSubject, rollBack, seen } from './port-subject.ts';

const present = (name: string): PackageResource => ({ kind: 'package', name });
const absent = (name: string): PackageResource => ({ kind: 'package', name, ensure: 'absent' });

/** What dpkg says of a package: `install ok installed`, or nothing. */
const statusOf = (name: string) => `dpkg-query -W -f='\${Status}' ${name} 2>/dev/null || :`;
const purge = (name: string) =>
  `if dpkg -s ${name} >/dev/null 2>&1; then DEBIAN_FRONTEND=noninteractive apt-get purge -y -qq ${name} >/dev/null; fi`;
const install = (name: string) =>
  `DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends ${name} >/dev/null`;

/** A rollback has come to its first step and is not through with it. */
async function rollbackAtWork(subject: PortSubject, runId: string): Promise<void> {
  const log = `/var/lib/vmstation/runs/${runId}/1/log.back.1`;
  await expect
    .poll(() => asRoot(subject, `if [ -e ${log} ]; then echo begun; fi`), { timeout: 60_000 })
    .toBe('begun\n');
}

/** Packages of Debian's package manager: installed, absent, held, unknown, locked. */
export const packageContract: Contract<PortSubject> = {
  port: 'Package',
  cases: [
    {
      title: 'a package is installed, is then left alone, and a rollback takes it away with all that came along',
      run: (subject) =>
        between(subject, { before: purge(subject.freePackage), after: purge(subject.freePackage) }, async () => {
          const want = present(subject.freePackage);
          const installed = "dpkg-query -W -f='${Package} ${Status}\\n' | sort";
          const before = await asRoot(subject, installed);
          expect(await seen(subject, [want])).toEqual(['ensure absent']);
          const applied = await apply(subject, [want]);
          expect(applied).toMatchObject({ outcomes: ['changed'], reasons: [''] });
          expect(await seen(subject, [want])).toEqual(['equal']);
          expect(await apply(subject, [want])).toMatchObject({ outcomes: ['unchanged'] });
          expect(await rollBack(subject, applied)).toEqual([]);
          expect(await asRoot(subject, installed)).toBe(before);
        }),
    },
    {
      title: 'a package is removed, what is left of its configuration does not count, and a rollback brings it back',
      run: (subject) =>
        between(subject, { before: install(subject.freePackage), after: purge(subject.freePackage) }, async () => {
          const want = absent(subject.freePackage);
          expect(await seen(subject, [want])).toEqual([expect.stringMatching(/^ensure installed \(\d/)]);
          const applied = await apply(subject, [want]);
          expect(applied).toMatchObject({ outcomes: ['changed'], reasons: [''] });
          expect(await asRoot(subject, statusOf(subject.freePackage))).toBe('deinstall ok config-files');
          expect(await seen(subject, [present(subject.freePackage)])).toEqual(['ensure absent']);
          expect(await seen(subject, [want])).toEqual(['equal']);
          expect(await rollBack(subject, applied)).toEqual([]);
          expect(await asRoot(subject, statusOf(subject.freePackage))).toBe('install ok installed');
        }),
    },
    {
      title: 'a name that no source knows fails with the package manager’s words, and nothing else is installed',
      run: (subject) =>
        between(subject, { before: purge(subject.freePackage), after: purge(subject.freePackage) }, async () => {
          const want = [present(subject.freePackage), present('no-such-package')];
          const { outcomes, reasons } = await apply(subject, want);
          expect(outcomes).toEqual(['failed', 'failed']);
          for (const reason of reasons) expect(reason).toContain('Unable to locate package no-such-package');
          expect(await asRoot(subject, statusOf(subject.freePackage))).not.toBe('install ok installed');
        }),
    },
    {
      title: 'a held package is installed, and is not removed against the operator’s will',
      run: (subject) =>
        between(
          subject,
          {
            before: `${install(subject.freePackage)}; apt-mark hold ${subject.freePackage}`,
            after: `apt-mark unhold ${subject.freePackage}; ${purge(subject.freePackage)}`,
          },
          async () => {
            expect(await seen(subject, [present(subject.freePackage)])).toEqual(['equal']);
            const { outcomes, reasons } = await apply(subject, [absent(subject.freePackage)]);
            expect([outcomes, reasons[0]]).toEqual([['failed'], expect.stringContaining('Held packages were changed')]);
            expect(await asRoot(subject, statusOf(subject.freePackage))).toBe('hold ok installed');
          },
        ),
    },
    {
      title: 'while somebody else installs, the change waits for the lock and then goes on',
      run: (subject) =>
        between(subject, { before: purge(subject.freePackage), after: purge(subject.freePackage) }, async () => {
          const letGo = await subject.holdPackageLock();
          try {
            const begun: string[] = [];
            const resources = [present(subject.freePackage)];
            const { node, host } = subject;
            const applying = host.apply({ node, runId: newRunId(), resources, onProgress: (id) => begun.push(id) });
            await expect.poll(() => begun.length, { timeout: 60_000 }).toBe(1);
            expect(await asRoot(subject, statusOf(subject.freePackage))).not.toBe('install ok installed');
            await letGo();
            expect((await applying).resources).toMatchObject([{ outcome: 'changed' }]);
          } finally {
            await letGo();
          }
        }),
    },
    {
      title:
        'while somebody else installs, a rollback waits for the lock before it removes and before it lets go of a hold',
      run: (subject) =>
        between(subject, { before: purge(subject.freePackage), after: purge(subject.freePackage) }, async () => {
          const { node, host, freePackage } = subject;
          const holding = { ...present(freePackage), held: true };
          const applied = await apply(subject, [present(freePackage)]);
          const held = await apply(subject, [holding]);
          for (const { runId } of [held, applied]) {
            const letGo = await subject.holdPackageLock();
            try {
              let isOver = false;
              const rollingBack = host.rollback(node, runId).finally(() => {
                isOver = true;
              });
              await rollbackAtWork(subject, runId);
              expect(isOver).toBe(false);
              await letGo();
              expect((await rollingBack).failed).toEqual([]);
            } finally {
              await letGo();
            }
          }
          expect(await asRoot(subject, statusOf(freePackage))).toBe('');
        }),
    },
    {
      title: 'a version that no source has fails with the package manager’s words and says where to look',
      run: (subject) =>
        between(subject, { before: purge(subject.freePackage), after: purge(subject.freePackage) }, async () => {
          const want = { ...present(subject.freePackage), version: '0.0.1', held: true };
          const { outcomes, reasons } = await apply(subject, [want]);
          expect(outcomes).toEqual(['failed']);
          expect(reasons[0]).toContain(`Version '0.0.1' for '${subject.freePackage}' was not found`);
          expect(reasons[0]).toContain(`apt-cache madison ${subject.freePackage}`);
          // What is not installed is not held either.
          expect(await asRoot(subject, statusOf(subject.freePackage))).toBe('');
        }),
    },
    {
      title:
        'a version that cannot be had leaves the hold as it was; one that an operator holds is not changed behind his back',
      run: (subject) =>
        between(
          subject,
          {
            before: `${install(subject.freePackage)}; apt-mark hold ${subject.freePackage}`,
            after: `apt-mark unhold ${subject.freePackage}; ${purge(subject.freePackage)}`,
          },
          async () => {
            const want = { ...present(subject.freePackage), version: '0.0.1' };
            for (const one of [want, { ...want, held: true }]) {
              expect(await apply(subject, [one])).toMatchObject({ outcomes: ['failed'] });
              expect(await asRoot(subject, statusOf(subject.freePackage))).toBe('hold ok installed');
            }
          },
        ),
    },
    {
      title: 'an installation that was cut off half-way is finished before anything else',
      run: (subject) =>
        between(subject, { before: install(subject.freePackage), after: purge(subject.freePackage) }, async () => {
          const half = `s/^Status: install ok installed/Status: install ok unpacked/`;
          await asRoot(subject, `sed -i '/^Package: ${subject.freePackage}$/,/^$/{${half}}' /var/lib/dpkg/status`);
          expect(await seen(subject, [present(subject.freePackage)])).toEqual(['ensure absent']);
          expect(await apply(subject, [present(subject.freePackage)])).toMatchObject({ outcomes: ['changed'] });
          expect(await asRoot(subject, statusOf(subject.freePackage))).toBe('install ok installed');
        }),
    },
    {
      title: 'a broken package database is unreadable or a failure, never equal',
      run: (subject) =>
        between(
          subject,
          {
            before: 'cp -p /var/lib/dpkg/status /root/status.kept; echo garbage >>/var/lib/dpkg/status',
            after: 'cp -p /root/status.kept /var/lib/dpkg/status; rm /root/status.kept',
          },
          async () => {
            const [state] = await seen(subject, [present('no-such-package')]);
            expect(state).toMatch(/^unreadable: /);
            expect(await apply(subject, [present('no-such-package')])).toMatchObject({ outcomes: ['blocked'] });
          },
        ),
    },
  ],
};

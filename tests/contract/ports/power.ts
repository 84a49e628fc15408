import { AppError } from '@vmstation/core';
import { expect } from 'vitest';
import type { Contract } from '../contract-case.ts';
import { asRoot, openTransport, type PortSubject, plentyMs } from './port-subject.ts';

/** Sleep and wake: what is seen from outside, and what a machine keeps. */
export const powerContract: Contract<PortSubject> = {
  port: 'Power',
  cases: [
    {
      title: 'a machine told to suspend says nothing any more, and its magic packet brings it back as it was',
      async run(subject) {
        const before = await keeps(subject);
        await asRoot(
          subject,
          'systemd-run --quiet --unit=contract-counts sh -c "while :; do sleep 0.2; date +%s >/run/contract-counts; done"',
          subject.sleeper,
        );
        await fallAsleep(subject);
        expect(await freshLogin(subject)).toMatch(/^ssh\/(?:unreachable|timeout|connection-lost)$/);
        await wakeUp(subject);
        expect(await keeps(subject)).toEqual(before);
        // What ran before goes on, and the clock is right again.
        const counted = async () => Number(await asRoot(subject, 'cat /run/contract-counts', subject.sleeper)) * 1000;
        await expect
          .poll(async () => Math.abs((await counted()) - Date.now()), { timeout: 60_000 })
          .toBeLessThan(3_000);
        await asRoot(subject, 'systemctl stop contract-counts; rm /run/contract-counts', subject.sleeper);
      },
    },
    {
      title:
        'a command on the connection from before the sleep ends at its own deadline; after the wake the next one is answered',
      async run(subject) {
        await asRoot(subject, 'true', subject.sleeper);
        await fallAsleep(subject);
        const hangs = subject.transport.run(subject.sleeper, { argv: ['true'], timeoutMs: 1_500 });
        await expect(hangs).rejects.toMatchObject({ kind: 'unreachable' });
        await wakeUp(subject);
        expect(await asRoot(subject, 'echo here', subject.sleeper)).toBe('here\n');
      },
    },
    {
      title: 'the evidence says asleep and since when, and awake again after the wake',
      cannot: {
        hosts: 'who starts machines without a lab’s process has nobody to ask for evidence',
      },
      async run(subject) {
        expect(await subject.power.read(subject.sleeper)).toMatchObject({ state: 'awake' });
        const began = Date.now();
        await fallAsleep(subject);
        const reading = await subject.power.read(subject.sleeper);
        const since = new Date(reading.since ?? 0).getTime();
        await wakeUp(subject);
        expect([reading.state, reading.evidence]).toEqual(['asleep', expect.stringContaining('suspended')]);
        expect(since).toBeGreaterThanOrEqual(began - 1);
        expect(await subject.power.read(subject.sleeper)).toMatchObject({ state: 'awake' });
      },
    },
    {
      title: 'a magic packet for a machine that is awake changes nothing',
      async run(subject) {
        const before = await keeps(subject);
        await subject.power.wake(subject.sleeper);
        expect(await keeps(subject)).toEqual(before);
      },
    },
    {
      title: 'a machine that was powered off boots at its magic packet: the disk is kept, what was in memory is gone',
      async run(subject) {
        const before = await keeps(subject);
        await asRoot(subject, 'echo kept >/root/contract; echo lost >/run/contract', subject.sleeper);
        await order(subject, 'poweroff');
        await wakeUp(subject);
        const after = await keeps(subject);
        expect([after.bootId === before.bootId, after.machineId]).toEqual([false, before.machineId]);
        expect(
          await asRoot(
            subject,
            'cat /root/contract; rm /root/contract; ls /run/contract 2>/dev/null || echo lost',
            subject.sleeper,
          ),
        ).toBe('kept\nlost\n');
      },
    },
  ],
};

/** What a sleep leaves as it is. */
async function keeps(subject: PortSubject): Promise<{ bootId: string; machineId: string; bootedAt: string }> {
  const script = 'cat /proc/sys/kernel/random/boot_id /etc/machine-id; stat -c %Y /run/systemd/system';
  const [bootId = '', machineId = '', bootedAt = ''] = (await asRoot(subject, script, subject.sleeper)).split('\n');
  return { bootId, machineId, bootedAt };
}

/** Detached, because the answer of a machine that falls asleep may not arrive. */
const order = async (subject: PortSubject, verb: 'suspend' | 'poweroff'): Promise<void> => {
  await asRoot(
    subject,
    `systemd-run --quiet --on-active=0.2 --timer-property=AccuracySec=10ms systemctl ${verb}`,
    subject.sleeper,
  );
  await expect.poll(() => freshLogin(subject), { timeout: 60_000 }).not.toBe('answered');
};
const fallAsleep = (subject: PortSubject) => order(subject, 'suspend');

/** Packets are repeated until the machine answers: one that comes while it still goes down is lost. */
async function wakeUp(subject: PortSubject): Promise<void> {
  const tried = async () => {
    await subject.power.wake(subject.sleeper);
    return freshLogin(subject);
  };
  await expect.poll(tried, { timeout: plentyMs, interval: 300 }).toBe('answered');
}

/** `answered`, or the code of the error. */
async function freshLogin(subject: PortSubject): Promise<string> {
  const transport = openTransport(subject, { connectTimeoutSeconds: 1 });
  try {
    await transport.run(subject.sleeper, { argv: ['true'], timeoutMs: 2_500, freshConnection: true });
    return 'answered';
  } catch (error) {
    if (error instanceof AppError) return error.code;
    throw error;
  } finally {
    await transport.close();
  }
}

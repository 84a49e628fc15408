import { AppError, type ApplyReport, type Resource } from '@vmstation/core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { asRoot, leftOnMachine, openWay, outcomesOf } from './fault-machine.ts';

// The connection is cut at every place of a change, on a real machine: it ends as declared, the report says so, and the next run has nothing to do.

const fresh = 'rm -rf /srv/faults /etc/faults.conf; systemctl restart cron';
beforeAll(() => asRoot('printf "%s\\n" "Defaults use_pty" "Defaults lecture=always" >/etc/sudoers.d/90-faults'));
afterAll(() => asRoot(`${fresh}; rm -f /etc/sudoers.d/90-faults`));

/** Long enough to be cut in the middle. */
const slow = (name: string): Resource => ({
  kind: 'command',
  name,
  run: ['sh', '-c', `sleep 1; echo ran >>/srv/faults/${name}`],
  check: ['test', '-s', `/srv/faults/${name}`],
  after: ['directory:/srv/faults'],
});
const all: readonly Resource[] = [
  { kind: 'directory', path: '/srv/faults' },
  {
    kind: 'file',
    path: '/etc/faults.conf',
    content: 'a\n',
    notifies: [{ unit: 'cron.service', action: 'restart' }],
  },
  slow('one'),
  slow('two'),
];
const steps = ['directory:/srv/faults', 'file:/etc/faults.conf', 'command:one', 'command:two'];
const changed = Object.fromEntries(steps.map((id) => [id, 'changed']));
const unchanged = Object.fromEntries(steps.map((id) => [id, 'unchanged']));
const pidOfCron = () => asRoot('systemctl show -P MainPID cron');

/** As declared, the restart paid once, nothing of ours left over, each command run once. */
async function expectWhole(before: string): Promise<void> {
  expect(await asRoot('cat /etc/faults.conf /srv/faults/one /srv/faults/two')).toBe('a\nran\nran\n');
  expect(await pidOfCron()).not.toBe(before);
  expect(await leftOnMachine('/srv/faults /etc')).toBe('');
  const way = openWay();
  const paid = await pidOfCron();
  expect(outcomesOf(await way.apply(all))).toEqual(unchanged);
  expect(way.transport.counters.roundTrips).toBe(1);
  expect(await pidOfCron()).toBe(paid);
}

test.each(steps)('cut when %s begins: the machine goes on by itself, and what it did is told', async (step) => {
  await asRoot(fresh);
  const before = await pidOfCron();
  const way = openWay();
  let cut = 0;
  const report = await way.apply(all, (id) => {
    if (id === step) cut += way.cut();
  });
  expect(cut).toBeGreaterThan(0);
  expect(outcomesOf(report)).toEqual(changed);
  await expectWhole(before);
});

test('cut when the last step has ended, while restarts are paid and watched', async () => {
  await asRoot(fresh);
  const before = await pidOfCron();
  const way = openWay({ settleSeconds: 4 });
  const report = await way.apply(all, (id) => {
    if (id === 'command:two') setTimeout(() => way.cut(), 2500);
  });
  expect(outcomesOf(report)).toEqual(changed);
  await expectWhole(before);
});

test('cut for good: the error says how far it had come, the machine ends alone, and the next run finds it done', async () => {
  await asRoot(fresh);
  const before = await pidOfCron();
  const way = openWay({ reconnectSeconds: 1 });
  let gone = false;
  const unreachable = new AppError({ code: 'ssh/unreachable', kind: 'unreachable', message: 'gone', tryThis: 'wait' });
  const run = way.transport.run.bind(way.transport);
  way.transport.run = (name, command) => (gone ? Promise.reject(unreachable) : run(name, command));
  const ended = await way
    .apply(all, (id) => {
      if (id !== 'command:one') return;
      gone = true;
      way.cut();
    })
    .catch((error: unknown) => error);
  expect(ended).toMatchObject({
    code: 'ssh/connection-lost',
    kind: 'unreachable',
    message: expect.stringMatching(/was cut while it was at command:one \(2 of 4 steps had ended\)/) as unknown,
    tryThis: expect.stringContaining('same command again') as unknown,
  });
  // Another operator comes at once: the change is waited for, and found to be done.
  const next = outcomesOf(await openWay().apply(all));
  expect(Object.values(next).filter((outcome) => !outcome.endsWith('changed'))).toEqual([]);
  await expectWhole(before);
});

test('the network swallows everything for a while: the change is found ended when it is back', async () => {
  await asRoot(fresh);
  const before = await pidOfCron();
  const way = openWay({ reconnectSeconds: 60 });
  await asRoot('command -v nft >/dev/null || DEBIAN_FRONTEND=noninteractive apt-get install -y -qq nftables');
  const report = await way.apply(all, (id) => {
    if (id !== 'command:one') return;
    void asRoot(`systemd-run --quiet --collect --on-active=20s nft delete table inet faults
      nft 'add table inet faults; add chain inet faults input { type filter hook input priority 0; policy accept; }; add rule inet faults input tcp dport 22 drop'`).catch(
      () => 'the rule drops the answer, too',
    );
  });
  expect(outcomesOf(report)).toEqual(changed);
  await expectWhole(before);
});

test('every sshd process is killed during a change: systemd starts the server again, and the change is told', async () => {
  await asRoot(fresh);
  const before = await pidOfCron();
  await asRoot('systemctl set-property --runtime ssh Restart=always 2>/dev/null || systemctl show -P Restart ssh');
  const way = openWay();
  const killer: Resource = {
    kind: 'command',
    name: 'two',
    run: ['sh', '-c', 'pkill -KILL -x sshd; sleep 1; systemctl restart ssh; echo ran >>/srv/faults/two'],
    check: ['test', '-s', '/srv/faults/two'],
    after: ['directory:/srv/faults', 'command:one'],
  };
  const report = await way.apply([...all.slice(0, 3), killer]);
  expect(outcomesOf(report)).toEqual(changed);
  await expectWhole(before);
});

test('the script itself is killed: what was begun failed, what was not is not run, and the next run pays what is owed', async () => {
  await asRoot(fresh);
  const before = await pidOfCron();
  const way = openWay();
  const report: unknown = await way
    .apply(all, (id) => {
      if (id !== 'command:one') return;
      void asRoot('read -r _ _ _ p _ </var/lib/vmstation/lock/owner; pkill -KILL -s "$p"').then(() => way.cut());
    })
    .catch((error: unknown) => error);
  // Whoever hears the end of the script before the connection is cut knows only that it did not come to its end.
  const told = report instanceof Error ? report : outcomesOf(report as ApplyReport);
  const partly = {
    'directory:/srv/faults': 'changed',
    // It is as declared, but the restart is still owed.
    'file:/etc/faults.conf': 'failed',
    'command:one': 'failed',
    'command:two': 'not-run',
  };
  expect([partly, expect.objectContaining({ code: 'host/garbled-reply' })]).toContainEqual(told);
  expect(await pidOfCron()).toBe(before);
  expect(await asRoot('ls /var/lib/vmstation/owed')).toBe('restart:cron.service\n');
  const again = await openWay().apply(all);
  expect(outcomesOf(again)).toEqual({
    'directory:/srv/faults': 'unchanged',
    'file:/etc/faults.conf': 'changed',
    'command:one': 'changed',
    'command:two': 'changed',
  });
  expect(again.resources[1]?.differences).toEqual([
    { attribute: 'notification', want: 'cron.service restarted', seen: 'owed since an interrupted run' },
  ]);
  await expectWhole(before);
});

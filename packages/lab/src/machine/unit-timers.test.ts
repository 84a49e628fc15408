import { beforeEach, expect, test } from 'vitest';
import { seededRandom } from '../clock/randomness.ts';
import { VirtualClock } from '../clock/virtual-clock.ts';
import { runAtConsole } from './console.ts';
import { Machine } from './machine.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

let clock: VirtualClock;
let machine: Machine;
beforeEach(async () => {
  clock = new VirtualClock(Date.parse('2026-03-02T08:00:00Z'));
  machine = new Machine(
    {
      name: 'node1',
      face: 'debian-12',
      nics: [{ name: 'enp1s0', mac: '02:00:00:00:00:01', ip: '192.168.4.9' }],
    },
    { clock: clock.machines, random: seededRandom('timers') },
  );
  await clock.until(machine.begin(false));
});

async function sh(script: string): Promise<string> {
  const { stdout, stderr } = await clock.until(runAtConsole(machine, { argv: ['sh', '-c', script] }));
  return new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
}

/** A timer whose service writes the time of each of its runs. */
async function timer(lines: string): Promise<void> {
  machine.files.write(
    '/etc/systemd/system/tick.service',
    '[Service]\nType=oneshot\nExecStart=/bin/sh -c "date -u +%%Y-%%m-%%dT%%H:%%M:%%S >>/var/log/ticks"\n',
  );
  machine.files.write('/etc/systemd/system/tick.timer', `[Timer]\n${lines}\n[Install]\nWantedBy=timers.target\n`);
  expect(await sh('systemctl daemon-reload && systemctl enable --now -q tick.timer')).toBe('');
}

function ticks(): readonly string[] {
  return (machine.files.read('/var/log/ticks') ?? '').trim().split('\n').filter(Boolean);
}

test('a calendar timer fires at its times and no others', async () => {
  await timer('OnCalendar=*-*-* 6,18:00');
  await clock.advance(2 * dayMs);
  expect(ticks()).toEqual(['2026-03-02T18:00:00', '2026-03-03T06:00:00', '2026-03-03T18:00:00', '2026-03-04T06:00:00']);
});

test('after the boot once, then in its period', async () => {
  await timer('OnBootSec=15min\nOnUnitActiveSec=1d');
  await clock.advance(2 * dayMs);
  expect(ticks()).toEqual(['2026-03-02T08:15:00', '2026-03-03T08:15:00']);
});

test('OnUnitActiveSec alone waits for somebody else to start the service', async () => {
  await timer('OnUnitActiveSec=1h');
  await clock.advance(5 * hourMs);
  expect(ticks()).toEqual([]);
});

test('a delay is the same for the same seed, and within its bounds', async () => {
  await timer('OnCalendar=daily\nRandomizedDelaySec=2h');
  await clock.advance(dayMs);
  const [first = ''] = ticks();
  expect(first > '2026-03-03T00:00:00' && first < '2026-03-03T02:00:00').toBe(true);
});

test('a stopped timer does not fire', async () => {
  await timer('OnCalendar=hourly');
  await sh('systemctl stop tick.timer');
  await clock.advance(5 * hourMs);
  expect(ticks()).toEqual([]);
});

test('what fell due while the machine slept happens once when it wakes', async () => {
  await timer('OnCalendar=hourly');
  machine.suspend();
  await clock.advance(5 * hourMs + minuteMs);
  expect(ticks()).toEqual([]);
  await clock.until(machine.wake());
  await clock.advance(minuteMs);
  expect(ticks()).toEqual(['2026-03-02T13:01:00']);
});

test('only a persistent timer makes up for what fell due while the machine was off', async () => {
  await timer('OnCalendar=daily\nPersistent=true');
  machine.powerOff();
  await clock.advance(dayMs);
  await clock.until(machine.wake());
  await clock.advance(minuteMs);
  expect(ticks()).toEqual(['2026-03-03T08:00:00']);
});

test('list-timers says when each falls due', async () => {
  await timer('OnCalendar=daily');
  await clock.advance(dayMs);
  const line = (await sh('systemctl list-timers --no-pager')).split('\n').find((one) => one.includes('tick.timer'));
  expect(line?.replace(/\s+/g, ' ')).toBe(
    'Wed 2026-03-04 00:00:00 UTC 16h left Tue 2026-03-03 00:00:00 UTC 8h ago tick.timer tick.service',
  );
});

test('logrotate’s own timer rotates what its configuration says, and compresses it a day later', async () => {
  machine.files.write('/var/log/app.log', 'one\n');
  machine.files.write(
    '/etc/logrotate.d/app',
    '/var/log/app.log {\n  daily\n  rotate 2\n  missingok\n  notifempty\n  compress\n  delaycompress\n  create 0600 root adm\n  postrotate\n    echo again >>/var/log/posts\n  endscript\n}\n',
  );
  await clock.advance(dayMs);
  expect(machine.files.read('/var/log/app.log.1')).toBeUndefined();
  await clock.advance(dayMs);
  expect(machine.files.read('/var/log/app.log.1')).toBe('one\n');
  expect(machine.files.find('/var/log/app.log')?.mode).toBe(0o600);
  machine.files.write('/var/log/app.log', 'two\n');
  await clock.advance(dayMs);
  expect(machine.files.read('/var/log/app.log.1')).toBe('two\n');
  expect(machine.files.find('/var/log/app.log.2.gz')).toBeDefined();
  machine.files.write('/var/log/app.log', 'three\n');
  await clock.advance(dayMs);
  expect(await sh('ls /var/log/app.log*')).toBe('/var/log/app.log\n/var/log/app.log.1\n/var/log/app.log.2.gz\n');
  expect(machine.files.read('/var/log/posts')).toBe('again\nagain\nagain\n');
});

import { readdirSync, readFileSync } from 'node:fs';
import { type ApplyReport, type NodeCheck, type Resource, Secret } from '@vmstation/core';
import { createUninstaller } from '@vmstation/host';
import { afterAll, expect, test } from 'vitest';
import { asRoot, node, openWay, outcomesOf } from './fault-machine.ts';

// Secrets are on the machine where they belong, and nowhere else: not in arguments, environments, logs, records or answers.

/** Each can be recognised wherever it turns up. */
const planted = {
  text: 'PLANTED-text-5b1c',
  binary: 'PLANTED-binary-77e0',
  stdin: 'PLANTED-stdin-9a42',
  refused: 'PLANTED-refused-c3d8',
  failing: 'PLANTED-failing-e915',
  former: 'PLANTED-former-20fb',
  theirs: 'PLANTED-theirs-6d01',
};
/** The part that all share. */
const mark = 'PLANTED-';
/** The same for a shell; sudo logs whatever looks for it. */
const searched = "'PLAN''TED-'";

const good: readonly Resource[] = [
  { kind: 'file', path: '/etc/secret.text', content: `password=${planted.text}\n`, secret: true, mode: '0600' },
  {
    kind: 'file',
    path: '/etc/secret.keytab',
    content: Buffer.from(`\u0005\u0002${planted.binary}`, 'latin1').toString('base64'),
    encoding: 'base64',
    secret: true,
    mode: '0600',
  },
  {
    kind: 'command',
    name: 'takes-stdin',
    run: ['sh', '-c', 'umask 077; sleep 1; cat >/etc/secret.stdin'],
    check: ['test', '-s', '/etc/secret.stdin'],
    undo: ['rm', '-f', '/etc/secret.stdin'],
    stdin: new Secret(planted.stdin),
  },
];
/** Their programs print what they are given, as some do when they refuse it. */
const bad: readonly Resource[] = [
  {
    kind: 'file',
    path: '/etc/secret.refused',
    content: `${planted.refused}\n`,
    secret: true,
    validate: { command: ['sh', '-c', 'cat "$0"; cat "$0" >&2; sleep 1; exit 1', '{}'] },
  },
  {
    kind: 'command',
    name: 'refuses-stdin',
    run: ['sh', '-c', 'cat >&2; exit 1'],
    check: ['test', '-e', '/nowhere'],
    stdin: new Secret(planted.failing),
  },
];
const targets = ['/etc/secret.text', '/etc/secret.keytab', '/etc/secret.stdin', '/etc/secret.refused'];

/** Command lines and environments of every process of this computer; those of its machines are among them. */
function sampled(seen: Set<string>): () => void {
  const look = (): void => {
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid))
      for (const file of ['cmdline', 'environ']) note(seen, `/proc/${pid}/${file}`);
  };
  const timer = setInterval(look, 40);
  return () => clearInterval(timer);
}

function note(seen: Set<string>, path: string): void {
  let text: string;
  try {
    text = readFileSync(path, 'latin1');
  } catch {
    return;
  }
  // What looks for the secrets has their mark on its own command line.
  if (text.includes(mark) && !text.includes('grep')) seen.add(text);
  if (text.includes('setsid')) seen.add('a change was seen at work');
}

/** Files of the machine that hold one of the secrets, with mode and owner. */
const holders = (): Promise<string> =>
  asRoot(`find / -xdev -type f ! -path '/proc/*' ! -path '/sys/*' -size -4M -print0 | xargs -0 grep -laF ${searched} 2>/dev/null | xargs -r stat -c '%a %U %n' | sort -k3
    find /run /tmp /dev/shm -type f -print0 | xargs -0 -r grep -laF ${searched} 2>/dev/null | xargs -r stat -c '%a %U %n'`);

/** Everything that came back, as a journal, a log or --json would have it. */
function shown(...all: readonly (ApplyReport | NodeCheck | undefined)[]): string {
  return JSON.stringify(all, (_key, value: unknown) => (value instanceof Map ? [...value] : value));
}

/** Puts a text on the machine as the product does: on no command line. */
async function write(path: string, text: string): Promise<void> {
  const how = { argv: ['sh', '-c', 'cat >"$0"', path], stdin: text, elevate: true, timeoutMs: 60_000 };
  const { exitCode } = await openWay().transport.run(node, how);
  if (exitCode !== 0) throw new Error(`${path} could not be written`);
}

test('an argument on the machine, and one on this computer, would be seen', async () => {
  const seen = new Set<string>();
  const stop = sampled(seen);
  await asRoot(`sleep 2; : ${mark}control`);
  stop();
  const lines = [...seen].join('\n');
  expect(lines).toContain(`sh\0-euc\0sleep 2; : ${mark}control`);
  expect(lines).toMatch(/ssh\0[^]*PLANTED-control/);
});

afterAll(() => asRoot(`rm -f ${targets.join(' ')}; rm -rf /var/lib/vmstation`));

test('up, a failed up, drift, rollback and uninstall show no secret and leave none outside of its target', async () => {
  await write('/etc/secret.text', `${planted.former}\n`);
  await asRoot('chmod 0644 /etc/secret.text; chown 1000:1000 /etc/secret.text');
  const { host, transport } = openWay();
  const inProcesses = new Set<string>();
  const stop = sampled(inProcesses);
  const answers: string[] = [];

  answers.push(shown(await host.check(node, good, { withDiff: true })));
  const up = await host.apply({ node, runId: 'up', resources: good });
  expect(new Set(Object.values(outcomesOf(up)))).toEqual(new Set(['changed']));
  const failed = await host.apply({ node, runId: 'failed-up', resources: [...good, ...bad] });
  expect(outcomesOf(failed)).toMatchObject({ 'file:/etc/secret.refused': 'failed', 'command:refuses-stdin': 'failed' });
  await write('/etc/secret.text', `${planted.theirs}\n`);
  const drift = await host.check(node, good, { withDiff: true });
  expect(drift.resources.get('file:/etc/secret.text')).toMatchObject({ state: 'differs' });
  const repaired = await host.apply({ node, runId: 'repair', resources: good });
  answers.push(shown(up, up.after, failed, failed.after, drift, repaired, repaired.after));

  // What a rollback needs is kept, for root alone, in a folder for root alone; what it replaced is all that stands there.
  const kept = (await holders())
    .trim()
    .split('\n')
    .filter((line) => !targets.some((path) => line.endsWith(` ${path}`)));
  expect(kept).toEqual([
    expect.stringMatching(/^600 root \/var\/lib\/vmstation\/runs\/repair\/1\/data\.\d+$/),
    expect.stringMatching(/^600 root \/var\/lib\/vmstation\/runs\/up\/1\/data\.\d+$/),
  ]);
  expect(await asRoot("stat -c '%a %U' /var/lib/vmstation /var/lib/vmstation/runs")).toBe('700 root\n700 root\n');
  expect(await asRoot('cat /var/lib/vmstation/runs/*/*/data.*')).toBe(`${planted.theirs}\n${planted.former}\n`);

  answers.push(JSON.stringify(await host.rollback(node, 'repair')));
  expect(await asRoot('cat /etc/secret.text')).toBe(`${planted.theirs}\n`);
  await host.apply({ node, runId: 'again', resources: good });

  const uninstaller = createUninstaller({ transport, tryMode: undefined });
  const records = await uninstaller.records(node);
  const taken = await uninstaller.takeBack(node, records);
  const named = await uninstaller.forget(node);
  answers.push(JSON.stringify([records, taken, named]));
  stop();

  expect(answers.join('\n')).not.toContain(mark);
  expect([...inProcesses]).toEqual(['a change was seen at work']);
  expect(await asRoot("cat /etc/secret.text; stat -c '%a %u %g' /etc/secret.text")).toContain(mark);
  expect((await holders()).trim().split('\n')).toEqual([expect.stringMatching(/ \/etc\/secret\.text$/)]);
  expect(await asRoot(`journalctl --no-pager -q | grep -F ${searched} | grep -vcF control || :`)).toBe('0\n');
});

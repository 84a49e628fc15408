import { rm } from 'node:fs/promises';
import type { Transport } from '@vmstation/core';
import type { LoadedWorkspace } from '@vmstation/workspace';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startOperator } from './operator.ts';
import { ownMachines } from './own-machines.ts';
import type { Ended } from './run-program.ts';
import { hostsOf, onNode, twoNodeWorkspace } from './two-node-workspace.ts';

// One time for all machines, and their logs in one place, by the command line; chrony and rsyslog themselves judge what it did.

const machines = await ownMachines();
const server = 'masternode';
const sender = 'storagenodet3500';
const addressOf = (name: string) => machines.machines.find((machine) => machine.name === name)?.address ?? '';
const logOf = (name: string) => `/var/log/remote/${name}.log`;
let workspace: LoadedWorkspace;
let transport: Transport;
const operator = await startOperator(machines);

beforeAll(async () => {
  workspace = await twoNodeWorkspace(machines);
  operator.workspace = workspace.root;
  ({ transport } = hostsOf(machines, workspace));
  await must(operator.vmstation('node', 'trust', '--yes'));
  await must(operator.vmstation('setup', '--yes'));
  await must(operator.vmstation('config', 'apply', '--tags', 'syslog', '--yes'));
});
afterAll(async () => {
  await transport.close();
  await rm(workspace.root, { recursive: true, force: true });
});

async function must(ended: Promise<Ended>): Promise<string> {
  const { exitCode, text } = await ended;
  expect(exitCode, text).toBe(0);
  return text;
}

const on = (node: string, script: string) => onNode(transport, node, script);

/** How many different lines with a word the receiver has of a host: a delivery may be repeated, none may be missing. */
const arrived = async (word: string, host: string): Promise<number> =>
  Number(await on(server, `cat ${logOf(host)}* 2>/dev/null | grep -oE '${word} [0-9]+' | sort -u | wc -l`));

/** Logs lines with a word and a number. */
const log = (node: string, word: string, lines: number) =>
  on(node, `i=0; while [ $i -lt ${lines} ]; do i=$((i+1)); echo "${word} $i"; done | logger -t contract`);

async function receiverMeets(word: string, host: string, lines: number): Promise<void> {
  await expect.poll(() => arrived(word, host), { timeout: 120_000, interval: 1000 }).toBe(lines);
}

test('the always-on node serves the time, and the other takes it from there', async () => {
  expect(await on(server, 'chronyd -p -f /etc/chrony/chrony.conf')).toContain(`allow ${machines.range}`);
  const chosen = () => on(sender, 'chronyc -n sources');
  await expect
    .poll(chosen, { timeout: 120_000, interval: 1000 })
    .toMatch(new RegExp(`^\\^\\* ${addressOf(server)} `, 'm'));
  // This machine may not set its clock, so what is seen is whom it believes, not what it does about it.
  expect(await on(sender, 'chronyc -n tracking')).toMatch(
    new RegExp(`^Reference ID .*\\(${addressOf(server)}\\)$`, 'm'),
  );
  expect(await on(sender, 'grep -c ^pool /etc/chrony/chrony.conf')).toBe('3\n');
});

test('after sleep the node that sleeps asks at once, and may step its clock again', async () => {
  const unit = 'vmstation-time-after-sleep.service';
  expect(
    await on(sender, `systemctl show -p Wants --value suspend.target; systemd-analyze verify ${unit} 2>&1`),
  ).toContain(unit);
  const packets = () =>
    on(sender, `chronyc -n ntpdata ${addressOf(server)} | sed -n 's/^Total TX *: //p'`).then(Number);
  const before = await packets();
  await on(sender, `systemctl start ${unit}`);
  await expect.poll(packets, { timeout: 60_000, interval: 500 }).toBeGreaterThanOrEqual(before + 4);
  expect(await on(server, `systemctl cat ${unit} >/dev/null 2>&1 || echo none`)).toBe('none\n');
});

test('a line of every node is in the receiver’s file of that node', async () => {
  for (const node of [server, sender]) {
    await log(node, 'hello', 3);
    await receiverMeets('hello', node, 3);
  }
  expect(await on(server, `stat -c '%U:%G %a' ${logOf(sender)} /var/log/remote`)).toBe('root:adm 640\nroot:adm 750\n');
  for (const node of [server, sender]) await on(node, 'rsyslogd -N1');
});

test('what is logged while the receiver is away arrives when it is back, also over a restart of the sender', async () => {
  await on(server, 'systemctl stop syslog.socket rsyslog.service');
  await log(sender, 'away', 6000);
  await on(sender, 'systemctl restart rsyslog');
  await log(sender, 'later', 100);
  await on(server, 'systemctl start rsyslog.service');
  await receiverMeets('later', sender, 100);
  await receiverMeets('away', sender, 6000);
});

test('a receiver that stands still and then dies without a word loses nothing that it had not written', async () => {
  await on(server, 'systemctl kill --signal=STOP rsyslog.service');
  await log(sender, 'dying', 3000);
  await on(server, 'systemctl kill --signal=KILL rsyslog.service; systemctl start rsyslog.service');
  await receiverMeets('dying', sender, 3000);
});

test('a host cannot give its file a name outside the folder', async () => {
  const line = '<13>1 2026-11-23T00:00:00Z ../../etc/evil app - - - climbing';
  await on(sender, `bash -c 'exec 3<>/dev/tcp/${addressOf(server)}/514; printf "%s\\n" "${line}" >&3'`);
  const files = () => on(server, 'cd /; find var/log/remote etc -name "*evil*"');
  await expect.poll(files, { timeout: 60_000, interval: 500 }).toBe('var/log/remote/.._.._etc_evil.log\n');
});

test('files are rotated, kept for as long as declared, and written on', async () => {
  const rules = '/etc/logrotate.d/vmstation-remote';
  expect(await on(server, `grep -E 'rotate|maxage' ${rules} | tr -s '\\n ' ' '`)).toContain('rotate 30 maxage 30');
  await on(server, `logrotate -f ${rules} && ls ${logOf(sender)}.1`);
  await log(sender, 'rotated', 5);
  await receiverMeets('rotated', sender, 5);
  expect(await on(server, `grep -cE 'rotated [0-9]' ${logOf(sender)}`)).toBe('5\n');
});

test('a second run changes nothing, and uninstall takes all of it away', async () => {
  expect(await must(operator.vmstation('config', 'apply', '--tags', 'syslog', '--yes'))).toContain('2 unchanged');
  for (const node of [sender, server]) {
    // A queue that the log daemon leaves behind is its own, and is told.
    await operator.vmstation('uninstall', node, '--yes', '--node-name', node);
    expect(await on(node, 'ls /etc/rsyslog.d /etc/chrony /etc/logrotate.d/vmstation-remote 2>/dev/null || :')).toBe('');
  }
});

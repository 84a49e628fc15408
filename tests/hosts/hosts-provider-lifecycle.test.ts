import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { labPaths } from '@vmstation/lab';
import { expect, onTestFinished, test } from 'vitest';
import { claimName } from '../../packages/lab/src/hosts/claim.ts';
import { type ProviderWorkspace, providerWorkspace } from './hosts-provider-workspace.ts';

// What `lab start`, `lab stop` and `lab reset` leave of machines, and of the computer that carries them.

/** Other labs may come and go on this computer at the same time: what bears another lab's number is not looked at. */
const ofALab = /\bvms-?\d+\b|\b10\.78\.1\d\d\.|\/run\/vmstation-lab\//;

function said(program: string, ...args: readonly string[]): readonly string[] {
  const { stdout, error } = spawnSync(program, args, { encoding: 'utf8' });
  const lines = error === undefined ? stdout.split('\n') : [`${program} is not here`];
  return lines.filter((line) => !ofALab.test(line)).map((line) => line.replaceAll(/\b\d+: |\[\d+:\d+\]/g, ''));
}

/** What a lab could leave behind on its computer, without what names a lab. */
async function computer(): Promise<Record<string, unknown>> {
  const settings = said(
    'sh',
    '-c',
    'cd /proc/sys && grep -rs "" net vm kernel/panic kernel/printk fs/inotify fs/file-max',
  );
  return {
    links: said('ip', '-brief', 'link', 'show'),
    routes: said('ip', 'route', 'show', 'table', 'all'),
    routes6: said('ip', '-6', 'route', 'show', 'table', 'all'),
    namespaces: said('ip', 'netns', 'list'),
    firewall: [said('iptables-save', '-c'), said('nft', 'list', 'ruleset')],
    resolver: await readFile('/etc/resolv.conf', 'utf8'),
    // As a tree and in columns, every line bears the marks of its neighbours, those of other labs too.
    mounts: said('findmnt', '--raw', '--noheadings', '--output', 'TARGET,SOURCE'),
    settings: settings.filter(
      (line) => !/conntrack_count|\/route\/flush|stat_refresh|compact_memory|tcp_mem/.test(line),
    ),
  };
}

/** What a slot's last lab left on this computer, unless another lab has it by now. */
async function leftovers(slot: string): Promise<readonly string[]> {
  const claimed = await claimName(`slot-${slot}`, 'a test');
  if (!('release' in claimed)) return [];
  const bearing = new RegExp(`\\bvms-?${slot}\\b|\\b10\\.78\\.${100 + Number(slot)}\\.|/run/vmstation-lab/${slot}\\b`);
  const groups = (await readdir('/sys/fs/cgroup')).filter((name) =>
    existsSync(join('/sys/fs/cgroup', name, `vms-${slot}`)),
  );
  const left = [...everythingNamed().filter((line) => bearing.test(line)), ...groups];
  await claimed.release();
  return left;
}

function everythingNamed(): readonly string[] {
  const all =
    'ip -brief link; ip route show table all; ip netns list; findmnt --raw --noheadings --output TARGET; ls -d /run/vmstation-lab/*';
  return spawnSync('sh', ['-c', all], { encoding: 'utf8' }).stdout.split('\n');
}

const slotOf = async (workspace: ProviderWorkspace) =>
  String(Number((await workspace.status()).nodes[0]?.sshAddress.split('.')[2]) - 100);

const mark = (workspace: ProviderWorkspace) => workspace.onMachine('masternode', 'echo here >/root/mark; sync');
const isMarked = (workspace: ProviderWorkspace) =>
  workspace.onMachine('masternode', 'test ! -e /root/mark || cat /root/mark');
const knownHosts = (workspace: ProviderWorkspace) => readFile(labPaths(workspace.root).knownHostsFile, 'utf8');

test('a lab comes, stays, goes and leaves its computer as it found it', async () => {
  const before = await computer();
  const workspace = await providerWorkspace('hosts');
  onTestFinished(() => workspace.remove());
  const first = await workspace.status();
  const slots = new Set([await slotOf(workspace)]);

  // Started twice, it is one lab; the other provider is refused while it runs.
  await workspace.must('lab', 'start');
  expect((await workspace.status()).pid).toBe(first.pid);
  expect((await workspace.vmstation('lab', 'start', '--provider', 'embedded')).text).toContain('lab/other-provider');
  expect(await workspace.must('lab', 'ssh', 'masternode', '--', 'systemctl is-system-running')).toBe('running\n');
  const proxy = `http://${first.nodes[0]?.sshAddress.replace(/\.\d+$/, '.1')}:3142`;
  const foreign = `curl -s -o /dev/null -w '%{http_code}' -x ${proxy} http://not-an-apt-source.invalid/`;
  expect(await workspace.onMachine('masternode', foreign)).toBe('403');

  // Killed, it leaves machines that run; the next start takes them away and continues from their disks.
  await mark(workspace);
  const keys = await knownHosts(workspace);
  process.kill(first.pid, 'SIGKILL');
  await workspace.must('lab', 'start');
  expect(await isMarked(workspace)).toBe('here\n');
  expect(await knownHosts(workspace)).toBe(keys);
  slots.add(await slotOf(workspace));

  // A stopped lab has nothing left to stop; thrown away, its machines are new ones, and nothing is left to throw away.
  await workspace.must('lab', 'stop');
  expect(await workspace.must('lab', 'stop')).toContain('No lab was running');
  expect((await workspace.vmstation('lab', 'status')).exitCode).toBe(1);
  await workspace.must('lab', 'reset', '--yes');
  await workspace.must('lab', 'reset', '--yes');
  await workspace.must('lab', 'start');
  expect(await isMarked(workspace)).toBe('');
  expect(await knownHosts(workspace)).not.toBe(keys);
  slots.add(await slotOf(workspace));

  // Killed and never started again: `lab stop` takes away what was left.
  process.kill((await workspace.status()).pid, 'SIGKILL');
  await workspace.must('lab', 'stop');
  for (const slot of slots) expect(await leftovers(slot)).toEqual([]);
  expect(await computer()).toEqual(before);
}, 900_000);

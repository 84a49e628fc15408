import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { quoteArguments } from '@vmstation/remote';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type LabWorkspace, openLabWorkspace, program } from './lab-workspace.ts';

/** What `drift --json` says of a node. */
interface NodeRecord {
  readonly host: string;
  readonly state: string;
  readonly items: readonly {
    readonly ignored?: { readonly until: string; readonly reason?: string };
    readonly id: string;
    readonly state: string;
    readonly attrs: readonly { readonly name: string; readonly want: string; readonly seen: string }[];
    readonly since?: string;
    readonly owner: string;
  }[];
  readonly summary: Readonly<Record<string, number>>;
}

let lab: LabWorkspace;
const patience = 180_000;

beforeAll(async () => {
  lab = await openLabWorkspace();
  const { exitCode, text } = await lab.vmstation(['up', '--yes', '--quiet']);
  if (exitCode !== 0) throw new Error(text);
}, patience);

afterAll(() => lab.remove(), patience);

async function on(node: string, command: string): Promise<void> {
  expect(await lab.vmstation(['lab', 'ssh', node, '--', 'sudo', 'sh', '-c', command])).toMatchObject({ exitCode: 0 });
}

/** As an operator types it: `script` gives it a terminal. Resolves to its exit status. */
function driftAtTerminal(): Promise<number> {
  const line = quoteArguments([process.execPath, program, '--workspace', lab.root, 'drift']);
  const child = spawn('script', ['--quiet', '--return', '--command', line, '/dev/null'], { stdio: 'ignore' });
  return once(child, 'exit').then(([exitCode]) => Number(exitCode));
}

async function recordOf(node: string): Promise<NodeRecord | undefined> {
  const { text } = await lab.vmstation(['drift', '--json', '--node', node]);
  return (JSON.parse(text) as { readonly nodes: readonly NodeRecord[] }).nodes.find(({ host }) => host === node);
}

test('a difference has an age, which it keeps as long as its value stays', { timeout: patience }, async () => {
  await on('homelab', 'sysctl -w vm.swappiness=60');
  expect(await lab.vmstation(['drift'])).toMatchObject({
    exitCode: 2,
    text: expect.stringContaining('first seen now'),
  });
  const file = join(lab.root, '.vmstation/drift/history.json');
  const twoHoursAgo = new Date(Date.now() - 2 * 3_600_000 - 60_000).toISOString();
  await writeFile(file, (await readFile(file, 'utf8')).replace(/"since": "[^"]*"/, `"since": "${twoHoursAgo}"`));
  expect((await lab.vmstation(['drift'])).text).toContain('60 → 10 since 2 h');
  expect(await recordOf('homelab')).toMatchObject({
    state: 'drifted',
    items: [
      {
        id: 'sysctl:vm.swappiness',
        state: 'drift',
        attrs: [{ name: 'running', want: '10', seen: '60' }],
        since: twoHoursAgo,
        owner: 'system',
      },
    ],
    summary: { drift: 1, unknown: 0, blocked: 0 },
  });
  await on('homelab', 'sysctl -w vm.swappiness=10');
  expect(await recordOf('homelab')).toMatchObject({ state: 'clean', items: [] });
  await on('homelab', 'sysctl -w vm.swappiness=60');
  expect((await recordOf('homelab'))?.items[0]?.since).not.toBe(twoHoursAgo);
  await on('homelab', 'sysctl -w vm.swappiness=10');
});

test('what is ignored is shown with date and reason, does not count, and counts again after its day', {
  timeout: patience,
}, async () => {
  await on('homelab', 'sysctl -w vm.swappiness=60');
  const ignore = ['drift', 'ignore', 'homelab', 'sysctl:vm.swappiness'];
  const until = ['--until', '2999-12-31', '--reason', 'new disk'];
  expect(await lab.vmstation([...ignore, ...until])).toMatchObject({ exitCode: 0 });
  const drift = await lab.vmstation(['drift']);
  expect(drift).toMatchObject({ exitCode: 0, text: expect.stringContaining('ignored until 2999-12-31: new disk') });
  expect(await recordOf('homelab')).toMatchObject({
    state: 'clean',
    items: [{ ignored: { until: '2999-12-31', reason: 'new disk' } }],
    summary: { drift: 0, ignored: 1 },
  });
  expect((await lab.vmstation(['drift', 'ignore'])).text).toContain('homelab sysctl:vm.swappiness 2999-12-31 new disk');
  const file = join(lab.root, 'drift-ignore.yaml');
  await writeFile(file, (await readFile(file, 'utf8')).replace('2999', '1999'));
  expect((await lab.vmstation(['drift', '--node', 'homelab'])).exitCode).toBe(2);
  expect((await lab.vmstation(['drift', 'ignore'])).text).toContain('over: it counts again');
  expect((await lab.vmstation([...ignore, '--remove'])).exitCode).toBe(0);
  await on('homelab', 'sysctl -w vm.swappiness=10');
  expect(await lab.vmstation(['drift', 'ignore', 'homelab', 'sysctl:vm.swappines', ...until])).toMatchObject({
    exitCode: 64,
    text: expect.stringContaining('Did you mean sysctl:vm.swappiness?'),
  });
});

test('revert puts back what is named and nothing else, and without a name all that is not ignored', {
  timeout: patience,
}, async () => {
  await on('homelab', 'sysctl -w vm.swappiness=60; echo tampered >/etc/issue.net; echo tampered >/etc/motd');
  const itemsNow = async () => (await recordOf('homelab'))?.items.map(({ id }) => id);
  const all = ['file:/etc/issue.net', 'file:/etc/motd', 'sysctl:vm.swappiness'];
  expect((await itemsNow())?.toSorted()).toEqual(all);
  const dryRun = await lab.vmstation(['drift', 'revert', 'homelab', 'file:/etc/motd', '--dry-run']);
  expect(dryRun).toMatchObject({ exitCode: 2, text: expect.not.stringContaining('swappiness') });
  const unasked = await lab.vmstation(['drift', 'revert', 'homelab', 'file:/etc/motd']);
  expect(unasked).toMatchObject({ exitCode: 73, text: expect.stringContaining('cli/needs-approval') });
  expect(await lab.vmstation(['drift', 'revert', 'homelab', 'file:/etc/motd', '--yes'])).toMatchObject({ exitCode: 0 });
  expect((await itemsNow())?.toSorted()).toEqual(all.filter((id) => id !== 'file:/etc/motd'));
  await lab.vmstation(['drift', 'ignore', 'homelab', 'sysctl:vm.swappiness', '--until', '2999-12-31']);
  expect(await lab.vmstation(['drift', 'revert', 'homelab', '--yes'])).toMatchObject({ exitCode: 0 });
  expect(await itemsNow()).toEqual(['sysctl:vm.swappiness']);
  await lab.vmstation(['drift', 'ignore', 'homelab', 'sysctl:vm.swappiness', '--remove']);
  expect(await lab.vmstation(['drift', 'revert', 'homelab', '--yes'])).toMatchObject({ exitCode: 0 });
  expect(await lab.vmstation(['drift'])).toMatchObject({ exitCode: 0 });
});

test('what is accepted stands in the workspace, comments stay, and drift is clean', { timeout: patience }, async () => {
  const settings = join(lab.root, 'hosts/homelab/settings.yaml');
  await mkdir(join(lab.root, 'hosts/homelab'), { recursive: true });
  await writeFile(settings, '# mine\npackages: [lsof] # to look\n');
  await on('homelab', 'sysctl -w vm.swappiness=60; echo accepted >/etc/motd');
  expect(await lab.vmstation(['drift', 'accept', 'homelab', 'file:/etc/motd'])).toMatchObject({ exitCode: 0 });
  expect(await readFile(join(lab.root, 'hosts/homelab/etc/motd'), 'utf8')).toBe('accepted\n');
  const accept = ['drift', 'accept', 'homelab', 'sysctl:vm.swappiness'];
  const unasked = await lab.vmstation(accept);
  expect(unasked).toMatchObject({ exitCode: 73, text: expect.stringContaining('two values') });
  expect(await readFile(settings, 'utf8')).not.toContain('swappiness');
  expect(await lab.vmstation([...accept, '--yes'])).toMatchObject({ exitCode: 0 });
  expect(await readFile(settings, 'utf8')).toMatch(
    /^# mine\npackages: \[.*\] # to look\nsysctl:\n {2}vm.swappiness: "60"\n$/,
  );
  expect(await recordOf('homelab')).toMatchObject({ state: 'clean', items: [] });
  await on('homelab', 'rm /etc/motd');
  const refused = await lab.vmstation(['drift', 'accept', 'homelab', 'file:/etc/motd']);
  expect(refused).toMatchObject({ exitCode: 73, text: expect.stringContaining('type is absent') });
  expect(await lab.vmstation(['drift', 'revert', 'homelab', '--yes'])).toMatchObject({ exitCode: 0 });
});

test('at a terminal connections stay open for the next look, elsewhere they end with the command', {
  timeout: patience,
}, async () => {
  const open = () => readdir(join(lab.root, '.vmstation/ssh/control'));
  expect(await lab.vmstation(['drift'])).toMatchObject({ exitCode: 0 });
  expect(await open()).toEqual([]);
  expect(await driftAtTerminal()).toBe(0);
  const kept = await open();
  expect(kept).toHaveLength(3);
  expect(await driftAtTerminal()).toBe(0);
  expect((await open()).toSorted()).toEqual(kept.toSorted());
});

test('a healthy cluster with a sleeping machine ends with 4, and what is asked of that machine waits', {
  timeout: patience,
}, async () => {
  expect(await driftAtTerminal()).toBe(0);
  await on('storagenodet3500', 'systemctl suspend');
  // The machine fell asleep behind a connection that is still open.
  expect(await driftAtTerminal()).toBe(4);
  expect(await lab.vmstation(['drift'])).toMatchObject({ exitCode: 4, text: expect.stringContaining('1 asleep') });
  expect(await lab.vmstation(['drift', 'revert', 'storagenodet3500', '--yes'])).toMatchObject({ exitCode: 4 });
});

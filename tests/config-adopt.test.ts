import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { filesBelow } from './files-below.ts';
import { type LabWorkspace, openLabWorkspace } from './lab-workspace.ts';

// A bare machine on which somebody has worked for years, taken over into the workspace.

interface AdoptionDocument {
  readonly files: readonly { readonly path: string; readonly mode?: string }[];
  readonly settings: readonly Readonly<Record<string, unknown>>[];
  readonly differing: readonly { readonly origin: string; readonly state: string }[];
  readonly written: readonly string[];
  readonly leftOut: readonly { readonly what: string; readonly reason: string; readonly why: string }[];
  readonly findings: readonly { readonly code: string; readonly state: string; readonly evidence: string }[];
}

const patience = 180_000;
const node = 'storagenodet3500';
const secret = 'geheim-4711';
let lab: LabWorkspace;

const worn = `
printf '192.168.4.63 nas\\n192.168.4.62 nas\\n' >>/etc/hosts
printf 'dev/sdb /srv/old ext4 defaults 0 2\\n192.168.4.61:/srv/media /mnt/media nfs defaults 0 0\\n' >>/etc/fstab
mkdir -p /etc/cron.d /etc/sysctl.d /etc/systemd/system/ssh.service.d
printf '0 3 * * * root /usr/local/bin/backup\\n' >/etc/cron.d/backup; chmod 0666 /etc/cron.d/backup
printf 'PASSWORD=${secret}\\n0 4 * * * root true\\n' >/etc/cron.d/mail
printf 'a\\000b' >/etc/cron.d/blob
head -c 70000 /dev/zero | tr '\\000' x >/etc/cron.d/big
ln -s /etc/cron.d/backup /etc/cron.d/link
printf 'vm.max_map_count = 65530\\n' >/etc/sysctl.d/50-own.conf
printf 'net.ipv4.ip_forward = 0\\n' >/etc/sysctl.d/51-wrong.conf
printf 'kernel.pid_max = 12345\\n' >/etc/sysctl.d/52-idle.conf
printf 'ops ALL=(ALL) NOPASSWD: ALL\\n' >/etc/sudoers.d/ops; chmod 0440 /etc/sudoers.d/ops
printf '[Unit]\\nDescription=own\\n[Service]\\nExecStart=/bin/sleep 100000\\n[Install]\\nWantedBy=multi-user.target\\n' >/etc/systemd/system/own.service
printf '[Unit]\\nDescription=broken\\n[Service]\\nExecStart=/bin/false\\n' >/etc/systemd/system/broken.service
apt-get -y -q install htop chrony >/dev/null
systemctl daemon-reload; systemctl enable --now own.service; systemctl start broken.service
ln -sfn /usr/share/zoneinfo/Europe/Berlin /etc/localtime; echo Europe/Berlin >/etc/timezone
true`;

beforeAll(async () => {
  lab = await openLabWorkspace();
  await onNode(worn);
}, patience);

afterAll(() => lab.remove(), patience);

async function onNode(script: string): Promise<void> {
  expect(await lab.vmstation(['lab', 'ssh', node, '--', 'sudo', 'sh', '-c', script])).toMatchObject({ exitCode: 0 });
}

async function adopt(...words: readonly string[]): Promise<AdoptionDocument & { readonly exitCode: number }> {
  const { exitCode, text } = await lab.vmstation(['config', 'adopt', node, '--json', ...words]);
  return { ...(JSON.parse(text) as AdoptionDocument), exitCode };
}

async function driftIds(): Promise<readonly string[]> {
  const { text } = await lab.vmstation(['drift', '--json', '--node', node]);
  const report = JSON.parse(text) as { nodes: { host: string; items: { id: string; owner: string }[] }[] };
  return report.nodes.find(({ host }) => host === node)?.items.map(({ id }) => id) ?? [];
}

const held = [
  '/etc/sysctl.d/50-own.conf',
  '/etc/cron.d/backup',
  '/etc/sudoers.d/ops',
  '/etc/systemd/system/own.service',
  '/etc/systemd/system/broken.service',
];

test('what would be written is shown first, and nothing is written or changed', { timeout: patience }, async () => {
  const before = await lab.writes();
  const seen = await adopt('--dry-run');
  expect(seen).toMatchObject({ exitCode: 2, written: [] });
  expect(seen.files.map(({ path }) => path)).toEqual(expect.arrayContaining(held));
  expect(seen.settings).toEqual(
    expect.arrayContaining([
      { setting: 'timezone', zone: 'Europe/Berlin' },
      { setting: 'package', name: 'htop' },
      { setting: 'service', unit: 'own.service', state: { enabled: true, active: true } },
    ]),
  );
  const why = new Map(seen.leftOut.map(({ what, reason }) => [what, reason]));
  expect(Object.fromEntries(why)).toMatchObject({
    '/etc/shadow': 'never-read',
    '/etc/chrony/chrony.keys': 'never-read',
    '/etc/chrony/chrony.conf': 'as-packaged',
    '/etc/cron.d/mail': 'secret',
    '/etc/cron.d/blob': 'binary',
    '/etc/cron.d/big': 'too-large',
    '/etc/cron.d/link': 'no-file',
    '/etc/fstab': 'contradicts',
    '/etc/sysctl.d/51-wrong.conf': 'contradicts',
    '/etc/sysctl.d/52-idle.conf': 'not-in-force',
  });
  expect(JSON.stringify(seen)).not.toContain(secret);
  expect(await filesBelow(join(lab.root, 'hosts', node))).toEqual({});
  expect(await lab.writes()).toEqual(before);
});

test('faults of the machine are findings with evidence', { timeout: patience }, async () => {
  const { findings } = await adopt('--dry-run');
  const told = findings.map(({ code, evidence }) => `${code} ${evidence}`).join('\n');
  for (const part of [
    /fstab-missing-device .*dev\/sdb .*no absolute path/,
    /self-mount .*192\.168\.4\.61:\/srv\/media on \/mnt\/media/,
    /duplicate-hosts-entry nas stands 2 times/,
    /world-writable \/etc\/cron\.d\/backup has the mode 0666/,
    /failed-unit broken\.service/,
    /swap-on /,
  ])
    expect(told).toMatch(part);
});

test('nothing is written when one file cannot be, and nobody is asked twice', { timeout: patience }, async () => {
  const unasked = await lab.vmstation(['config', 'adopt', node]);
  expect(unasked).toMatchObject({ exitCode: 73, text: expect.stringContaining('cli/needs-approval') });
  const stray = join(lab.root, 'hosts', node, 'etc/systemd');
  await mkdir(join(stray, '..'), { recursive: true });
  await writeFile(stray, 'in the way\n');
  expect(await lab.vmstation(['config', 'adopt', node, '--yes'])).toMatchObject({
    exitCode: 1,
    text: expect.stringContaining('adopt/not-as-planned'),
  });
  expect(await filesBelow(join(lab.root, 'hosts', node))).toEqual({ 'etc/systemd': 'in the way\n' });
  await rm(join(lab.root, 'hosts', node), { recursive: true });
});

test('what is taken over is clean, and a second adoption writes nothing', { timeout: patience }, async () => {
  const before = await lab.writes();
  const first = await adopt('--yes');
  expect(first.exitCode).toBe(0);
  expect(first.written).toContain(`hosts/${node}/settings.yaml`);
  const drifted = await driftIds();
  const ours = first.files.map(({ path }) => `file:${path}`);
  expect(drifted.filter((id) => ours.includes(id))).toEqual([]);
  for (const id of [
    'sysctl:vm.max_map_count',
    'package:htop',
    'timezone:system',
    'service:own.service',
    'unit:own.service',
  ])
    expect(drifted).not.toContain(id);
  const files = await filesBelow(join(lab.root, 'hosts', node));
  expect(JSON.stringify(files)).not.toContain(secret);
  const again = await adopt('--yes');
  expect(again).toMatchObject({ exitCode: 0, differing: [], written: [] });
  expect(await filesBelow(join(lab.root, 'hosts', node))).toEqual(files);
  expect(await lab.writes()).toEqual(before);
  expect((await lab.vmstation(['check'])).exitCode).toBe(0);
});

test('a file that changes on the machine is drift, and adopting again takes just that', {
  timeout: patience,
}, async () => {
  await onNode('printf "0 5 * * * root true\\n" >/etc/cron.d/backup; chmod 0644 /etc/cron.d/backup');
  expect(await driftIds()).toContain('file:/etc/cron.d/backup');
  const shown = await lab.vmstation(['config', 'adopt', node, '--dry-run']);
  expect(shown).toMatchObject({ exitCode: 2, text: expect.stringContaining('+0 5 * * * root true') });
  const origin = `hosts/${node}/etc/cron.d/backup`;
  const { written } = await adopt('--yes');
  expect(written.toSorted()).toEqual([origin, `hosts/${node}/settings.yaml`]);
  expect(await readFile(join(lab.root, origin), 'utf8')).toBe('0 5 * * * root true\n');
  expect(await driftIds()).not.toContain('file:/etc/cron.d/backup');
});

test('of a sleeping machine nothing is read', { timeout: patience }, async () => {
  await onNode('systemctl suspend');
  expect(await lab.vmstation(['config', 'adopt', node, '--dry-run'])).toMatchObject({
    exitCode: 69,
    text: expect.stringContaining('node/asleep'),
  });
});

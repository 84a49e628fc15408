import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Transport } from '@vmstation/core';
import type { LoadedWorkspace } from '@vmstation/workspace';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { filesBelow } from '../files-below.ts';
import { startOperator } from './operator.ts';
import { ownMachines } from './own-machines.ts';
import { hostsOf, onNode, twoNodeWorkspace } from './two-node-workspace.ts';

// A real Debian on which somebody has worked by hand, taken over into the workspace.

const machines = await ownMachines();
const node = 'storagenodet3500';
const secret = 'geheim-4711';
let workspace: LoadedWorkspace;
let transport: Transport;
const operator = await startOperator(machines);
const { vmstation } = operator;

interface AdoptionDocument {
  readonly files: readonly { readonly path: string; readonly mode?: string; readonly insteadOf?: string }[];
  readonly settings: readonly { readonly setting: string; readonly name?: string }[];
  readonly differing: readonly unknown[];
  readonly written: readonly string[];
  readonly leftOut: readonly { readonly what: string; readonly reason: string; readonly why: string }[];
  readonly findings: readonly { readonly code: string; readonly evidence: string }[];
}

const ownAddress = () => machines.machines.find(({ name }) => name === node)?.address ?? '';

/** The machine's own names for all nodes, so that its hosts file is what setup wants of it. */
const worn = (address: string, others: string) => `
cat >/etc/hosts <<'EOF'
127.0.0.1 localhost
::1 localhost ip6-localhost
${others}
10.9.9.1 nas
10.9.9.2 nas
EOF
cat >>/etc/fstab <<'EOF'
dev/sdb /srv/old ext4 defaults 0 2
/dev/sdz9 /srv/gone ext4 nofail 0 2
${address}:/srv/media /mnt/media nfs nofail,noauto 0 0
tmpfs /srv/twice tmpfs noauto 0 0
tmpfs /srv/twice tmpfs noauto 0 0
EOF
printf 'PermitRootLogin yes\\nPasswordAuthentication yes\\n' >/etc/ssh/sshd_config.d/00-own.conf
printf '0 3 * * * root true\\n' >/etc/cron.d/backup; chmod 0666 /etc/cron.d/backup
printf 'PASSWORD=${secret}\\n0 4 * * * root true\\n' >/etc/cron.d/mail
printf 'a\\000b' >/etc/cron.d/blob
head -c 70000 /dev/zero | tr '\\000' x >/etc/cron.d/big
printf 'x' >"/etc/cron.d/two
lines"
printf 'net.ipv4.ip_forward = 0\\n' >/etc/sysctl.d/51-wrong.conf
printf 'vm.max_map_count = 77777\\n' >/etc/sysctl.d/52-idle.conf
printf 'backup ALL=(root) NOPASSWD: /bin/true\\n' >/etc/sudoers.d/backup; chmod 0440 /etc/sudoers.d/backup
printf '[Unit]\\nDescription=own\\n[Timer]\\nOnCalendar=daily\\n[Install]\\nWantedBy=timers.target\\n' >/etc/systemd/system/own.timer
printf '[Unit]\\nDescription=own\\n[Service]\\nType=oneshot\\nExecStart=/bin/true\\n' >/etc/systemd/system/own.service
printf '[Unit]\\nDescription=broken\\n[Service]\\nType=oneshot\\nExecStart=/bin/false\\n' >/etc/systemd/system/broken.service
systemctl daemon-reload; systemctl enable --now own.timer; systemctl start broken.service || true
DEBIAN_FRONTEND=noninteractive apt-get -y -q update >/dev/null
DEBIAN_FRONTEND=noninteractive apt-get -y -q -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold install --no-install-recommends chrony tree >/tmp/apt.log 2>&1 || { tail -n 40 /tmp/apt.log; exit 9; }
echo '# by hand' >>/etc/cron.daily/logrotate
ln -sfn /usr/share/zoneinfo/Europe/Berlin /etc/localtime; echo Europe/Berlin >/etc/timezone
`;

beforeAll(async () => {
  workspace = await twoNodeWorkspace(machines);
  operator.workspace = workspace.root;
  ({ transport } = hostsOf(machines, workspace));
  const others = machines.machines.map(({ name, address }) => `${address} ${name}.home.arpa ${name}`).join('\n');
  await onNode(transport, node, worn(ownAddress(), others));
  const trusted = await vmstation('node', 'trust', '--yes');
  if (trusted.exitCode !== 0) throw new Error(trusted.text);
});

afterAll(async () => {
  await transport?.close();
  await rm(workspace.root, { recursive: true, force: true });
});

async function adopt(...words: readonly string[]): Promise<AdoptionDocument & { readonly exitCode: number }> {
  const { exitCode, text } = await vmstation('config', 'adopt', node, '--json', ...words);
  if (!text.startsWith('{')) throw new Error(text);
  return { ...(JSON.parse(text) as AdoptionDocument), exitCode };
}

async function driftIds(): Promise<readonly string[]> {
  const { text } = await vmstation('drift', '--json', '--node', node);
  const report = JSON.parse(text) as { nodes: { host: string; items: { id: string }[] }[] };
  return report.nodes.find(({ host }) => host === node)?.items.map(({ id }) => id) ?? [];
}

/** Everything that a capture could change: content, times and owners of all that is configured. */
function stateOf(): Promise<string> {
  return onNode(
    transport,
    node,
    "find /etc /usr/local /var/spool /var/lib/vmstation -printf '%p %T@ %C@ %m %u %s\\n' 2>/dev/null | sort | sha256sum",
  );
}

test('the machine is read and not touched; secrets and what is of no use are named and left', async () => {
  const before = await stateOf();
  const seen = await adopt('--dry-run');
  expect(await stateOf()).toBe(before);
  expect(seen.exitCode).toBe(2);
  const why = Object.fromEntries(seen.leftOut.map(({ what, reason }) => [what, reason]));
  expect(why).toMatchObject({
    '/etc/shadow': 'never-read',
    '/etc/ssh/ssh_host_ed25519_key': 'never-read',
    '/etc/chrony/chrony.keys': 'never-read',
    '/etc/chrony/chrony.conf': 'as-packaged',
    '/etc/ssh/sshd_config': 'as-packaged',
    '/etc/cron.d/mail': 'secret',
    '/etc/cron.d/blob': 'binary',
    '/etc/cron.d/big': 'too-large',
    '/etc/cron.d/two': 'odd-name',
    '/etc/sysctl.d/51-wrong.conf': 'contradicts',
    '/etc/sysctl.d/52-idle.conf': 'not-in-force',
  });
  const taken = seen.files.map(({ path }) => path);
  expect(taken).toEqual(
    expect.arrayContaining([
      '/etc/cron.d/backup',
      '/etc/cron.daily/logrotate',
      '/etc/fstab',
      '/etc/hosts',
      '/etc/ssh/sshd_config.d/00-own.conf',
      '/etc/sudoers.d/backup',
      '/etc/systemd/system/own.timer',
    ]),
  );
  expect(seen.settings).toEqual(
    expect.arrayContaining([
      { setting: 'timezone', zone: 'Europe/Berlin' },
      { setting: 'package', name: 'tree' },
      { setting: 'service', unit: 'own.timer', state: { enabled: true, active: true } },
    ]),
  );
  // What came with every installation, or comes with another package, was chosen by nobody.
  const packages = seen.settings.flatMap((one) => (one.setting === 'package' ? [one.name ?? ''] : []));
  expect(packages.filter((name) => /^(?:lib(?!pam-)|dpkg$|base-files$|dbus-)/.test(name))).toEqual([]);
  expect(JSON.stringify(seen)).not.toContain(secret);
});

test('each planted fault is a finding with its evidence', async () => {
  const { findings } = await adopt('--dry-run');
  const told = findings.map(({ code, evidence }) => `${code} ${evidence}`).join('\n');
  for (const part of [
    'adopt/fstab-missing-device /etc/fstab:',
    'dev/sdb for /srv/old is no absolute path',
    '/dev/sdz9 for /srv/gone (ext4) does not exist',
    `${ownAddress()}:/srv/media on /mnt/media: ${node} mounts from itself`,
    '/srv/twice stands 2 times in /etc/fstab',
    'nas stands 2 times in /etc/hosts',
    '/etc/ssh/sshd_config.d/00-own.conf:1: PermitRootLogin yes',
    '/etc/ssh/sshd_config.d/00-own.conf:2: PasswordAuthentication yes',
    '/etc/cron.d/backup has the mode 0666',
    'broken.service has failed',
  ])
    expect(told).toContain(part);
});

test('what is taken over is clean, the machine is as it was, and a second adoption writes nothing', async () => {
  const before = await stateOf();
  const first = await adopt('--yes');
  expect(first.exitCode).toBe(0);
  const drifted = await driftIds();
  const ids = new Set([
    ...first.files.map(({ path }) => `file:${path}`),
    ...['unit:own.timer', 'service:own.timer', 'timezone:system', 'package:tree', 'package:chrony'],
  ]);
  expect(drifted.filter((id) => ids.has(id))).toEqual([]);
  const folder = join(workspace.root, 'hosts', node);
  const files = await filesBelow(folder);
  expect(JSON.stringify(files)).not.toContain(secret);
  expect(files['settings.yaml']).toContain('/etc/sudoers.d/backup:\n    mode: "0440"');
  const again = await adopt('--yes');
  expect(again).toMatchObject({ exitCode: 0, differing: [], written: [] });
  expect(await filesBelow(folder)).toEqual(files);
  expect(await stateOf()).toBe(before);
});

test('what is lost on the machine comes back from the workspace', async () => {
  await onNode(transport, node, 'rm /etc/cron.d/backup; sed -i "s/daily/weekly/" /etc/systemd/system/own.timer');
  await writeFile(join(workspace.root, 'hosts', node, 'etc/motd'), 'by the workspace\n');
  const applied = await vmstation('drift', 'revert', node, 'file:/etc/cron.d/backup', 'unit:own.timer', '--yes');
  expect(applied.exitCode, applied.text).toBe(0);
  expect(await onNode(transport, node, 'cat /etc/cron.d/backup; stat -c %a /etc/cron.d/backup')).toBe(
    '0 3 * * * root true\n666\n',
  );
});

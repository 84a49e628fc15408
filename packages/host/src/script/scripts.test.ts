import { spawnSync } from 'node:child_process';
import type { NodeFacts } from '@vmstation/core';
import { expect, test } from 'vitest';
import { applyScript } from '../apply/apply-script.ts';
import { applySteps } from '../apply/batches.ts';
import { followScript } from '../apply/follow-script.ts';
import { orderResources } from '../apply/order.ts';
import { captureScript } from '../capture/capture-script.ts';
import { nodeCommands } from '../commands.ts';
import { contentScript } from '../compare/content.ts';
import { kindOf } from '../kinds/registry.ts';
import { checkScript } from '../observe/check-script.ts';
import { mergeProbes, type ProbeSet } from '../observe/probe.ts';
import { rollbackFunctions, rollbackScript } from '../rollback/rollback-script.ts';
import { observationsOf } from '../testing/fake-node.ts';
import { sampleResources } from '../testing/sample-node.ts';
import { commandsIn } from '../testing/shell-words.ts';
import { unlistedCommands } from '../testing/unlisted-commands.ts';
import { armScript, confirmScript, restoreNowScript } from '../try-mode/try-scripts.ts';
import { forgetScript, recordsScript, takeBackScript } from '../uninstall/uninstall-script.ts';
import { sharedFunctions } from './prelude.ts';

const folders = { state: '/var/lib/vmstation' };
const nonce = '0123456789abcdef';
const lock = { waitSeconds: 60, holder: 'ops@station' };

function sampleProbes(): ProbeSet {
  return mergeProbes(sampleResources.flatMap((resource) => kindOf(resource).probes(resource)));
}

function sampleApply(family: NodeFacts['family']): string {
  const off = { Id: 'x', LoadState: 'loaded', ActiveState: 'inactive', SubState: 'dead', UnitFileState: 'disabled' };
  const probes = sampleProbes();
  const texts = {
    '/etc/passwd': 'root:x:0:0:root:/root:/bin/bash\nops:x:1000:1000::/home/ops:/bin/bash',
    '/etc/group': 'root:x:0:\nops:x:1000:',
    '/etc/fstab': 'UUID=1 / ext4 defaults 0 1\n/dev/sda2 none swap sw 0 0',
    '/proc/swaps': 'Filename Type Size Used Priority\n/dev/sda2 partition 1024 0 5',
    '/proc/sys/net/ipv4/ip_forward': '0',
    '/proc/net/fib_trie': '     |-- 10.0.0.7\n        /32 host LOCAL',
    '/proc/net/route':
      'enp2s0\t0000000A\t00000000\t0001\t0\t0\t0\t00FFFFFF\nenp2s0\t00000000\t0100000A\t0003\t0\t0\t0\t00000000',
    '/proc/mounts': 'tmpfs /srv/scratch tmpfs rw,relatime 0 0',
    '/sys/class/net/enp1s0/mtu': '1500',
    '/sys/fs/selinux/enforce': '0',
    '/etc/selinux/config': 'SELINUX=permissive',
    '/proc/sys/kernel/hostname': 'debian',
    '/etc/timezone': 'Etc/UTC',
    '/etc/dnf/plugins/versionlock.list': 'runc-4:1.1.0-1.*\nethtool-2:6.11-1.el10.*',
    ...(family === 'debian' ? { '/etc/network/interfaces': 'auto enp2s0\niface enp2s0 inet dhcp' } : {}),
  };
  const units = probes.units.map((unit) =>
    unit === 'NetworkManager.service' ? { ...off, ActiveState: 'active' } : off,
  );
  const devices = { '/dev/disk/by-id/ata-DISK': [], '/dev/sdc': ['ext4 old'], '/dev/sdd': ['xfs old'] };
  const seen = observationsOf(
    {
      family,
      system: ['selinux'],
      texts,
      units,
      guards: probes.guards.map(({ name }) => (name.startsWith('NetworkManager ') ? 0 : 1)),
      packages: { telnet: '1', runc: '1.1.0-1', ethtool: '1:6.1-1' },
      held: ['runc', 'ethtool'],
      devices,
      wakeOn: { enp1s0: 'd' },
    },
    probes,
  );
  const context = {
    family,
    delimiter: `CONTENT_${nonce}`,
    beside: (path: string) => `${path.replace(/\/[^/]*$/, '')}/.vmstation-${nonce}`,
  };
  const steps = applySteps(orderResources(sampleResources), seen, context, new Set());
  return applyScript({ runId: '20261123-091500-k3f9', nonce, folders, steps, seen, settleSeconds: 2, lock });
}

const takenBack = {
  id: 'uninstall-0123',
  steps: [2, 1].map((step) => ({ run: '20261123-091500-k3f9', apply: 1, step })),
  paths: ['/etc/ssh', "/etc/ssh/it's"],
};

const scripts = [
  ['check', checkScript(sampleProbes(), nonce, folders)],
  ['apply-debian', sampleApply('debian')],
  ['apply-rhel', sampleApply('rhel')],
  ['content', contentScript(['/etc/motd', "/srv/it's"], nonce)],
  [
    'capture',
    captureScript(
      {
        files: ['/etc/fstab', '/etc/cron.d/*'],
        neverRead: ['/etc/shadow', '/etc/ssh/ssh_host_*_key'],
        largestBytes: 65_536,
      },
      nonce,
    ),
  ],
  ['rollback', rollbackScript('20261123-091500-k3f9', nonce, folders, lock)],
  ['uninstall-records', recordsScript(nonce, folders)],
  ['uninstall', takeBackScript({ ...takenBack, guarded: undefined, confirmed: ['sshd'] }, nonce, folders, lock)],
  ['uninstall-guarded', takeBackScript({ ...takenBack, guarded: 'login-key', confirmed: [] }, nonce, folders, lock)],
  ['uninstall-forget', forgetScript('uninstall-0123', nonce, folders, lock)],
  ['follow', followScript('20261123-091500-k3f9', 'fedcba9876543210', nonce, folders, 20)],
] as const;

test.each(scripts)('the %s script is what it was when somebody last read it', async (name, script) => {
  await expect(script).toMatchFileSnapshot(`../../golden/${name}.sh`);
});

const hasShellcheck = spawnSync('shellcheck', ['--version']).status === 0;
const attempt = { token: 't0', runId: 'r1', area: 'sshd', windowSeconds: 60, folders, holder: 'ops@station' };
const arming = armScript(attempt, 'RESTORE_0');
const tryScripts: readonly (readonly [string, string])[] = [
  ['arm', arming],
  ['restore', arming.slice(arming.indexOf("<<'RESTORE_0'\n") + 14, arming.lastIndexOf('\nRESTORE_0\n'))],
  ['confirm', confirmScript(attempt)],
  ['restore now', restoreNowScript(attempt)],
];
test.skipIf(!hasShellcheck).each(tryScripts)('shellcheck has nothing to say about try mode: %s', (_name, script) => {
  const { stdout } = spawnSync('shellcheck', ['-s', 'sh', '-'], { input: script, encoding: 'utf8' });
  expect(stdout).toBe('');
});

test.skipIf(!hasShellcheck).each(scripts)('shellcheck has nothing to say about the %s script', (_name, script) => {
  const { stdout } = spawnSync('shellcheck', ['-s', 'sh', '-'], { input: script, encoding: 'utf8' });
  expect(stdout).toBe('');
});

/** What an apply leaves on the machine for a rollback to run. */
const undoScripts = [sampleApply('debian'), sampleApply('rhel')].flatMap((script) =>
  [...script.matchAll(/<<'(UNDO_\w+)'\n([\s\S]*?)\n\1\n/g)].map(([, , body]) => body ?? ''),
);

test.skipIf(!hasShellcheck)(
  'shellcheck has nothing to say about what a rollback runs, and every shell reads it',
  () => {
    expect(undoScripts.length).toBeGreaterThan(20);
    const unique = [...new Set(undoScripts)].map((body, index) => `undo_${index}() {\n${body}\n}`);
    const input = [
      'N=n; STATE=/s; RUN=/r; n=1; FOUND=0',
      sharedFunctions,
      rollbackFunctions,
      ...unique,
      'echo "$N$STATE$RUN$n$FOUND"',
    ].join('\n');
    const { stdout } = spawnSync('shellcheck', ['-s', 'sh', '-'], { input, encoding: 'utf8' });
    expect(stdout).toBe('');
  },
);

const shells = ['dash', 'bash', 'busybox'].filter(
  (shell) => spawnSync('sh', ['-c', `command -v ${shell}`]).status === 0,
);
test.each(shells.flatMap((shell) => scripts.map(([name, script]) => [shell, name, script] as const)))(
  '%s reads the %s script, and half of it does nothing',
  (shell, _name, script) => {
    const argv = shell === 'busybox' ? ['sh'] : [];
    expect(spawnSync(shell, [...argv, '-n'], { input: script, encoding: 'utf8' })).toMatchObject({
      status: 0,
      stderr: '',
    });
    const cut = spawnSync(shell, argv, {
      input: script.slice(0, script.lastIndexOf('main </dev/null')),
      encoding: 'utf8',
    });
    expect(cut.stdout).toBe('');
  },
);

test.each(scripts)('every command and flag of the %s script is listed', (_name, script) => {
  // Commands that the sample itself declares.
  const declared = ['locale-gen', 'true'];
  expect(unlistedCommands(commandsIn(script)).filter((one) => !declared.includes(one))).toEqual([]);
});

test('every listed command is used by some script', () => {
  const used = new Set(scripts.flatMap(([, script]) => commandsIn(script).map(({ program }) => program)));
  // How scripts are sent, what proves the way in, what only some roles declare, what only RHEL has, and try mode.
  const elsewhere = ['sh', 'sudo', 'id', 'sshd', 'visudo', 'rsyslogd', 'nft', 'restorecon', 'systemd-run', 'setsid'];
  expect(
    nodeCommands.map(({ command }) => command).filter((command) => !used.has(command) && !elsewhere.includes(command)),
  ).toEqual([]);
});

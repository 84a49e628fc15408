import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock, GuardArea, Resource, Transport, TryMode } from '@vmstation/core';
import { createHost, nodeTryMode } from '@vmstation/host';
import { openSshTransport } from '@vmstation/remote';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { ownMachines } from './own-machines.ts';
import { onNode } from './two-node-workspace.ts';

// Changes that could close the way in, on a real machine: kept when a new connection proves them, else taken back by the machine itself.

const machines = await ownMachines();
const node = 'masternode';
const windowSeconds = 6;
const clock: Clock = {
  now: () => new Date(),
  sleep: (ms) => new Promise((resolve) => void setTimeout(resolve, ms)),
};
const nonce = (bytes: number) => randomBytes(bytes).toString('hex');

let folder: string;
let count = 0;
const opened: Transport[] = [];
let observer: Transport;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vmstation-try-'));
  observer = transport();
  await onNode(
    observer,
    node,
    'command -v nft >/dev/null || DEBIAN_FRONTEND=noninteractive apt-get install -y -qq nftables',
  );
});
afterAll(async () => {
  await Promise.all(opened.map((one) => one.close()));
  await rm(folder, { recursive: true, force: true });
});

let before: string;
beforeEach(async () => {
  before = await stateOfNode();
});

function transport(): Transport {
  count += 1;
  const one = openSshTransport({
    nodes: {},
    knownHostsFile: machines.knownHostsFile,
    configFile: machines.sshConfigFile,
    controlDir: join(folder, `c${count}`),
    connectTimeoutSeconds: 2,
  });
  opened.push(one);
  return one;
}

/** What the changes of this suite touch, and what an attempt may leave behind. */
function stateOfNode(): Promise<string> {
  return onNode(
    observer,
    node,
    `find /etc/ssh /etc/sudoers.d /etc/vmstation-try /etc/systemd/system /var/lib/vmstation/try -xdev ! -type d -printf '%p %i %m %T@\\n' 2>/dev/null | sort
    nft list tables; systemctl is-active ssh; systemctl list-timers --all --no-legend 'vmstation-try*'`,
  );
}

function attempt(area: GuardArea, resources: readonly Resource[], mode?: Partial<TryMode>): Promise<unknown> {
  const own = transport();
  const tryMode = { ...nodeTryMode({ transport: own, clock, nonce, windowSeconds }), ...mode };
  const host = createHost({ transport: own, clock, tryMode });
  const guarded = resources.map((resource) => ({ ...resource, guard: area }));
  return host.apply({ node, runId: `try-${nonce(4)}`, resources: guarded }).then(
    ({ resources: ended }) => ended.map(({ outcome }) => outcome),
    (error: unknown) => error,
  );
}

function sshd(name: string, lines: string): readonly Resource[] {
  return [
    {
      kind: 'file',
      path: `/etc/ssh/sshd_config.d/05-${name}.conf`,
      content: `${lines}\n`,
      mode: '0600',
      notifies: [{ unit: 'ssh.service', action: 'restart' }],
    },
  ];
}

function packetFilter(rules: string): readonly Resource[] {
  const file = '/etc/vmstation-try/rules.nft';
  const unit = `[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/sbin/nft -f ${file}
ExecStop=/usr/sbin/nft delete table inet vmstation_try
`;
  return [
    { kind: 'file', path: file, content: rules, mode: '0644' },
    { kind: 'unit', name: 'vmstation-try-test.service', content: unit, after: [`file:${file}`] },
    { kind: 'service', unit: 'vmstation-try-test.service', active: true, after: ['unit:vmstation-try-test.service'] },
  ];
}

const dropAll = `table inet vmstation_try {
  chain input { type filter hook input priority 0; policy drop; iif lo accept; }
}
`;

test('a change that a new connection proves is kept, and nothing of the attempt stays', async () => {
  expect(await attempt('sshd', sshd('kept', 'MaxAuthTries 4'))).toEqual(['changed']);
  expect(await onNode(observer, node, 'sshd -T | grep -i maxauthtries')).toBe('maxauthtries 4\n');
  await onNode(observer, node, 'rm /etc/ssh/sshd_config.d/05-kept.conf; systemctl restart ssh');
  expect(await onNode(observer, node, 'ls /var/lib/vmstation/try; ls /etc/systemd/system/ | grep try || :')).toBe('');
});

test.each<[string, GuardArea, readonly Resource[]]>([
  ['sshd on another port', 'sshd', sshd('port', 'Port 2222')],
  ['sshd that lets nobody in', 'sshd', sshd('nobody', 'AllowUsers nobody-at-all')],
  ['sshd that takes no keys', 'sshd', sshd('keys', 'PubkeyAuthentication no')],
  ['a packet filter that drops everything, open connections too', 'firewall', packetFilter(dropAll)],
  [
    'sudo that wants a password',
    'sudoers',
    [
      {
        kind: 'file',
        path: '/etc/sudoers.d/zz-vmstation-try',
        content: `${machines.user} ALL=(ALL) PASSWD: ALL\n`,
        mode: '0440',
      },
    ],
  ],
])('%s is taken back', async (_what, area, resources) => {
  const ended = await attempt(area, resources);
  // A change that cuts its own connection may be taken back by the machine while it is still being looked at.
  expect([
    ['failed'],
    ['failed', 'failed', 'failed'],
    expect.objectContaining({ code: 'host/not-confirmed' }),
  ]).toContainEqual(ended);
  expect(await stateOfNode()).toBe(before);
});

test('of a change that fails in part nothing is kept', async () => {
  const resources: readonly Resource[] = [
    ...sshd('part', 'MaxAuthTries 5'),
    { kind: 'file', path: '/etc/vmstation-try/part', content: 'x\n', mode: '0644', validate: { command: ['false'] } },
  ];
  expect(await attempt('sshd', resources)).toEqual(['failed', 'failed']);
  expect(await stateOfNode()).toBe(before);
});

test('a machine takes back by itself what nobody comes to confirm', async () => {
  const own = transport();
  const real = nodeTryMode({ transport: own, clock, nonce, windowSeconds });
  let changed = false;
  // Whoever tried is gone as soon as the change is made: killed, or its computer closed.
  const abandoned = attempt('sshd', sshd('abandoned', 'Port 2222'), {
    attempt: (what, change) =>
      new Promise((resolve, reject) => {
        void real
          .attempt(what, async () => {
            const report = await change();
            changed = true;
            resolve(report);
            return new Promise(() => undefined);
          })
          .catch(reject);
      }),
  });
  expect(await abandoned).toEqual(['changed']);
  expect(changed).toBe(true);
  await expect
    .poll(() => onNode(transport(), node, 'sshd -T | grep -c "^port 2222" || :').catch(String), { timeout: 60_000 })
    .toBe('0\n');
  await onNode(observer, node, 'cat /var/lib/vmstation/try/*/result; rm -r /var/lib/vmstation/try/*');
  expect(await stateOfNode()).toBe(before);
});

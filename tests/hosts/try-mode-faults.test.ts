import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock, GuardArea, Resource, Transport, TryMode } from '@vmstation/core';
import { createHost, nodeTryMode } from '@vmstation/host';
import { openSshTransport } from '@vmstation/remote';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ownMachines } from './own-machines.ts';
import { onNode } from './two-node-workspace.ts';

// What happens to a guarded change when the machine starts again, fills up, or whoever made it is gone, on a real machine.

const machines = await ownMachines();
const node = 'masternode';
const clock: Clock = {
  now: () => new Date(),
  sleep: (ms) => new Promise((resolve) => void setTimeout(resolve, ms)),
};
const nonce = (bytes: number) => randomBytes(bytes).toString('hex');
const usualState = '/var/lib/vmstation';
const dropIn = '/etc/ssh/sshd_config.d/05-fault.conf';

let folder: string;
let count = 0;
const opened: Transport[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vmstation-try-'));
  await asRoot('command -v nft >/dev/null || DEBIAN_FRONTEND=noninteractive apt-get install -y -qq nftables');
});
afterAll(async () => {
  await Promise.all(opened.map((one) => one.close()));
  await rm(folder, { recursive: true, force: true });
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

/** Over a connection of its own: each of these faults may have cut the others. */
const asRoot = (script: string): Promise<string> => onNode(transport(), node, script);

/** Without inodes and times: a machine that starts again writes. */
const stateOfNode = (): Promise<string> =>
  asRoot(`find /etc/ssh /etc/sudoers.d /etc/vmstation-try /etc/systemd/system -xdev ! -type d -exec sha256sum {} + 2>/dev/null | sort -k2
    ls -d /etc/.vmstation-* /etc/ssh/sshd_config.d/.vmstation-* 2>/dev/null || :
    nft list tables; systemctl is-active ssh; systemctl list-timers --all --no-legend 'vmstation-try*'`);
const leftOf = (state = usualState): Promise<string> =>
  asRoot(
    `ls ${state}/try; systemctl list-units --all --no-legend 'vmstation-try-*'; ls -d ${state}/lock 2>/dev/null || :`,
  );

interface Fault {
  readonly resources?: readonly Resource[];
  readonly area?: GuardArea;
  readonly windowSeconds?: number;
  readonly runId?: string;
  readonly state?: string;
  /** Before the change, when the machine is armed. */
  readonly armed?: () => Promise<unknown>;
  /** After the change, before its proof. */
  readonly changed?: () => Promise<unknown>;
  /** Stands before the connection. */
  readonly through?: (run: Transport['run']) => Transport['run'];
}

/** How a guarded change ends: outcomes of its resources, or what was thrown. */
function attempt(fault: Fault = {}): Promise<unknown> {
  const real = transport();
  const own: Transport = { ...real, run: fault.through?.(real.run.bind(real)) ?? real.run.bind(real) };
  const stateFolder = fault.state ?? usualState;
  const mode = nodeTryMode({ transport: own, clock, nonce, stateFolder, windowSeconds: fault.windowSeconds ?? 6 });
  const tryMode: TryMode = {
    attempt: (what, change) =>
      mode.attempt(what, async () => {
        await fault.armed?.();
        const report = await change();
        await fault.changed?.();
        return report;
      }),
  };
  const host = createHost({ transport: own, clock, tryMode, stateFolder });
  const area = fault.area ?? 'sshd';
  const resources = (fault.resources ?? sshd('MaxAuthTries 3')).map((one) => ({ ...one, guard: area }));
  return host.apply({ node, runId: fault.runId ?? `try-${nonce(4)}`, resources }).then(
    ({ resources: ended }) => ended.map(({ outcome }) => outcome),
    (error: unknown) => error,
  );
}

const sshd = (lines: string): readonly Resource[] => [
  {
    kind: 'file',
    path: dropIn,
    content: `${lines}\n`,
    mode: '0600',
    notifies: [{ unit: 'ssh.service', action: 'restart' }],
  },
];

/** Loaded at every start, before the network, until somebody disables it. */
const packetFilter: readonly Resource[] = [
  {
    kind: 'file',
    path: '/etc/vmstation-try/rules.nft',
    content: 'table inet vmstation_try {\n  chain input { type filter hook input priority 0; policy drop; }\n}\n',
    mode: '0644',
  },
  {
    kind: 'unit',
    name: 'vmstation-try-filter.service',
    content: `[Unit]
DefaultDependencies=no
Wants=network-pre.target
Before=network-pre.target
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/sbin/nft -f /etc/vmstation-try/rules.nft
ExecStop=/usr/sbin/nft delete table inet vmstation_try
[Install]
WantedBy=sysinit.target
`,
    after: ['file:/etc/vmstation-try/rules.nft'],
  },
  {
    kind: 'service',
    unit: 'vmstation-try-filter.service',
    enabled: true,
    after: ['unit:vmstation-try-filter.service'],
  },
];

const bootId = (): Promise<string> => asRoot('cat /proc/sys/kernel/random/boot_id');

/** By a connection from before the change, which may let no other in. */
async function startAgain(early: Transport): Promise<void> {
  const before = await onNode(early, node, 'cat /proc/sys/kernel/random/boot_id');
  await onNode(early, node, 'systemctl --no-block reboot').catch(() => 'the connection went with the machine');
  await expect.poll(() => bootId().catch(() => before), { timeout: 120_000, interval: 500 }).not.toBe(before);
}

const gone = (): Promise<never> => new Promise(() => undefined);

test.each<[string, GuardArea, readonly Resource[]]>([
  ['sshd that lets nobody in', 'sshd', sshd('AllowUsers nobody-at-all')],
  ['a packet filter that drops everything from the next start on', 'firewall', packetFilter],
])('a machine that starts again before the proof takes back by itself: %s', async (_what, area, resources) => {
  const before = await stateOfNode();
  const early = transport();
  await onNode(early, node, 'true');
  await new Promise<void>((resolve, reject) => {
    const changed = () => (resolve(), gone());
    void attempt({ area, resources, windowSeconds: 600, changed }).then((end) => reject(new Error(String(end))));
  });
  await startAgain(early);
  expect(await asRoot(`cat ${usualState}/try/*/result`)).toBe('restored\n');
  expect(await stateOfNode()).toBe(before);
  expect(await asRoot("systemctl list-units --all --no-legend 'vmstation-try-*'")).toBe('');
  expect(await asRoot('systemctl is-system-running --wait || systemctl --failed --no-legend')).toBe('running\n');
  expect(await attempt({ resources: sshd('MaxAuthTries 5') })).toEqual(['changed']);
  expect(await leftOf()).toBe('');
  await asRoot(`rm ${dropIn}; systemctl restart ssh`);
});

test('a restore that a start of the machine cuts short is ended by that start', async () => {
  const before = await stateOfNode();
  let result = '';
  const ended = await attempt({
    windowSeconds: 240,
    changed: async () => {
      await asRoot(`cd ${usualState}/try/*/; mv open restoring`);
      await startAgain(transport());
      result = await asRoot(`cat ${usualState}/try/*/result`);
      throw new Error('gone');
    },
  });
  expect(result).toBe('restored\n');
  expect(ended).toMatchObject({ message: 'gone' });
  expect(await stateOfNode()).toBe(before);
  expect(await leftOf()).toBe('');
});

test('a disk that fills up after the change does not hinder the restore', async () => {
  const state = '/var/lib/vmstation-small';
  await asRoot(`mkdir -p ${state}; mount -t tmpfs -o size=8m,nr_inodes=300,mode=0700 tmpfs ${state}`);
  const before = await stateOfNode();
  let full = '';
  const ended = await attempt({
    state,
    changed: async () => {
      full = await asRoot(`cd ${state}; dd if=/dev/zero of=fill bs=64k 2>/dev/null || :
        i=0; while [ "$i" -lt 400 ] && ( : >"n$i" ) 2>/dev/null; do i=$((i+1)); done
        mkdir one-more 2>&1 || :; df -Pk . | tail -1`);
      throw new Error('gone');
    },
  });
  expect(full).toMatch(/No space left[^]*100%/);
  expect(ended).toMatchObject({ message: 'gone' });
  expect(await stateOfNode()).toBe(before);
  expect(await leftOf(state)).toBe('');
  await asRoot(`umount ${state}; rmdir ${state}`);
});

test('while a change waits for its proof, a second one is refused with its holder and age', async () => {
  let second: unknown;
  const first = await attempt({
    runId: 'first-run',
    resources: sshd('MaxAuthTries 3'),
    windowSeconds: 60,
    changed: async () => {
      second = await attempt({ runId: 'second-run', resources: sshd('MaxAuthTries 5') });
    },
  });
  expect(first).toEqual(['changed']);
  expect(second).toMatchObject({
    code: 'host/try-mode-held',
    kind: 'locked',
    message: expect.stringMatching(/a change of sshd that the run first-run began \d+ s ago/) as string,
  });
  expect(await asRoot(`cat ${dropIn}; rm ${dropIn}; systemctl restart ssh`)).toBe('MaxAuthTries 3\n');
  expect(await leftOf()).toBe('');
});

const confirms = (command: Parameters<Transport['run']>[1]): boolean =>
  command.freshConnection === true && command.argv.includes('sh');

test.each<[string, Omit<Fault, 'resources'> & { readonly dies: (reached: () => void) => Partial<Fault> }]>([
  ['is armed', { dies: (reached) => ({ armed: () => (reached(), gone()) }) }],
  ['is changed', { dies: (reached) => ({ changed: () => (reached(), gone()) }) }],
  [
    'has been proven',
    {
      dies: (reached) => ({
        through: (run) => (name, command) => (confirms(command) ? (reached(), gone()) : run(name, command)),
      }),
    },
  ],
])(
  'whoever dies when the machine %s leaves it to itself: nothing is kept, and the next run cleans up',
  async (_when, { dies }) => {
    const before = await stateOfNode();
    await new Promise<void>((resolve, reject) => {
      void attempt({ resources: sshd('MaxAuthTries 3'), ...dies(resolve) }).then((end) =>
        reject(new Error(String(end))),
      );
    });
    await expect.poll(() => asRoot(`cat ${usualState}/try/*/result || :`), { timeout: 90_000 }).toBe('restored\n');
    expect(await stateOfNode()).toBe(before);
    expect(await attempt({ resources: sshd('MaxAuthTries 5') })).toEqual(['changed']);
    expect(await leftOf()).toBe('');
    await asRoot(`rm ${dropIn}; systemctl restart ssh`);
  },
);

test('what was confirmed stays, although nobody heard of it', async () => {
  const ended = await attempt({
    resources: sshd('MaxAuthTries 3'),
    through: (run) => async (name, command) => {
      const result = await run(name, command);
      if (confirms(command) && command.stdin?.toString().includes('confirmed" 2>/dev/null; then keep_change') === true)
        throw new Error('the answer was lost');
      return result;
    },
  });
  expect(ended).toEqual(['changed']);
  expect(await asRoot(`cat ${dropIn}; rm ${dropIn}; systemctl restart ssh`)).toBe('MaxAuthTries 3\n');
  expect(await leftOf()).toBe('');
});

test('the timer counts since the start, so a clock that is set does not move it', async () => {
  let timer = '';
  await attempt({
    resources: sshd('MaxAuthTries 3'),
    changed: async () => {
      timer = await asRoot("systemctl show -p TimersMonotonic -p TimersCalendar 'vmstation-try-*.timer'");
      throw new Error('enough');
    },
  });
  expect(timer).toContain('TimersMonotonic={ OnActiveUSec=6s');
  expect(timer).not.toContain('OnCalendar');
});

test('a lock from before a start of the machine ends nobody who has that number now', async () => {
  const before = await stateOfNode();
  let sleeper = '';
  const ended = await attempt({
    windowSeconds: 30,
    changed: async () => {
      await asRoot('systemd-run --quiet --unit=vm-sleeper sleep 600');
      sleeper = (await asRoot('systemctl show -P MainPID vm-sleeper')).trim();
      await asRoot(`mkdir ${usualState}/lock; echo "other 1 an-earlier-start ${sleeper}" >${usualState}/lock/owner`);
      throw new Error('gone');
    },
  });
  expect(ended).toMatchObject({ message: 'gone' });
  expect(await asRoot(`kill -0 ${sleeper} && systemctl stop vm-sleeper && echo lived`)).toBe('lived\n');
  expect(await stateOfNode()).toBe(before);
});

import { randomBytes } from 'node:crypto';
import type { Clock, Resource, TryMode } from '@vmstation/core';
import { createHost, nodeTryMode } from '@vmstation/host';
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest';
import { onNode } from '../hosts/two-node-workspace.ts';
import { bootIdOf, cutCurrent, type FreshGuests, freshGuests, switchOn } from './fresh-guests.ts';

// A machine whose current fails while a change of the way in is on trial: its next start takes the change back.

const node = 'masternode';
const dropIn = '/etc/ssh/sshd_config.d/05-guest.conf';
const found = '/etc/ssh/sshd_config.d/06-found.conf';
const clock: Clock = {
  now: () => new Date(),
  sleep: (ms) => new Promise((resolve) => void setTimeout(resolve, ms)),
};

const nonce = (bytes: number) => randomBytes(bytes).toString('hex');

let guests: FreshGuests;
beforeEach(async () => {
  guests = await freshGuests();
});
afterEach(() => guests?.close());

const nobody: readonly Resource[] = [
  {
    kind: 'file',
    path: found,
    content: 'MaxStartups 1\n',
    mode: '0600',
    guard: 'sshd',
    notifies: [{ unit: 'ssh.service', action: 'restart' }],
  },
  {
    kind: 'file',
    path: dropIn,
    content: 'AllowUsers nobody-at-all\n',
    mode: '0600',
    guard: 'sshd',
    notifies: [{ unit: 'ssh.service', action: 'restart' }],
  },
];

test('the start after a failure of the current takes back what nobody confirmed', async () => {
  const { transport, access } = guests;
  await onNode(transport, node, `echo 'PrintMotd no' >${found}; chmod 644 ${found}; sync`);
  const before = await bootIdOf(transport, node);
  const inTry = nodeTryMode({ transport, clock, nonce, windowSeconds: 1800 });
  let isChanged: () => void = () => undefined;
  const changed = new Promise<void>((resolve) => {
    isChanged = resolve;
  });
  // The proof is never asked for: this computer goes away in the middle of the attempt.
  const tryMode: TryMode = {
    attempt: (what, change) =>
      inTry.attempt(what, async () => {
        await change();
        isChanged();
        return new Promise(() => undefined);
      }),
  };
  const host = createHost({ transport, clock, tryMode });
  const attempt = host.apply({ node, runId: 'guests-try', resources: nobody });
  await Promise.race([changed, attempt.then((report) => Promise.reject(new Error(JSON.stringify(report))))]);
  expect(await onNode(transport, node, `cat ${dropIn}`)).toBe('AllowUsers nobody-at-all\n');
  await cutCurrent(access, node);
  await switchOn(guests, node, before);
  expect(await onNode(transport, node, `ls ${dropIn} 2>/dev/null || echo gone`)).toBe('gone\n');
  expect(await onNode(transport, node, `cat ${found}; stat -c %a ${found}`)).toBe('PrintMotd no\n644\n');
  expect(await onNode(transport, node, "sshd -T | grep -i -e '^allowusers' -e '^maxstartups'")).toBe(
    'maxstartups 10:30:100\n',
  );
  expect(await onNode(transport, node, 'cat /var/lib/vmstation/try/*/result')).toBe('restored\n');
});

test('when it fails in the middle of the change, before anything was told as done', async () => {
  const { transport, access } = guests;
  await onNode(transport, node, `echo 'PrintMotd no' >${found}; chmod 644 ${found}; sync`);
  const before = await bootIdOf(transport, node);
  const resources: readonly Resource[] = [
    ...nobody,
    {
      kind: 'command',
      name: 'stays-at-it',
      check: ['test', '-e', '/run/never'],
      run: ['sh', '-c', 'touch /run/at-it; sleep 3600'],
      guard: 'sshd',
      after: [`file:${found}`, `file:${dropIn}`],
    },
  ];
  const tryMode = nodeTryMode({ transport, clock, nonce, windowSeconds: 1800 });
  const stop = new AbortController();
  onTestFinished(() => stop.abort());
  let isOver: string | undefined;
  void createHost({ transport, clock, tryMode })
    .apply({ node, runId: 'guests-try-middle', resources, signal: stop.signal })
    .then((report) => JSON.stringify(report), String)
    .then((words) => (isOver = words));
  await expect
    .poll(async () => isOver ?? (await onNode(transport, node, 'ls /run/at-it 2>/dev/null || true')), {
      timeout: 600_000,
    })
    .toBe('/run/at-it\n');
  await cutCurrent(access, node);
  await switchOn(guests, node, before);
  expect(await onNode(transport, node, `ls ${dropIn} 2>/dev/null || echo gone`)).toBe('gone\n');
  expect(await onNode(transport, node, `cat ${found}; stat -c %a ${found}`)).toBe('PrintMotd no\n644\n');
});

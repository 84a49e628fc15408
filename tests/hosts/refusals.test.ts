import { chmod, copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Resource, Transport } from '@vmstation/core';
import { createHost } from '@vmstation/host';
import { openSshTransport, sshKeygen } from '@vmstation/remote';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ownMachines } from './own-machines.ts';
import { onNode } from './two-node-workspace.ts';

// What goes wrong with real machines, and the error that the operator gets for it.

const machines = await ownMachines();
const node = 'masternode';
const address = machines.machines[0]?.address ?? '';

let folder: string;
let transport: Transport;
const opened: Transport[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vmstation-refusals-'));
  transport = open({});
});
afterAll(async () => {
  await onNode(transport, node, `rm -f /etc/systemd/system/shortlived.service; systemctl daemon-reload`);
  await Promise.all(opened.map((one) => one.close()));
  await rm(folder, { recursive: true, force: true });
});

interface Way {
  readonly to?: string;
  readonly user?: string;
  readonly identityFile?: string;
  readonly knownHostsFile?: string;
}

function open({
  to = address,
  user = machines.user,
  identityFile = machines.identityFile,
  knownHostsFile,
}: Way): Transport {
  const one = openSshTransport({
    nodes: { [node]: { address: to, user, identityFile } },
    knownHostsFile: knownHostsFile ?? machines.knownHostsFile,
    controlDir: join(folder, `c${opened.length}`),
    connectTimeoutSeconds: 3,
  });
  opened.push(one);
  return one;
}

function hostOver(over: Transport) {
  return createHost({ transport: over, clock: { now: () => new Date() } });
}

const harmless: readonly Resource[] = [{ kind: 'file', path: '/etc/motd', mode: '0644' }];

async function refusal(way: Way): Promise<unknown> {
  return hostOver(open(way))
    .check(node, harmless)
    .then(
      () => 'no error',
      (error: unknown) => error,
    );
}

test('a unit that dies one second after its start ends failed, with what it said', async () => {
  const content = `[Unit]
Description=dies

[Service]
ExecStart=/bin/sh -c 'echo the disk of the oracle is empty >&2; sleep 1; exit 7'

[Install]
WantedBy=multi-user.target
`;
  const unit = 'shortlived.service';
  const resources: readonly Resource[] = [
    { kind: 'unit', name: unit, content },
    { kind: 'service', unit, enabled: false, active: true, after: [`unit:${unit}`] },
  ];
  const report = await hostOver(transport).apply({ node, runId: 'shortlived', resources });
  const service = report.resources.find(({ id }) => id === `service:${unit}`);
  expect(service?.outcome).toBe('failed');
  expect(service?.reason).toContain('the disk of the oracle is empty');
});

test('an address where nobody is: ssh/unreachable', async () => {
  expect(await refusal({ to: address.replace(/\d+$/, '199') })).toMatchObject({
    code: 'ssh/unreachable',
    kind: 'unreachable',
  });
});

test('a key that the machine does not know: ssh/permission-denied', async () => {
  const identityFile = join(folder, 'stranger');
  await sshKeygen(identityFile, 'stranger');
  expect(await refusal({ identityFile, user: 'nobody' })).toMatchObject({
    code: 'ssh/permission-denied',
    kind: 'user',
  });
});

test('another host key than the trusted one: ssh/host-key-changed, and nothing is sent', async () => {
  const { publicKey } = await sshKeygen(join(folder, 'impostor'), 'impostor');
  const knownHostsFile = join(folder, 'known_hosts.changed');
  await writeFile(knownHostsFile, `${node} ${publicKey.split(' ').slice(0, 2).join(' ')}\n`);
  expect(await refusal({ knownHostsFile })).toMatchObject({ code: 'ssh/host-key-changed', kind: 'refused' });
});

test('a machine that was never trusted: ssh/host-key-unknown', async () => {
  const knownHostsFile = join(folder, 'known_hosts.empty');
  await writeFile(knownHostsFile, '');
  expect(await refusal({ knownHostsFile })).toMatchObject({ code: 'ssh/host-key-unknown', kind: 'refused' });
});

test('a user who may not become root: ssh/no-sudo', async () => {
  const publicKey = (await readFile(`${machines.identityFile}.pub`, 'utf8')).trim();
  await onNode(
    transport,
    node,
    `useradd -m plain; install -d -m 0700 -o plain -g plain ~plain/.ssh
printf '%s\\n' '${publicKey}' >~plain/.ssh/authorized_keys; chown plain: ~plain/.ssh/authorized_keys`,
  );
  expect(await refusal({ user: 'plain' })).toMatchObject({ code: 'ssh/no-sudo', kind: 'user' });
});

test('a private key that others may read is named as the cause', async () => {
  const identityFile = join(folder, 'open');
  await copyFile(machines.identityFile, identityFile);
  await chmod(identityFile, 0o644);
  expect(await refusal({ identityFile })).toMatchObject({
    code: 'ssh/permission-denied',
    nextSteps: expect.arrayContaining([expect.stringContaining('chmod 600')]),
  });
});

import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Transport } from '@vmstation/core';
import { sshKeygen } from '@vmstation/remote';
import type { LoadedWorkspace } from '@vmstation/workspace';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startOperator } from './operator.ts';
import { ownMachines } from './own-machines.ts';
import { answersFrom, answersFromBridge, listenOn } from './reached-ports.ts';
import { runProgram } from './run-program.ts';
import { offeredBy, rateByAuditor, releases } from './ssh-offers.ts';
import { hostsOf, onNode, twoNodeWorkspace } from './two-node-workspace.ts';

// The roles ssh and networking, applied by the program to real machines and judged from outside: by ssh-audit, by logins, by probes of ports.

const machines = await ownMachines();
const operator = await startOperator(machines);
const [master = '', storage = ''] = machines.machines.map(({ name }) => name);
const addressOf = (node: string) => machines.machines.find(({ name }) => name === node)?.address ?? '';

let workspace: LoadedWorkspace;
let transport: Transport;
let folder: string;
let alexKey: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vmstation-access-'));
  alexKey = join(folder, 'alex');
  const { publicKey } = await sshKeygen(alexKey, 'alex@laptop');
  workspace = await twoNodeWorkspace(machines);
  operator.workspace = workspace.root;
  ({ transport } = hostsOf(machines, workspace));
  await editModel((text) =>
    text
      .replace(/^ssh: .*$/m, `ssh: { user: ${machines.user}, allow-users: [alex, sam], allow-groups: [ssh-users] }`)
      .concat(
        `users:
  alex: { keys: ['${publicKey.trim()}'], groups: [ssh-users, adm], sudo: no-password, shell: /bin/bash }
  sam: { keys: ['${publicKey.trim()}'], groups: [ssh-users], sudo: password, nodes: [${master}] }
`,
      ),
  );
  await must('node', 'trust', '--yes');
  await must('setup', '--yes');
});
afterAll(async () => {
  await transport.close();
  await rm(folder, { recursive: true, force: true });
  await rm(workspace.root, { recursive: true, force: true });
});

async function editModel(change: (text: string) => string): Promise<void> {
  const file = join(workspace.root, 'vmstation.yaml');
  await writeFile(file, change(await readFile(file, 'utf8')));
}

async function must(...args: readonly string[]): Promise<string> {
  const { exitCode, text } = await operator.vmstation(...args);
  expect(exitCode, text).toBe(0);
  return text;
}

const apply = () => must('config', 'apply', '--tags', 'ssh,networking,files', '--yes');

/** A new connection with alex's key, as whoever. */
function login(user: string, node: string, options: readonly string[], ...command: readonly string[]) {
  const fixed = [
    '-o BatchMode=yes',
    '-o IdentitiesOnly=yes',
    '-o ControlPath=none',
    '-o StrictHostKeyChecking=yes',
    `-o UserKnownHostsFile=${machines.knownHostsFile}`,
    `-o HostKeyAlias=${node}`,
  ];
  const words = [...fixed, ...options].map((option) => option.replace(/^-o /, '-o'));
  return runProgram('ssh', ['-F', 'none', '-i', alexKey, ...words, `${user}@${addressOf(node)}`, ...command], {
    timeoutMs: 60_000,
  });
}

/** Every file below /etc and the homes, so that any write shows. */
function written(node: string): Promise<string> {
  return onNode(
    transport,
    node,
    "find /etc /root /home -xdev ! -type d ! -name '*.cache' -printf '%p %i %m %u %s %T@\\n' | sort",
  );
}

test('the roles are applied, and a second time write nothing', async () => {
  const first = await apply();
  expect(first).toContain('changed');
  const before = await Promise.all([written(master), written(storage)]);
  expect(await apply()).toContain('Nothing to change');
  expect(await Promise.all([written(master), written(storage)])).toEqual(before);
});

test('ssh-audit finds no failure and at most two warnings in the server that runs', async () => {
  for (const node of [master, storage]) {
    const { text } = await runProgram('ssh-audit', ['-n', '-b', '-l', 'warn', addressOf(node)]);
    const rated = text.split('\n').filter((line) => /\[(?:fail|warn)\]/.test(line));
    expect(
      rated.filter((line) => line.includes('[fail]')),
      text,
    ).toEqual([]);
    expect(rated.length, text).toBeLessThanOrEqual(2);
    const { text: json } = await runProgram('ssh-audit', ['-j', addressOf(node)]);
    const offered = JSON.parse(json) as Record<'kex' | 'key' | 'enc' | 'mac', readonly unknown[]>;
    console.log(`${node}: ${rated.length} warnings; ${JSON.stringify({ kex: offered.kex, key: offered.key })}`);
    expect([offered.kex, offered.key, offered.enc, offered.mac].every((list) => list.length > 0)).toBe(true);
  }
});

test.each(releases)('by the auditor’s rules, OpenSSH $version ($system) would not do worse', async (release) => {
  const offered = offeredBy(release, await onNode(transport, master, 'cat /etc/ssh/sshd_config.d/10-vmstation.conf'));
  const { failures, warnings } = await rateByAuditor(runProgram, offered);
  expect(failures).toEqual([]);
  expect(warnings.length, warnings.join('\n')).toBeLessThanOrEqual(2);
});

test('what runs is what was written', async () => {
  const settings = (await onNode(transport, master, 'sshd -T')).split('\n');
  const values = (keyword: string) =>
    settings.filter((line) => line.startsWith(`${keyword} `)).map((line) => line.slice(keyword.length + 1));
  expect(values('permitrootlogin')).toEqual(['no']);
  expect(values('passwordauthentication')).toEqual(['no']);
  expect(values('kbdinteractiveauthentication')).toEqual(['no']);
  expect(values('permitemptypasswords')).toEqual(['no']);
  expect(values('x11forwarding')).toEqual(['no']);
  expect(values('allowusers').join(' ').split(' ')).toEqual([machines.user, 'alex', 'sam']);
  expect(values('allowgroups')).toEqual(['ssh-users']);
  expect(values('kexalgorithms')).toEqual([
    'sntrup761x25519-sha512@openssh.com,curve25519-sha256,curve25519-sha256@libssh.org',
  ]);
  expect(values('banner')).toEqual(['/etc/issue.net']);
});

test('declared users come in by their key and have the rights that they were given; nobody comes in otherwise', async () => {
  expect(await login('alex', storage, [], 'id -un; sudo -n id -u')).toMatchObject({
    exitCode: 0,
    text: expect.stringContaining('alex\n0\n'),
  });
  expect(await login('sam', master, [], 'sudo -n id -u || echo refused')).toMatchObject({
    exitCode: 0,
    text: expect.stringContaining('refused'),
  });
  expect((await login('sam', storage, [], 'true')).exitCode).toBe(255);
  await onNode(transport, master, 'echo alex:correct-horse | chpasswd');
  const byPassword = await login(
    'alex',
    master,
    ['-o PubkeyAuthentication=no', '-o PreferredAuthentications=password,keyboard-interactive'],
    'true',
  );
  // The names in brackets are all the ways that the server offers.
  expect(byPassword).toMatchObject({ exitCode: 255, text: expect.stringContaining('Permission denied (publickey)') });
  expect(byPassword.text).toContain('Authorised use only.');
  await onNode(
    transport,
    master,
    'mkdir -p /root/.ssh; cat /home/alex/.ssh/authorized_keys >>/root/.ssh/authorized_keys',
  );
  expect((await login('root', master, [], 'true')).exitCode).toBe(255);
  expect((await login(machines.user, master, [], 'true')).exitCode).toBe(255);
});

test('the packet filter in the kernel is the one that was declared', async () => {
  for (const node of [master, storage]) {
    const rules = (text: string) =>
      (/chain input \{([^]*?)\n\s*\}/.exec(text)?.[1] ?? '')
        .split('\n')
        .map((line) =>
          line
            .trim()
            .replace('l4proto ipencap', 'l4proto 4')
            .replace(/\{ ([^}]*) \}/, (_, list: string) => `{ ${list.split(', ').toSorted().join(', ')} }`),
        )
        .filter((line) => line !== '');
    const declared = rules(await onNode(transport, node, 'cat /etc/vmstation/firewall.nft'));
    expect(declared.length).toBeGreaterThan(10);
    expect(rules(await onNode(transport, node, 'nft list table inet vmstation'))).toEqual(declared);
  }
});

test('what the model places on a node answers whoever may ask, and nothing else does', async () => {
  const everything = [
    80, 111, 123, 179, 514, 2049, 2379, 3100, 5432, 6443, 8080, 9100, 10_249, 10_250, 29_999, 30_000, 32_767, 32_768,
  ];
  const udp = [53, 123, 4789, 30_053];
  await Promise.all([master, storage].map((node) => listenOn(transport, node, { tcp: everything, udp })));
  // From this computer, which is in the nodes' network but none of the nodes.
  expect(await answersFromBridge(addressOf(master), { tcp: everything, udp })).toEqual({
    tcp: [514, 3100, 6443, 30_000, 32_767],
    udp: [123, 30_053],
  });
  expect(await answersFromBridge(addressOf(storage), { tcp: everything, udp })).toEqual({
    tcp: [30_000, 32_767],
    udp: [30_053],
  });
  // From each other.
  expect(await answersFrom(transport, storage, addressOf(master), { tcp: everything, udp })).toEqual({
    tcp: [179, 514, 3100, 6443, 9100, 10_250, 30_000, 32_767],
    udp: [123, 30_053],
  });
  expect(await answersFrom(transport, master, addressOf(storage), { tcp: everything, udp })).toEqual({
    tcp: [179, 2049, 9100, 10_250, 30_000, 32_767],
    udp: [30_053],
  });
});

test.each([
  'nft delete rule inet vmstation input handle "$(nft -a list table inet vmstation | sed -n \'s/.*"NFS" # handle //p\')"',
  'nft delete table inet vmstation',
  'nft add rule inet vmstation input accept',
])('rules that somebody changed in the kernel are reported and loaded anew: %s', async (tampering) => {
  const declared = await onNode(transport, storage, 'nft -s list table inet vmstation');
  await onNode(transport, storage, tampering);
  const { text } = await operator.vmstation('drift', '--node', storage);
  expect(text).toContain('packet-filter-in-force');
  await apply();
  expect(await onNode(transport, storage, 'nft -s list table inet vmstation')).toBe(declared);
});

test('every node knows the others by name, without any server', async () => {
  for (const [from, to] of [
    [master, storage],
    [storage, master],
  ] as const) {
    const found = await onNode(
      transport,
      from,
      `getent -s files ahostsv4 ${to}; getent -s files ahostsv4 ${to}.home.arpa; cat /proc/sys/net/ipv4/ip_forward`,
    );
    expect(
      new Set(
        found
          .split('\n')
          .filter((line) => line.includes('STREAM'))
          .map((line) => line.split(' ')[0]),
      ),
    ).toEqual(new Set([addressOf(to)]));
    expect(found.trimEnd().endsWith('1')).toBe(true);
  }
});

test('editing one file changes exactly that file on exactly that host', async () => {
  const put = async (path: string, content: string) => {
    const file = join(workspace.root, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, content);
  };
  const changedBy = async (path: string, content: string) => {
    const before = await Promise.all([written(master), written(storage)]);
    await put(path, content);
    await apply();
    const after = await Promise.all([written(master), written(storage)]);
    const paths = (index: number) => {
      const old = new Set(before[index]?.split('\n'));
      return (after[index] ?? '')
        .split('\n')
        .filter((line) => !old.has(line))
        .map((line) => line.split(' ')[0]);
    };
    return { master: paths(0), storage: paths(1) };
  };
  const dropIn = '/etc/ssh/sshd_config.d/20-site.conf';
  const nothing: readonly string[] = [];
  expect(await changedBy(`hosts/${master}${dropIn}`, 'MaxStartups 20:30:60\n')).toEqual({
    master: [dropIn],
    storage: nothing,
  });
  expect(await onNode(transport, master, 'sshd -T | grep ^maxstartups')).toBe('maxstartups 20:30:60\n');
  expect(await changedBy(`hosts/${master}${dropIn}`, 'MaxStartups 30:30:60\n')).toEqual({
    master: [dropIn],
    storage: nothing,
  });
  expect(await changedBy('group/storage/etc/site.conf', 'disks = 4\n')).toEqual({
    master: nothing,
    storage: ['/etc/site.conf'],
  });
  expect(await changedBy('group/common/etc/site.conf', 'disks = 0\n')).toEqual({
    master: ['/etc/site.conf'],
    storage: nothing,
  });
  expect(await onNode(transport, storage, 'cat /etc/site.conf')).toBe('disks = 4\n');
});

test('a locked user comes in no more, and loses no file; a right that is given no longer goes', async () => {
  await onNode(transport, storage, 'echo kept >/home/alex/work');
  await editModel((text) => text.replace('alex: {', 'alex: { locked: true,').replace('sudo: password, ', ''));
  await apply();
  expect((await login('alex', storage, [], 'true')).exitCode).toBe(255);
  expect(
    await onNode(transport, storage, 'cat /home/alex/work; wc -c </home/alex/.ssh/authorized_keys; ls /etc/sudoers.d'),
  ).not.toContain('vmstation-users');
  expect(await onNode(transport, storage, 'sshd -T | grep ^denyusers')).toBe('denyusers alex\n');
  expect((await login('sam', master, [], 'true')).exitCode).toBe(0);
});

test('taken back, accounts, rights, packet filter and hardening are gone', async () => {
  await onNode(transport, storage, 'rm -f /home/alex/work');
  await must('uninstall', storage, '--yes', '--node-name', storage);
  const left = await onNode(
    transport,
    storage,
    'getent passwd alex sam || :; getent group ssh-users || :; ls /etc/sudoers.d /etc/ssh/sshd_config.d; sshd -T | grep ^kexalgorithms',
  );
  expect(left).not.toMatch(/alex|sam:|ssh-users|vmstation/);
  expect(left).toContain('diffie-hellman');
  // What listens there is still the same; only the filter is not.
  expect(await answersFromBridge(addressOf(storage), { tcp: [80, 2379], udp: [53] })).toEqual({
    tcp: [80, 2379],
    udp: [53],
  });
});

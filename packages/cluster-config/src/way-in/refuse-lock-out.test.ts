import {
  AppError,
  type Cluster,
  type Declaration,
  exampleWorkspace,
  type Overlay,
  type Resource,
  type Workspace,
} from '@vmstation/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { declareConfig } from '../declare-config.ts';
import { refuseLockOut } from './refuse-lock-out.ts';

const blob = 'AAAAC3NzaC1lZDI1NTE5AAAAIOurOwnKeyOfThisWorkspace';
const key = `ssh-ed25519 ${blob} vmstation homelab`;
const { cluster } = exampleWorkspace();
const node = 'masternode';

function loggingInAs(user: string, port = 22, sudoPassword?: string): Cluster {
  const password = sudoPassword === undefined ? {} : { sudoPassword: { secret: sudoPassword } };
  return {
    ...cluster,
    nodes: cluster.nodes.map((one) => ({ ...one, ssh: { user, port, local: false, ...password } })),
  };
}

async function refusal(
  files: Readonly<Record<string, string>>,
  how: {
    user?: string;
    port?: number;
    sudoPassword?: string;
    mode?: string;
    resources?: readonly Resource[];
    values?: object;
  } = {},
): Promise<string | undefined> {
  const overlay: Overlay = {
    scope: { kind: 'host', name: node },
    files: Object.entries(files).map(([path, content]) => ({
      path,
      content,
      mode: how.mode ?? '0644',
      origin: `hosts/${node}${path}`,
    })),
    settings: { values: { ...how.values }, origin: `hosts/${node}/settings.yaml` },
  };
  const model = loggingInAs(how.user ?? 'ops', how.port, how.sudoPassword);
  const workspace: Workspace = exampleWorkspace({ cluster: model, overlays: [overlay] });
  const own = (how.resources ?? []).map(
    (resource): Declaration => ({ node, resource, phase: 'config', role: 'files', origin: 'role users' }),
  );
  try {
    refuseLockOut(model, [...(await declareConfig(workspace)), ...own], key);
    return undefined;
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'plan/locks-you-out' || error.kind !== 'refused') throw error;
    return error.message;
  }
}

const drop = (name: string) => `/etc/ssh/sshd_config.d/${name}.conf`;
const dropAll = (rules: string) =>
  `#!/usr/sbin/nft -f\nflush ruleset\ntable inet filter {\n  chain input {\n    type filter hook input priority filter; policy drop;\n    ct state established,related accept\n    iifname "lo" accept\n${rules}  }\n}\n`;

test.each<[string, string, Readonly<Record<string, string>>, Parameters<typeof refusal>[1]?]>([
  ['AllowUsers', 'lets in others only', { [drop('05-x')]: 'AllowUsers alice bob@192.168.*\n' }],
  ['DenyUsers', 'shuts ops out', { [drop('05-x')]: 'DenyUsers o*\n' }],
  [
    'AllowGroups with a whole list of groups',
    'lets in other groups only',
    { [drop('05-x')]: 'AllowGroups ssh-users\n', '/etc/group': 'root:x:0:\nssh-users:x:50:alice\n' },
  ],
  ['root without root logins', 'PermitRootLogin no', { [drop('05-x')]: 'PermitRootLogin no\n' }, { user: 'root' }],
  ['no keys', 'PubkeyAuthentication no', { [drop('05-x')]: 'PubkeyAuthentication=no\n' }],
  [
    'no keys for this user',
    'PubkeyAuthentication no',
    { [drop('90-x')]: 'Match User ops\n  PubkeyAuthentication no\n' },
  ],
  ['a second factor', 'asks for more', { [drop('05-x')]: 'AuthenticationMethods publickey,password\n' }],
  ['keys elsewhere', 'looks for keys', { [drop('05-x')]: 'AuthorizedKeysFile /etc/ssh/keys/%u\n' }],
  ['another port', 'reached at port 22', { [drop('05-x')]: 'Port 2222\n' }],
  ['the usual port', 'listens on 22', { '/etc/ssh/sshd_config': 'UsePAM yes\n' }, { port: 2222 }],
  ['itself only', 'ListenAddress', { [drop('05-x')]: 'ListenAddress 127.0.0.1\n' }],
  ['another command', 'ForceCommand', { [drop('05-x')]: 'Match all\nForceCommand internal-sftp\n' }],
  ['no such user', 'does not name ops', { '/etc/passwd': 'root:x:0:0::/root:/bin/bash\n' }],
  ['no shell', 'gives ops no shell', { '/etc/passwd': 'ops:x:1000:1000::/home/ops:/usr/sbin/nologin\n' }],
  ['no logins at all', 'nobody but root', { '/etc/nologin': 'closed\n' }],
  [
    'a key list without ours',
    'leaves out the key',
    { '/home/ops/.ssh/authorized_keys': 'ssh-ed25519 AAAAother alex\n' },
  ],
  [
    'a key list that others may write',
    'written by others',
    { '/home/ops/.ssh/authorized_keys': `${key}\n` },
    { mode: '0664' },
  ],
  ['sudo with a password', 'ask for a password', { '/etc/sudoers.d/zz': 'ops ALL=(ALL:ALL) ALL\n' }],
  [
    'sudo with a password for all',
    'ask for a password',
    { '/etc/sudoers.d/zz': 'User_Alias OPS = ops, alex\nOPS ALL=(ALL) PASSWD: ALL\n' },
  ],
  [
    'a right to sudo taken away, from who has a password for it as well',
    'takes the right to sudo away',
    { '/etc/sudoers.d/zz': 'ops ALL=(ALL) !ALL\n' },
    { sudoPassword: 'sudo' },
  ],
  [
    'sudo on terminals, for who has a password for it as well',
    'terminals only',
    { '/etc/sudoers.d/zz': 'Defaults requiretty\n' },
    { sudoPassword: 'sudo' },
  ],
  ['sudo on terminals', 'terminals only', { '/etc/sudoers.d/zz': 'Defaults requiretty\n' }],
  ['sudoers without their folder', 'gives it no right', { '/etc/sudoers': 'root ALL=(ALL:ALL) ALL\n' }],
  [
    'a packet filter',
    'does not accept TCP port 22',
    { '/etc/nftables.conf': dropAll('    tcp dport { 80, 443 } accept\n') },
  ],
  [
    'a packet filter for another port',
    'TCP port 2222',
    { '/etc/nftables.conf': dropAll('    tcp dport ssh accept\n') },
    { port: 2222 },
  ],
  [
    'the server switched off',
    'switches ssh.service off',
    {},
    { values: { services: { 'ssh.service': { active: false } } } },
  ],
  ['a login shell', 'no shell', {}, { resources: [{ kind: 'user', name: 'ops', shell: '/bin/false' }] }],
  [
    'our key removed',
    'removes the key',
    {},
    { resources: [{ kind: 'authorized-key', user: 'ops', key, ensure: 'absent' }] },
  ],
  [
    'the user removed',
    'removes or locks ops',
    {},
    { resources: [{ kind: 'command', name: 'x', run: ['/usr/sbin/userdel', 'ops'], check: ['true'] }] },
  ],
  ['sudo removed', 'removes sudo', {}, { resources: [{ kind: 'package', name: 'sudo', ensure: 'absent' }] }],
])('%s is refused, with node and both places', async (_what, words, files, how) => {
  const message = await refusal(files, how);
  expect(message).toContain(words);
  const origin =
    Object.keys(files)[0] === undefined
      ? /settings\.yaml|role users/
      : `hosts/masternode${Object.keys(files)[0] ?? ''}`;
  expect(message).toMatch(origin);
  expect(message).toMatch(/^ {2}- masternode: .*, but .*\((?:vmstation\.yaml|role )/m);
});

test.each<[string, Readonly<Record<string, string>>, Parameters<typeof refusal>[1]?]>([
  ['nothing but the roles', {}],
  ['nothing but the roles, as root', {}, { user: 'root' }],
  ['nothing but the roles, at another port', {}, { port: 2222 }],
  ['a list that has the user', { [drop('05-x')]: 'AllowUsers alice\nAllowUsers ops@192.168.4.*\n' }],
  [
    'a later drop-in, which does not count',
    { [drop('90-x')]: 'PubkeyAuthentication no\nPermitRootLogin no\n' },
    { user: 'root' },
  ],
  ['a group whose members only the machine knows', { [drop('05-x')]: 'AllowGroups ssh-users\n' }],
  ['a block for others', { [drop('05-x')]: 'Match User git\n  ForceCommand git-shell\n  PubkeyAuthentication no\n' }],
  ['a block for some addresses', { [drop('05-x')]: 'Match Address 10.0.0.0/8\n  PubkeyAuthentication no\n' }],
  ['a key alone as one of the ways', { [drop('05-x')]: 'AuthenticationMethods publickey password,publickey\n' }],
  ['our port beside another', { [drop('05-x')]: 'Port 22\nPort 2222\n' }],
  ['root shut out, but not needed', { [drop('05-x')]: 'PermitRootLogin no\n' }],
  [
    'a key list with ours',
    { '/home/ops/.ssh/authorized_keys': `from="192.168.4.0/24" ${key}\nssh-ed25519 AAAA alex\n` },
  ],
  ['the key list of somebody else', { '/home/alex/.ssh/authorized_keys': 'ssh-ed25519 AAAA alex\n' }],
  [
    'the usual sudoers',
    { '/etc/sudoers': 'root ALL=(ALL:ALL) ALL\n%sudo ALL=(ALL:ALL) ALL\n@includedir /etc/sudoers.d\n' },
  ],
  [
    'sudo with a password that the model has',
    { '/etc/sudoers.d/zz': 'ops ALL=(ALL:ALL) ALL\n' },
    { sudoPassword: 'sudo' },
  ],
  [
    'sudoers that give a group the right, where the model has a password',
    { '/etc/sudoers': 'root ALL=(ALL:ALL) ALL\n%sudo ALL=(ALL:ALL) ALL\n' },
    { sudoPassword: 'sudo' },
  ],
  [
    'sudo without a password',
    { '/etc/sudoers.d/10-a': 'ops ALL=(ALL) ALL\n', '/etc/sudoers.d/20-b': 'ops ALL=(ALL:ALL) NOPASSWD: ALL\n' },
  ],
  ['a right for one command', { '/etc/sudoers.d/zz': 'ops ALL=(root) PASSWD: /usr/sbin/reboot\nalex ALL=(ALL) ALL\n' }],
  [
    'a packet filter with SSH in a set',
    { '/etc/nftables.conf': dropAll('    tcp dport {\n      ssh,\n      http\n    } accept\n') },
  ],
  ['a packet filter with a range', { '/etc/nftables.conf': dropAll('    tcp dport 20-25 ct state new accept\n') }],
  ['a packet filter that trusts a network', { '/etc/nftables.conf': dropAll('    ip saddr 192.168.0.0/16 accept\n') }],
  ['a packet filter that jumps', { '/etc/nftables.conf': dropAll('    jump services\n') }],
])('%s is no alarm', async (_what, files, how) => {
  expect(await refusal(files, how)).toBeUndefined();
});

test('an unchanged example cluster is never refused', async () => {
  refuseLockOut(cluster, await declareConfig(exampleWorkspace()), key);
  refuseLockOut(cluster, await declareConfig(exampleWorkspace()), undefined);
});

const word = fc.stringMatching(/^[a-z][a-z0-9]{2,9}$/);
const harmless = fc.oneof(
  fc.record({ path: word.map((name) => `/etc/cron.d/${name}`), content: fc.string() }),
  fc.record({ path: word.map((name) => `/usr/local/bin/${name}`), content: fc.string() }),
  fc.record({ path: word.map((name) => `/home/${name}x9/.ssh/authorized_keys`), content: fc.string() }),
  fc.record({
    path: fc.tuple(fc.nat(99), word).map(([number, name]) => drop(`${number}-${name}`)),
    content: fc
      .subarray(
        [
          'X11Forwarding no',
          'MaxAuthTries 3',
          'AllowUsers ops',
          'Banner /etc/issue.net',
          '# Port 2222',
          'DenyUsers git',
          'LogLevel INFO',
          'Port 22',
          'PasswordAuthentication no',
          'Match User backup\n  ForceCommand rrsync',
        ],
        { minLength: 1 },
      )
      .map((lines) => `${lines.join('\n')}\n`),
  }),
  fc.record({
    path: word.map((name) => `/etc/sudoers.d/${name}`),
    content: fc
      .subarray([
        '# ops ALL=(ALL) ALL',
        'Defaults env_reset',
        'ops ALL=(ALL:ALL) NOPASSWD: ALL',
        '%wheel ALL=(ALL) ALL',
        'backup ALL=(root) NOPASSWD: /usr/bin/rsync',
      ])
      .map((lines) => `${lines.join('\n')}\n`),
  }),
);

test('harmless files are never refused', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(harmless, { selector: ({ path }) => path, maxLength: 6 }), async (files) => {
      expect(await refusal(Object.fromEntries(files.map(({ path, content }) => [path, content])))).toBeUndefined();
    }),
    { numRuns: 60 },
  );
});

test('of users, the one that logs in is found shut out exactly when no pattern lets it in', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(word, { minLength: 1, maxLength: 4 }), async (users) => {
      const message = await refusal({ [drop('05-x')]: `AllowUsers ${users.join(' ')}\n` });
      expect(message === undefined).toBe(users.includes('ops'));
      expect(await refusal({ [drop('05-x')]: `AllowUsers ${[...users, 'o?s'].join(' ')}\n` })).toBeUndefined();
    }),
    { numRuns: 40 },
  );
});

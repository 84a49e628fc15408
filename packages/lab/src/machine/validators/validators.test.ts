import { expect, test } from 'vitest';
import { validatorPrograms } from './index.ts';
import { type Answer, BareMachine } from './run-for-test.ts';

const KEYS = { '/etc/ssh/ssh_host_ed25519_key': 'key', '/etc/ssh/ssh_host_rsa_key': 'key' };

function check(program: string, argv: string[], text: string, files: Record<string, string> = {}): Promise<Answer> {
  const run = validatorPrograms[program];
  if (!run) throw new Error(`no program ${program}`);
  return new BareMachine({ '/c': text, ...files }).run(run, program, ...argv);
}

const sshd = (text: string, files: Record<string, string> = KEYS): Promise<Answer> =>
  check('sshd', ['-t', '-f', '/c'], text, files);

test('sshd takes a hardened drop-in with Match blocks, includes and subtracted algorithms', async () => {
  const text = `# comment
PermitRootLogin no
HostKey /etc/ssh/ssh_host_ed25519_key
HostKeyAlgorithms ssh-ed25519,rsa-sha2-512
KexAlgorithms -diffie-hellman-*,ecdh-sha2-*
Ciphers +aes128-cbc
MACs ^hmac-sha2-512
Include /etc/ssh/none.d/*.conf
Subsystem sftp internal-sftp
LoginGraceTime 1m30s
AcceptEnv LANG LC_*
Match User alice Address 10.0.0.0/8
  PasswordAuthentication no
Match all
  Banner none
`;
  expect(await sshd(text)).toEqual({ status: 0, out: '', err: '' });
});

test.each([
  ['Bogus yes', '/c: line 1: Bad configuration option: Bogus\n/c: terminating, 1 bad configuration options\n'],
  ['\nPort abc', '/c line 2: Badly formatted port number.\n'],
  ['PermitRootLogin perhaps', '/c line 1: unsupported option "perhaps".\n'],
  ['Ciphers foo', "/c line 1: Bad SSH2 cipher spec 'foo'.\n"],
  ['LoginGraceTime x', '/c line 1: invalid time value.\n'],
  ['Match Nonsense x', 'Unsupported Match attribute Nonsense\n/c line 1: Bad Match condition\n'],
  ['Match User a\nPort 3', "/c line 2: Directive 'Port' is not allowed within a Match block\n"],
  ['Banner', '/c line 1: no argument after keyword "Banner"\n/c: terminating, 1 bad configuration options\n'],
  [
    'UsePAM yes no',
    '/c line 1: keyword UsePAM extra arguments at end of line\n/c: terminating, 1 bad configuration options\n',
  ],
])('sshd refuses %j', async (text, err) => {
  expect(await sshd(text)).toEqual({ status: 255, out: '', err: err.replaceAll('\n', '\r\n') });
});

test('sshd reports faults of included files, and missing host keys', async () => {
  const files = { ...KEYS, '/etc/ssh/sshd_config.d/10-x.conf': 'PermitRootLogin no\nNope 1\n' };
  const included = await sshd('Include /etc/ssh/sshd_config.d/*.conf\n', files);
  expect(included).toMatchObject({
    status: 255,
    err: expect.stringContaining('/etc/ssh/sshd_config.d/10-x.conf: line 2: Bad configuration option: Nope') as string,
  });
  expect(await sshd('', {})).toMatchObject({ status: 1, err: 'sshd: no hostkeys available -- exiting.\r\n' });
  expect(await sshd('HostKey /gone')).toMatchObject({
    status: 1,
    err: 'Unable to load host key: /gone\r\nsshd: no hostkeys available -- exiting.\r\n',
  });
});

test('sshd -T prints the first value of each keyword', async () => {
  const answer = await check('sshd', ['-T', '-f', '/c'], 'Port 2222\nPort 22\nMatch User x\nX11Forwarding yes\n', KEYS);
  expect(answer.out).toContain('port 2222\n');
  expect(answer.out).toContain('x11forwarding no\n');
});

const visudo = (text: string, files: Record<string, string> = {}): Promise<Answer> =>
  check('visudo', ['-cf', '/c'], text, files);

test('visudo takes what sudoers(5) allows', async () => {
  const text = `Defaults env_reset, secure_path="/usr/sbin:/usr/bin"
Defaults:alice !requiretty
User_Alias ADMINS = alice, %wheel : OPS = bob
Cmnd_Alias POWER = /sbin/reboot, \\
  /sbin/poweroff now
root ALL=(ALL:ALL) ALL # everything
%sudo ALL=(ALL) NOPASSWD: ALL
ADMINS ALL = (root) NOPASSWD: POWER, !/bin/sh, sudoedit /etc/hosts
#1000 ALL=(ALL) ALL
alice web = /bin/ls : db = PASSWD: /bin/cat
@includedir /etc/sudoers.d
`;
  expect(await visudo(text)).toEqual({ status: 0, out: '/c: parsed OK\n', err: '' });
});

test.each([
  ['root ALL=(ALL ALL', '/c:1:'],
  ['# x\nroot ALL', '/c:2:9: syntax error'],
  ['Defaults nonsense', '/c:1:10: unknown defaults entry "nonsense"'],
  ['User_Alias alice = a', '/c:1:12: syntax error'],
  ['A ALL=ALL extra : FOO', '/c:1:11: syntax error'],
  ['alice ALL=(ALL) NOPASSWORD: ALL', '/c:1:'],
  ['alice ALL=ls', '/c:1:11: syntax error'],
  ['alice', '/c:1:6: syntax error'],
])('visudo refuses %j', async (text, err) => {
  const answer = await visudo(text);
  expect(answer.status).toBe(1);
  expect(answer.err).toContain(err);
});

test('visudo reads included folders and reports a missing file', async () => {
  const answer = await visudo('@includedir /etc/sudoers.d\n', {
    '/etc/sudoers.d/x': 'nonsense\n',
    '/etc/sudoers.d/y.bak': 'nonsense\n',
  });
  expect(answer).toMatchObject({
    status: 1,
    err: expect.stringContaining('/etc/sudoers.d/x:1:9: syntax error') as string,
  });
  expect(await check('visudo', ['-cf', '/gone'], '')).toMatchObject({
    status: 1,
    err: 'visudo: unable to open /gone: No such file or directory\n',
  });
});

const chronyd = (text: string): Promise<Answer> => check('chronyd', ['-p', '-f', '/c'], text);

test('chronyd prints the directives of a good configuration', async () => {
  const text =
    '# time\npool 2.debian.pool.ntp.org iburst\nserver 10.0.0.1 iburst prefer minpoll 4\nallow 10.0.0.0/24\nlocal stratum 10\n\nmakestep 1.0 3\nrtcsync\nlog tracking measurements\n';
  expect(await chronyd(text)).toEqual({ status: 0, out: text.replace('# time\n', '').replace('\n\n', '\n'), err: '' });
});

test.each([
  ['pool a iburst\nbogus 1', 'Invalid directive at line 2 in file /c'],
  ['makestep', 'Missing arguments for makestep directive at line 1 in file /c'],
  ['makestep 1 x', 'Could not parse makestep directive at line 1 in file /c'],
  ['server a nonsense', 'Could not parse server directive at line 1 in file /c'],
  ['pool a iburst # x', 'Could not parse pool directive at line 1 in file /c'],
  ['allow 10.0.0.300/24', 'Could not parse allow directive at line 1 in file /c'],
  ['rtcsync yes', 'Too many arguments for rtcsync directive at line 1 in file /c'],
])('chronyd refuses %j', async (text, complaint) => {
  expect(await chronyd(text)).toMatchObject({ status: 1, err: `1970-01-01T00:00:00Z Fatal error : ${complaint}\n` });
});

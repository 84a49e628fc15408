import { expect, test } from 'vitest';
import { failedBeforeSession, sshFailure, sudoRefusal } from './ssh-failure.ts';

const changed = `@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@
@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @
@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@
IT IS POSSIBLE THAT SOMEONE IS DOING SOMETHING NASTY!
Host key for masternode has changed and you have requested strict checking.
Host key verification failed.`;

test.each([
  ['ssh/host-key-changed', changed],
  [
    'ssh/host-key-unknown',
    'No ED25519 host key is known for masternode and you have requested strict checking.\r\nHost key verification failed.\r\n',
  ],
  ['ssh/permission-denied', 'ops@192.168.4.63: Permission denied (publickey).\r\n'],
  ['ssh/permission-denied', 'Received disconnect from 192.168.4.63 port 22:2: Too many authentication failures'],
  ['ssh/unreachable', 'ssh: connect to host 192.168.4.63 port 22: Connection refused'],
  ['ssh/unreachable', 'ssh: connect to host 192.168.4.63 port 22: Connection timed out'],
  ['ssh/unreachable', 'ssh: connect to host 192.168.4.63 port 22: No route to host'],
  ['ssh/unreachable', 'ssh: Could not resolve hostname masternode: Name or service not known'],
  ['ssh/unreachable', 'Connection timed out during banner exchange\nConnection to 192.168.4.63 port 22 timed out'],
  ['ssh/connection-lost', 'Connection to 192.168.4.63 closed by remote host.'],
  ['ssh/connection-lost', 'client_loop: send disconnect: Broken pipe'],
  ['ssh/connection-lost', 'Timeout, server 192.168.4.63 not responding.'],
  ['ssh/connection-lost', ''],
])('%s is read from what ssh says', (code, stderr) => {
  const error = sshFailure({ node: 'masternode', destination: 'ops@192.168.4.63', stderr, answered: false });
  expect(error.code).toBe(code);
  expect(error.tryThis).toBeTruthy();
  expect(error.message).toContain('masternode');
});

test('an unknown host key names the command that trusts it', () => {
  const stderr = 'No ED25519 host key is known for homelab and you have requested strict checking.';
  const error = sshFailure({ node: 'homelab', destination: 'x', stderr, answered: false });
  expect(error.tryThis).toBe('vmstation node trust homelab');
});

test('only a failure before the session is worth a second try', () => {
  expect(failedBeforeSession('kex_exchange_identification: Connection reset by peer')).toBe(true);
  expect(failedBeforeSession('kex_exchange_identification: read: Connection timed out')).toBe(false);
  expect(failedBeforeSession('client_loop: send disconnect: Broken pipe')).toBe(false);
});

test.each([
  'sudo: a password is required\n',
  'sudo: a terminal is required to read the password; either use the -S option\n',
  'ops is not in the sudoers file.\n',
  'bash: line 1: sudo: command not found\n',
])('sudo that refuses is told apart from a command that failed: %s', (stderr) => {
  expect(sudoRefusal('homelab', 1, 0, stderr)?.code).toBe('ssh/no-sudo');
});

test('a command that ran under sudo and failed is an answer', () => {
  expect(sudoRefusal('homelab', 1, 12, 'grep: x: No such file or directory\n')).toBeUndefined();
  expect(
    sudoRefusal('homelab', 1, 0, 'sudo: unable to resolve host homelab: Name or service not known\n'),
  ).toBeUndefined();
});

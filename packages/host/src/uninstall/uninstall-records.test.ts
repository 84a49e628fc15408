import { expect, test } from 'vitest';
import { parseKeptRecords } from './uninstall-records.ts';
import { uninstallGreeting } from './uninstall-script.ts';

const source = { node: 'n', nonce: 'abc', exitCode: 0, stderr: '' };
const framed = (...records: readonly string[]) =>
  [uninstallGreeting, ...records].map((record) => `@abc ${record}\n`).join('');

function guardOfPath(path: string): string | undefined {
  const text = framed(
    'step r 1 1',
    `id file:${path}`,
    `path ${path}`,
    'before absent',
    'after -',
    'now absent',
    'done',
  );
  return parseKeptRecords(text, source).changes[0]?.guard;
}

test.each([
  ['/etc/ssh/sshd_config.d/10-vmstation.conf', 'sshd'],
  ['/etc/ssh/ssh_config', undefined],
  ['/etc/systemd/system/ssh.service.d/a.conf', 'sshd'],
  ['/home/ops/.ssh/authorized_keys', 'login-key'],
  ['/etc/sudoers.d/ops', 'sudoers'],
  ['/etc/pam.d/sshd', 'pam'],
  ['/etc/nftables.conf', 'firewall'],
  ['/etc/vmstation/firewall.nft', undefined],
  ['/etc/resolv.conf', 'resolver'],
  ['/etc/systemd/network/10-lan.network', 'network'],
  ['/etc/motd', undefined],
])('%s is taken back under the guard %s', (path, guard) => {
  expect(guardOfPath(path)).toBe(guard);
});

test('a step with a file of keys belongs to the login key, and paths keep their blanks', () => {
  const { folder, changes } = parseKeptRecords(
    framed(
      'state /s',
      'step r 2 3',
      'id a',
      'keys /home/o/k',
      'step r 1 1',
      'path /a b',
      'before file 1 2',
      'after -',
      'now absent',
      'done',
    ),
    source,
  );
  expect(folder).toBe('/s');
  expect(changes[0]).toMatchObject({
    run: 'r',
    apply: 2,
    step: 3,
    ids: ['a'],
    keysFile: '/home/o/k',
    guard: 'login-key',
  });
  expect(changes[1]?.paths).toEqual([{ path: '/a b', before: 'file 1 2', after: undefined, now: 'absent' }]);
});

test('a reply that was cut off is worth nothing', () => {
  expect(() => parseKeptRecords(framed('step r 1 1', 'id a'), source)).toThrow(
    expect.objectContaining({ code: 'host/garbled-reply' }),
  );
});

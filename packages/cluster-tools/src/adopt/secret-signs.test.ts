import fc from 'fast-check';
import { expect, test } from 'vitest';
import { secretSign } from './secret-signs.ts';

test.each([
  ['/etc/x', 'a\n-----BEGIN OPENSSH PRIVATE KEY-----\n', 2],
  ['/etc/x', 'password = hunter22', 1],
  ['/etc/x', '  api_key: 0123abcd', 1],
  ['/etc/x', 'wifi.psk=abcdefgh', 1],
  ['/etc/fstab', '//nas/x /x cifs user=a,password=geheim 0 0', 1],
  ['/etc/cron.d/x', '* * * * * root curl -H "Authorization: Bearer abc" http://x', 1],
  ['/etc/cron.d/x', '* * * * * root mysqldump --password=abc db', 1],
  ['/etc/apt/sources.list', 'deb https://me:geheim@example.org/ x main', 1],
  ['/etc/apt/apt.conf.d/p', 'Acquire::http::Proxy "http://u:p@proxy:3128";', 1],
  ['/etc/systemd/system/a.service', '[Service]\nEnvironment=DB_PASSWORD=abc', 2],
  ['/etc/netplan/w.yaml', 'access-points:\n  x:\n    password: "abcdefgh"', 3],
  ['/etc/x', 'root:$6$abcdefgh$0123456789abcdef:1', 1],
])('%s: %j holds a secret in line %i', (path, text, line) => {
  expect(secretSign(path, text)?.line).toBe(line);
});

test.each([
  ['/etc/sudoers.d/a', 'ops ALL=(ALL) NOPASSWD: ALL\nops ALL=(ALL) PASSWD: /bin/ls'],
  ['/etc/ssh/sshd_config', 'PasswordAuthentication no\nPermitEmptyPasswords no'],
  ['/etc/fstab', '//nas/x /x cifs credentials=/root/.smb,uid=0 0 0'],
  ['/etc/chrony.conf', 'keyfile /etc/chrony.keys'],
  ['/etc/apt/sources.list', 'deb http://deb.debian.org/debian bookworm main'],
  ['/etc/systemd/system/a.service', 'Environment=PASSWORD_FILE=/run/secret\nExecStart=/bin/x --token-file=/run/token'],
  ['/etc/cron.d/x', 'PASSWORD=$DB_PASSWORD'],
])('%s: %j holds none', (path, text) => {
  expect(secretSign(path, text)).toBeUndefined();
});

test('whatever stands around it, a value behind the word password is seen, and never quoted', () => {
  const word = fc.stringMatching(/^[A-Za-z0-9]{6,20}$/);
  fc.assert(
    fc.property(
      fc.array(fc.stringMatching(/^[a-z #]{0,20}$/)),
      word,
      fc.constantFrom('', ' '),
      (before, value, blank) => {
        const found = secretSign('/etc/x', [...before, `password${blank}=${blank}${value}`].join('\n'));
        expect(found?.line).toBe(before.length + 1);
        expect(found?.what).not.toContain(value);
      },
    ),
  );
});

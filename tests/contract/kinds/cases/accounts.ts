import type { KindCase } from '../kind-case.ts';

const gone = `userdel -r kinds 2>/dev/null || :; groupdel kinds 2>/dev/null || :; groupdel kindlings 2>/dev/null || :; rm -rf /home/kinds /home/moved`;
const shows = `grep -E '^kind(s|lings):' /etc/passwd /etc/group || echo nobody; ls -d /home/kinds /home/moved 2>/dev/null || echo no home`;
const keys = '/home/kinds/.ssh/authorized_keys';
const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBcuB0 ops@station';
const withOther = `useradd -m -u 4242 kinds; mkdir /home/kinds/.ssh; printf '%s\\n' 'from="10.0.0.0/8" ssh-rsa AAAAother me' >${keys}; chown -R kinds: /home/kinds/.ssh; chmod 0700 /home/kinds/.ssh; chmod 0600 ${keys}`;
const showsKeys = `stat -c '%a %U' /home/kinds/.ssh ${keys}; cat ${keys}`;

/** Accounts, their groups and the keys that let them in. */
export const accountCases: readonly KindCase[] = [
  {
    kind: 'group',
    title: 'a new group with its number',
    wants: () => [{ kind: 'group', name: 'kinds', gid: 4242 }],
    shows,
    innocent: ['touch /etc/group', 'useradd -m -G kinds kindred; userdel -r kindred 2>/dev/null'],
    tampered: [
      { attribute: 'gid', script: 'groupmod -g 4243 kinds' },
      { attribute: 'ensure', script: 'groupdel kinds' },
    ],
    after: gone,
  },
  {
    kind: 'group',
    title: 'one that is there gets another number, and its own back',
    before: 'groupadd -g 4250 kinds',
    wants: () => [{ kind: 'group', name: 'kinds', gid: 4242 }],
    shows,
    tampered: [{ attribute: 'gid', script: 'groupmod -g 4251 kinds' }],
    after: gone,
  },
  {
    kind: 'user',
    title: 'a new account in new groups',
    wants: () => [
      { kind: 'group', name: 'kinds', gid: 4242 },
      { kind: 'group', name: 'kindlings', gid: 4243 },
      {
        kind: 'user',
        name: 'kinds',
        uid: 4242,
        group: 'kinds',
        groups: ['kindlings', 'mail'],
        home: '/home/kinds',
        shell: '/bin/sh',
      },
    ],
    shows,
    innocent: ['usermod -a -G daemon kinds', 'touch /etc/passwd'],
    tampered: [
      { attribute: 'user:kinds uid', script: 'usermod -u 4260 kinds' },
      { attribute: 'user:kinds group', script: 'usermod -g daemon kinds' },
      { attribute: 'user:kinds groups', script: 'usermod -G mail kinds' },
      { attribute: 'user:kinds home', script: 'usermod -d /home/moved kinds' },
      { attribute: 'user:kinds shell', script: 'usermod -s /bin/bash kinds' },
      { attribute: 'user:kinds ensure', script: 'userdel kinds; groupadd -g 4242 kinds 2>/dev/null || :' },
    ],
    after: gone,
  },
  {
    kind: 'user',
    title: 'one that is there is changed, and put back with its other groups',
    before: 'useradd -m -u 4242 -s /bin/bash -G mail,daemon kinds',
    wants: () => [{ kind: 'user', name: 'kinds', groups: ['audio'], shell: '/bin/sh' }],
    shows: `${shows}; id -Gn kinds | tr ' ' '\\n' | sort`,
    tampered: [
      { attribute: 'groups', script: 'usermod -G mail kinds' },
      { attribute: 'shell', script: 'usermod -s /bin/bash kinds' },
    ],
    after: gone,
  },
  {
    kind: 'authorized-key',
    title: 'the first key of a user',
    before: 'useradd -m kinds',
    wants: () => [{ kind: 'authorized-key', user: 'kinds', key }],
    shows: 'ls -a /home/kinds/.ssh 2>/dev/null || echo no keys',
    innocent: [`touch ${keys}`, `sed -i 's/ops@station/another comment/' ${keys}`],
    tampered: [
      { attribute: 'ensure', script: `sed -i /IBcuB0/d ${keys}` },
      { attribute: 'ensure', script: `sed -i 's/^ssh-ed25519/#ssh-ed25519/' ${keys}` },
      { attribute: 'ensure', script: `rm ${keys}` },
      {
        attribute: 'ensure',
        script: `mkdir /root/kinds; echo theirs >/root/kinds/authorized_keys; mv /home/kinds/.ssh /home/kinds/.ssh.2; ln -s /root/kinds /home/kinds/.ssh`,
        refused: {
          reason: /\/home\/kinds\/\.ssh holds a link/,
          mend: `test "$(cat /root/kinds/*)" = theirs; rm -r /root/kinds /home/kinds/.ssh; mv /home/kinds/.ssh.2 /home/kinds/.ssh`,
        },
      },
      {
        attribute: 'ensure',
        script: `mv ${keys} ${keys}.2; ln -s /etc/shadow ${keys}`,
        refused: { reason: /\/home\/kinds\/\.ssh holds a link/, mend: `mv ${keys}.2 ${keys}` },
      },
    ],
    after: gone,
  },
  {
    kind: 'authorized-key',
    title: 'one more key; those of others stay',
    before: withOther,
    wants: () => [{ kind: 'authorized-key', user: 'kinds', key }],
    shows: showsKeys,
    innocent: [`echo '# a comment' >>${keys}; sed -i '/# a comment/d' ${keys}`],
    tampered: [{ attribute: 'ensure', script: `sed -i /IBcuB0/d ${keys}` }],
    after: gone,
  },
  {
    kind: 'authorized-key',
    title: 'one more key behind a last line without a newline',
    before: `${withOther}; printf 'ssh-rsa AAAAlast me' >>${keys}`,
    wants: () => [{ kind: 'authorized-key', user: 'kinds', key }],
    shows: showsKeys,
    tampered: [],
    after: gone,
  },
  {
    kind: 'authorized-key',
    title: 'a key that must not be there; those of others stay',
    before: withOther,
    wants: () => [{ kind: 'authorized-key', user: 'kinds', key: 'ssh-rsa AAAAother me', ensure: 'absent' }],
    shows: showsKeys,
    tampered: [{ attribute: 'ensure', script: `echo 'from="10.0.0.0/8" ssh-rsa AAAAother me' >>${keys}` }],
    after: gone,
  },
];

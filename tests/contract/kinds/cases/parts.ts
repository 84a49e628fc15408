import type { KindCase } from '../kind-case.ts';

const folder = '/etc/kinds';
const file = `${folder}/shared.conf`;
const shared = `mkdir -p ${folder}; printf '# theirs\\n#Port 22\\nPort 2022\\nLast yes\\n' >${file}; chmod 0640 ${file}`;
const shows = `stat -c '%a %u %g' ${file}; cat ${file}`;

/** Parts of files that somebody else owns. */
export const partCases: readonly KindCase[] = [
  {
    kind: 'line',
    title: 'the last line that matches is replaced',
    before: shared,
    wants: () => [{ kind: 'line', path: file, name: 'port', line: 'Port 22', match: '^#?Port[[:space:]]' }],
    shows,
    innocent: [`touch ${file}`, `sed -i 's/Last yes/Last no/' ${file}; sed -i 's/Last no/Last yes/' ${file}`],
    tampered: [
      { attribute: 'line', script: `sed -i 's/^Port 22$/Port 23/' ${file}` },
      {
        attribute: 'line',
        script: `echo Port 24 >>${file}; sed -i '/^Port 22$/d' ${file}; sed -i 's/^Port 24$/Port 22x/' ${file}`,
      },
    ],
    after: `rm -rf ${folder}`,
  },
  {
    kind: 'line',
    title: 'behind a link: a file of its own takes its place, and nobody else may write to it',
    before: `${shared}; ln -s shared.conf ${folder}/link`,
    wants: () => [
      { kind: 'line', path: `${folder}/link`, name: 'port', line: 'Port 22', match: '^#?Port[[:space:]]' },
      // A link itself lets everybody do everything.
      {
        kind: 'command',
        name: 'mode-of-the-file',
        run: ['true'],
        check: ['sh', '-c', `test "$(stat -c '%F %a' ${folder}/link)" = 'regular file 644'`],
        after: [`line:${folder}/link#port`],
      },
    ],
    shows: `${shows}; readlink ${folder}/link`,
    tampered: [{ attribute: `line:${folder}/link#port line`, script: `sed -i 's/^Port 22$/Port 23/' ${folder}/link` }],
    after: `rm -rf ${folder}`,
  },
  {
    kind: 'line',
    title: 'a line that must not be there',
    before: shared,
    wants: () => [{ kind: 'line', path: file, name: 'last', line: 'Last yes', ensure: 'absent' }],
    shows,
    innocent: [`echo '# Last yes' >>${file}; sed -i '/# Last yes/d' ${file}`],
    tampered: [{ attribute: 'line', script: `echo 'Last yes' >>${file}` }],
    after: `rm -rf ${folder}`,
  },
  {
    kind: 'block',
    title: 'a new block at the end of a file whose last line has no newline',
    before: `mkdir -p ${folder}; printf 'theirs\nlast' >${file}; chmod 0640 ${file}`,
    wants: () => [{ kind: 'block', path: file, name: 'a b', content: "one\n\n\\two & it's $HOME\n", comment: '//' }],
    shows,
    innocent: [
      `touch ${file}`,
      `echo more >>${file}; sed -i '/^more$/d' ${file}`,
      `sed -i 's/^theirs$/mine/' ${file}; sed -i 's/^mine$/theirs/' ${file}`,
    ],
    tampered: [
      { attribute: 'content', script: `sed -i 's/^one$/two/' ${file}` },
      { attribute: 'content', script: `sed -i 's/^one$/ one/' ${file}` },
      { attribute: 'block', script: `sed -i '/BEGIN vmstation/,$d' ${file}` },
      {
        attribute: 'marks',
        script: `sed -n '/BEGIN vmstation/,$p' ${file} >${file}.2; cat ${file}.2 >>${file}; rm ${file}.2`,
      },
      {
        attribute: 'marks',
        script: `cp -p ${file} ${file}.2; sed -i '/END vmstation/d' ${file}`,
        refused: { reason: /has no partner/, mend: `mv ${file}.2 ${file}` },
      },
    ],
    after: `rm -rf ${folder}`,
  },
  {
    kind: 'block',
    title: 'one that must not be there',
    before: `mkdir -p ${folder}; printf 'a\n# BEGIN vmstation old\nx\n# END vmstation old\nb\n' >${file}`,
    wants: () => [{ kind: 'block', path: file, name: 'old', content: '', ensure: 'absent' }],
    shows,
    tampered: [{ attribute: 'block', script: `printf '# BEGIN vmstation old\n# END vmstation old\n' >>${file}` }],
    after: `rm -rf ${folder}`,
  },
  {
    kind: 'hosts-entry',
    title: 'an address gets exactly its names',
    before: `cp -p /etc/hosts /root/hosts.kinds; echo '192.0.2.7 old older # theirs' >>/etc/hosts`,
    wants: () => [{ kind: 'hosts-entry', address: '192.0.2.7', names: ['a.test', 'a'] }],
    shows: `stat -c '%a %u %g' /etc/hosts; cat /etc/hosts`,
    innocent: [
      'touch /etc/hosts',
      `echo '# 192.0.2.7 comment' >>/etc/hosts`,
      `sed -i '/192.0.2.7 comment/d' /etc/hosts; sed -i 's/^192.0.2.7 a.test a$/192.0.2.7   a.test\\ta # ours/' /etc/hosts`,
      `sed -i 's/^192.0.2.7 .*$/192.0.2.7 a.test a/' /etc/hosts`,
    ],
    tampered: [
      { attribute: 'names', script: `sed -i 's/^192.0.2.7 .*/192.0.2.7 a/' /etc/hosts` },
      { attribute: 'names', script: `echo '192.0.2.7 again' >>/etc/hosts` },
      { attribute: 'names', script: `sed -i '/^192.0.2.7/d' /etc/hosts` },
    ],
    after: 'cat /root/hosts.kinds >/etc/hosts; rm -f /root/hosts.kinds',
  },
  {
    kind: 'hosts-entries',
    title: 'many addresses at once; lines of others stay',
    before: `cp -p /etc/hosts /root/hosts.kinds; echo '192.0.2.7 old older # theirs' >>/etc/hosts; echo '192.0.2.1 theirs' >>/etc/hosts`,
    wants: () => [
      {
        kind: 'hosts-entries',
        name: 'nodes',
        entries: [
          { address: '192.0.2.7', names: ['a.test', 'a'] },
          { address: '192.0.2.8', names: ['b'] },
        ],
      },
    ],
    shows: `stat -c '%a %u %g' /etc/hosts; cat /etc/hosts`,
    innocent: ['touch /etc/hosts', `sed -i 's/^192.0.2.8 b$/192.0.2.8\tb # ours/' /etc/hosts`],
    tampered: [
      { attribute: 'names of 192.0.2.7', script: `sed -i 's/^192.0.2.7 .*/192.0.2.7 a/' /etc/hosts` },
      { attribute: 'names of 192.0.2.8', script: `sed -i '/^192.0.2.8/d' /etc/hosts` },
      { attribute: 'names of 192.0.2.8', script: `echo '192.0.2.8 again' >>/etc/hosts` },
    ],
    after: 'cat /root/hosts.kinds >/etc/hosts; rm -f /root/hosts.kinds',
  },
  {
    kind: 'command',
    title: 'runs when its guard says no, and is undone by its own command',
    wants: () => [
      {
        kind: 'command',
        name: 'stamp',
        run: ['touch', '/etc/kinds-stamp'],
        check: ['test', '-e', '/etc/kinds-stamp'],
        undo: ['rm', '-f', '/etc/kinds-stamp'],
      },
    ],
    shows: 'ls /etc/kinds-stamp 2>/dev/null || echo absent',
    innocent: ['touch /etc/kinds-stamp'],
    tampered: [{ attribute: 'check', script: 'rm /etc/kinds-stamp' }],
    after: 'rm -f /etc/kinds-stamp',
  },
];

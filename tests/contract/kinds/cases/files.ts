import type { KindCase } from '../kind-case.ts';

const folder = '/etc/kinds';
const file = `${folder}/motd`;
const content = "it's é $HOME `date` \\n\n\tlast line without a newline";
const shownFile = (path: string) =>
  `if [ -e ${path} ] || [ -L ${path} ]; then stat -c '%F %a %u %g' ${path}; [ ! -f ${path} ] || cat ${path}; [ ! -L ${path} ] || readlink ${path}; else echo absent; fi`;

/** Whole files, folders and links. */
export const fileCases: readonly KindCase[] = [
  {
    kind: 'file',
    title: 'a new file in a new folder',
    wants: () => [{ kind: 'file', path: file, content, owner: 'daemon', group: 'mail', mode: '0640' }],
    shows: `${shownFile(file)}; ls -d ${folder} 2>/dev/null || echo no folder`,
    innocent: [`touch ${file}`, `cp -p ${file} ${file}.2; mv ${file}.2 ${file}`, `cat ${file} >/dev/null`],
    tampered: [
      { attribute: 'content', script: `echo more >>${file}` },
      { attribute: 'content', script: `cp -p ${file} ${file}.2; : >${file}; touch -r ${file}.2 ${file}; rm ${file}.2` },
      { attribute: 'owner', script: `chown nobody ${file}` },
      { attribute: 'group', script: `chgrp daemon ${file}` },
      { attribute: 'mode', script: `chmod 0600 ${file}` },
      { attribute: 'mode', script: `chmod u+s ${file}` },
      { attribute: 'type', script: `rm ${file}` },
      { attribute: 'type', script: `cp -p ${file} ${file}.2; ln -sf motd.2 ${file}` },
      {
        attribute: 'type',
        script: `rm -f ${file} ${file}.2; mkdir ${file}`,
        refused: {
          reason: /there is a directory at/,
          mend: `rmdir ${file}; printf '%s' '${content.replaceAll("'", "'\\''")}' >${file}; chown daemon:mail ${file}; chmod 0640 ${file}`,
        },
      },
    ],
    after: `rm -rf ${folder}`,
  },
  {
    kind: 'file',
    title: 'over what somebody else wrote; what is not declared stays as it is',
    before: `mkdir ${folder}; echo found >${file}; chown nobody:mail ${file}; chmod 0604 ${file}`,
    wants: () => [{ kind: 'file', path: file, content: 'ours\n', validate: { command: ['grep', '-q', 'ours', '{}'] } }],
    shows: shownFile(file),
    innocent: [`chmod 0606 ${file}; chown daemon ${file}; chmod 0604 ${file}; chown nobody ${file}`],
    tampered: [{ attribute: 'content', script: `echo more >>${file}` }],
    after: `rm -rf ${folder}`,
  },
  {
    kind: 'file',
    title: 'in a folder that gives its files a group of its own',
    before: `mkdir ${folder}; chgrp mail ${folder}; chmod 2755 ${folder}`,
    wants: () => [{ kind: 'file', path: file, content: 'ours\n', owner: 'root', group: 'root' }],
    shows: shownFile(file),
    tampered: [{ attribute: 'group', script: `chgrp mail ${file}` }],
    after: `rm -rf ${folder}`,
  },
  {
    kind: 'file',
    title: 'in a folder of somebody else, who turns it into a link',
    before: `mkdir -p ${folder}/theirs/sub ${folder}/victim; echo found >${folder}/theirs/sub/f; chmod 0600 ${folder}/theirs/sub/f; chown -R nobody:mail ${folder}/theirs; echo secret >${folder}/victim/f`,
    wants: () => [{ kind: 'file', path: `${folder}/theirs/sub/f`, content: 'ours\n', mode: '0640' }],
    shows: `${shownFile(`${folder}/theirs/sub/f`)}; ls -A ${folder}/theirs/sub; stat -c '%a %u %g' ${folder}/victim ${folder}/victim/f; cat ${folder}/victim/f; ls -A ${folder}/victim`,
    innocent: [`touch ${folder}/theirs/sub/f`],
    tampered: [
      { attribute: 'content', script: `echo more >>${folder}/theirs/sub/f` },
      { attribute: 'mode', script: `chmod 0600 ${folder}/theirs/sub/f` },
      {
        attribute: 'type',
        script: `mv ${folder}/theirs/sub/f ${folder}/theirs/old; ln -s ../old ${folder}/theirs/sub/f`,
      },
      {
        attribute: 'content',
        script: `chmod 0640 ${folder}/victim/f; mv ${folder}/theirs/sub ${folder}/theirs/sub.2; ln -s ../victim ${folder}/theirs/sub`,
        refused: {
          reason: /theirs\/sub is a link in a folder that others than root may write to/,
          mend: `rm ${folder}/theirs/sub ${folder}/theirs/old; mv ${folder}/theirs/sub.2 ${folder}/theirs/sub; chmod 0644 ${folder}/victim/f`,
        },
      },
    ],
    after: `rm -rf ${folder}`,
  },
  {
    kind: 'file',
    title: 'where a pipe, a socket or a device stands, it is left',
    wants: () => [{ kind: 'file', path: file, content: 'ours\n' }],
    shows: shownFile(file),
    tampered: [
      {
        attribute: 'type',
        script: `rm ${file}; mkfifo ${file}`,
        refused: {
          reason: /there is a FIFO, a socket or a device at/,
          mend: `test -p ${file}; rm ${file}; echo ours >${file}`,
        },
      },
    ],
    after: `rm -rf ${folder}`,
  },
  {
    kind: 'file',
    title: 'that is mounted by itself is written where it stands',
    before: `mkdir ${folder}; echo found >${folder}/real; chmod 0600 ${folder}/real; : >${file}; mount --bind ${folder}/real ${file}`,
    wants: () => [{ kind: 'file', path: file, content: 'ours\n', owner: 'daemon', group: 'mail', mode: '0640' }],
    shows: shownFile(file),
    tampered: [
      { attribute: 'content', script: `echo more >>${file}` },
      { attribute: 'mode', script: `chmod 0600 ${file}` },
    ],
    cannot: { embedded: 'a mount of one file is not simulated' },
    after: `umount ${file}; rm -rf ${folder}`,
  },
  {
    kind: 'file',
    title: 'a secret with bytes that no text has',
    wants: () => [{ kind: 'file', path: file, content: 'a\u0000b\u0001\u00ff', secret: true, mode: '0600' }],
    shows: shownFile(file),
    tampered: [
      { attribute: 'content', script: `printf 'a\\000b\\001\\303\\276' >${file}` },
      { attribute: 'mode', script: `chmod 0644 ${file}` },
    ],
    after: `rm -rf ${folder}`,
  },
  {
    kind: 'file',
    title: 'one that must not be there',
    before: `mkdir ${folder}; echo found >${file}`,
    wants: () => [{ kind: 'file', path: file, ensure: 'absent' }],
    shows: shownFile(file),
    tampered: [
      { attribute: 'ensure', script: `echo again >${file}` },
      { attribute: 'ensure', script: `ln -s nowhere ${file}` },
    ],
    after: `rm -rf ${folder}`,
  },
  {
    kind: 'directory',
    title: 'a new folder',
    wants: () => [{ kind: 'directory', path: `${folder}/a b`, owner: 'daemon', group: 'mail', mode: '2750' }],
    shows: `ls -d ${folder} 2>/dev/null || echo absent`,
    innocent: [`touch '${folder}/a b'`, `echo x >'${folder}/a b/x'; rm '${folder}/a b/x'`],
    tampered: [
      { attribute: 'owner', script: `chown nobody '${folder}/a b'` },
      { attribute: 'group', script: `chgrp daemon '${folder}/a b'; chmod 2750 '${folder}/a b'` },
      { attribute: 'mode', script: `chmod 0755 '${folder}/a b'; chmod g-s '${folder}/a b'` },
      { attribute: 'type', script: `rmdir '${folder}/a b'` },
      {
        attribute: 'type',
        script: `mkdir ${folder}/other; mv '${folder}/a b' ${folder}/kept; ln -s other '${folder}/a b'`,
        refused: {
          reason: /a b is a link and no folder/,
          mend: `test "$(stat -c '%a %U' ${folder}/other)" = '755 root'; rm '${folder}/a b'; rmdir ${folder}/other; mv ${folder}/kept '${folder}/a b'`,
        },
      },
    ],
    after: `rm -rf ${folder}`,
  },
  {
    kind: 'directory',
    title: 'one that holds something is kept with it',
    before: `mkdir -p ${folder}/d; echo kept >${folder}/d/f; chmod 0700 ${folder}/d`,
    wants: () => [{ kind: 'directory', path: `${folder}/d`, mode: '0755' }],
    shows: `stat -c %a ${folder}/d; cat ${folder}/d/f`,
    innocent: [`echo more >${folder}/d/g; rm ${folder}/d/g`, `chown nobody ${folder}/d; chown root ${folder}/d`],
    tampered: [{ attribute: 'mode', script: `chmod 0711 ${folder}/d` }],
    after: `rm -rf ${folder}`,
  },
  {
    kind: 'file',
    title: 'with a type of SELinux that the policy would not give it',
    family: 'rhel',
    before: `mkdir ${folder}; echo found >${file}; chcon -t admin_home_t ${file}`,
    wants: () => [{ kind: 'file', path: file, content: 'ours\n', context: 'public_content_t' }],
    shows: `stat -c '%C %a' ${file}; cat ${file}`,
    tampered: [
      { attribute: 'context', script: `restorecon ${file}` },
      { attribute: 'content', script: `echo more >>${file}` },
    ],
    after: `rm -rf ${folder}`,
  },
  {
    kind: 'directory',
    title: 'with a type of SELinux that the policy would not give it',
    family: 'rhel',
    wants: () => [{ kind: 'directory', path: `${folder}/d`, mode: '0755', context: 'public_content_t' }],
    shows: `ls -d ${folder} 2>/dev/null || echo absent`,
    tampered: [{ attribute: 'context', script: `restorecon ${folder}/d` }],
    after: `rm -rf ${folder}`,
  },
  {
    kind: 'symlink',
    title: 'a new link',
    wants: () => [{ kind: 'symlink', path: `${folder}/link`, target: "../it's there" }],
    shows: `${shownFile(`${folder}/link`)}; ls -d ${folder} 2>/dev/null || echo no folder`,
    tampered: [
      { attribute: 'target', script: `ln -sfn elsewhere ${folder}/link` },
      { attribute: 'type', script: `rm ${folder}/link` },
      { attribute: 'type', script: `rm ${folder}/link; echo x >${folder}/link` },
    ],
    after: `rm -rf ${folder}`,
  },
  {
    kind: 'symlink',
    title: 'in the place of a file, which comes back',
    before: `mkdir ${folder}; echo found >${folder}/link; chmod 0640 ${folder}/link`,
    wants: () => [{ kind: 'symlink', path: `${folder}/link`, target: '/dev/null' }],
    shows: shownFile(`${folder}/link`),
    tampered: [{ attribute: 'target', script: `ln -sfn /dev/zero ${folder}/link` }],
    after: `rm -rf ${folder}`,
  },
];

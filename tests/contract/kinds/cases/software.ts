import type { KindCase } from '../kind-case.ts';
import type { KindSubject } from '../kind-subject.ts';

const remove = ({ family, freePackage }: KindSubject) =>
  family === 'debian'
    ? `if dpkg -s ${freePackage} >/dev/null 2>&1; then DEBIAN_FRONTEND=noninteractive apt-get purge -y -qq ${freePackage} >/dev/null; fi`
    : `if rpm -q ${freePackage} >/dev/null; then rpm -e ${freePackage}; fi`;
const install = ({ family, freePackage }: KindSubject) =>
  family === 'debian'
    ? `DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends ${freePackage} >/dev/null`
    : `dnf -y -q --setopt=install_weak_deps=False install ${freePackage} >/dev/null`;

const installed =
  'if [ -e /usr/bin/dpkg-query ]; then dpkg-query -W -f="\\${Package} \\${Status}\\n" | sort; else rpm -qa --qf="%{NAME}\\n" | sort; fi';

const source = '/etc/apt/sources.list.d/kinds.sources';
const key = '/etc/apt/keyrings/kinds.asc';
const lists = '/var/lib/apt/lists';

/** Packages and where they come from. */
export const softwareCases: readonly KindCase[] = [
  {
    kind: 'package',
    title: 'one that is installed, and goes again with all that came along',
    family: 'debian',
    before: remove,
    wants: ({ freePackage }) => [{ kind: 'package', name: freePackage }],
    shows: installed,
    tampered: [
      { attribute: 'ensure', script: 'p=wget; DEBIAN_FRONTEND=noninteractive apt-get purge -y -qq "$p" >/dev/null' },
    ],
    after: remove,
  },
  {
    kind: 'package',
    title: 'one that must not be there, and comes back',
    before: install,
    wants: ({ freePackage }) => [{ kind: 'package', name: freePackage, ensure: 'absent' }],
    shows: installed,
    tampered: [],
    after: remove,
  },
  {
    kind: 'package-repository',
    title: 'a source of apt with its key, whose index is read',
    family: 'debian',
    wants: ({ archiveKey }) => [
      {
        kind: 'package-repository',
        name: 'kinds',
        uris: ['http://deb.debian.org/debian'],
        suites: ['bookworm-backports'],
        components: ['contrib'],
        signingKey: archiveKey,
      },
    ],
    shows: `ls ${source} ${key} 2>&1 | sed 's/.*: //'; ls ${lists} | grep backports || echo no index`,
    innocent: [`touch ${source} ${key}`, 'apt-get -q update >/dev/null'],
    tampered: [
      { attribute: 'source', script: `sed -i s/contrib/non-free/ ${source}` },
      { attribute: 'source', script: `rm ${source}` },
      { attribute: 'source mode', script: `chmod 0600 ${source}` },
      { attribute: 'key', script: `sed -i 2d ${key}` },
      { attribute: 'key mode', script: `chmod 0600 ${key}` },
      { attribute: 'key owner', script: `chown daemon ${key}` },
      { attribute: 'index', script: `rm ${lists}/*backports*` },
    ],
    after: `rm -f ${source} ${key} ${lists}/*backports*`,
  },
  {
    kind: 'package-repository',
    title: 'a source of dnf with its key',
    family: 'rhel',
    wants: ({ archiveKey }) => [
      {
        kind: 'package-repository',
        name: 'kinds',
        uris: ['https://packages.example.org/el10'],
        signingKey: archiveKey,
      },
    ],
    shows: 'ls /etc/yum.repos.d/kinds.repo /etc/pki/rpm-gpg/RPM-GPG-KEY-kinds 2>&1 | sed "s/.*: //"',
    tampered: [
      { attribute: 'source', script: 'sed -i s/gpgcheck=1/gpgcheck=0/ /etc/yum.repos.d/kinds.repo' },
      { attribute: 'key', script: 'rm /etc/pki/rpm-gpg/RPM-GPG-KEY-kinds' },
    ],
    after: 'rm -f /etc/yum.repos.d/kinds.repo /etc/pki/rpm-gpg/RPM-GPG-KEY-kinds',
  },
  {
    kind: 'package-repository',
    title: 'one that must not be there',
    family: 'debian',
    before: `printf 'Types: deb\nURIs: http://gone.invalid/\nSuites: ./\n' >${source}; echo key >${key}`,
    wants: () => [{ kind: 'package-repository', name: 'kinds', uris: [], ensure: 'absent' }],
    shows: `cat ${source} ${key}`,
    tampered: [
      { attribute: 'source', script: `: >${source}` },
      { attribute: 'key', script: `: >${key}` },
    ],
    after: `rm -f ${source} ${key}`,
  },
];

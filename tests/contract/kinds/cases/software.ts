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

/** The package of two versions, as it is at the beginning of a case. */
const gone = ({ family, twoVersions: { name } }: KindSubject) =>
  family === 'debian'
    ? `if dpkg -s ${name} >/dev/null 2>&1; then dpkg --purge ${name} >/dev/null; fi`
    : `if rpm -q ${name} >/dev/null; then rpm -e ${name}; fi; if rpm -q ${plugin} >/dev/null; then rpm -e ${plugin}; fi`;
const at = (version: 'older' | 'newer') => (subject: KindSubject) => {
  const { name, [version]: one } = subject.twoVersions;
  return subject.family === 'debian'
    ? `${gone(subject)}\nDEBIAN_FRONTEND=noninteractive apt-get install -y -qq ${name}=${one} >/dev/null`
    : `${gone(subject)}\ndnf -y -q install ${name}-${one} >/dev/null`;
};
const plugin = 'python3-dnf-plugin-versionlock';

const statesOf =
  'if [ -e /usr/bin/dpkg-query ]; then dpkg-query -W -f="\\${Package} \\${Version} \\${Status}\\n" | sort; else rpm -qa --qf="%{NAME} %{EVR}\\n" | sort; cat /etc/dnf/plugins/versionlock.list 2>/dev/null || :; fi';

const installed =
  'if [ -e /usr/bin/dpkg-query ]; then dpkg-query -W -f="\\${Package} \\${Status}\\n" | sort; else rpm -qa --qf="%{NAME}\\n" | sort; fi';

/** The packages of two versions, whichever this machine has: a tampering knows no subject. */
const eachOf =
  'for p in wget two-versions; do dpkg -s "$p" >/dev/null 2>&1 || continue; export DEBIAN_FRONTEND=noninteractive;';
const heldAndOlder = [
  { attribute: 'held', script: `${eachOf} apt-mark unhold "$p" >/dev/null; done` },
  {
    attribute: 'version',
    script: `${eachOf} apt-mark unhold "$p" >/dev/null; apt-get install -y -qq "$p" >/dev/null; apt-mark hold "$p" >/dev/null; done`,
  },
];

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
    kind: 'package',
    title: 'one of a version that is not the newest, held there',
    family: 'debian',
    before: gone,
    wants: ({ twoVersions: { name, older } }) => [{ kind: 'package', name, version: older, held: true }],
    shows: statesOf,
    tampered: heldAndOlder,
    after: gone,
  },
  {
    kind: 'package',
    title: 'a downgrade, because it was asked for; a hold that nobody declared is none of ours',
    family: 'debian',
    before: at('newer'),
    wants: ({ twoVersions: { name, older } }) => [{ kind: 'package', name, version: older }],
    shows: statesOf,
    innocent: [`${eachOf} apt-mark hold "$p" >/dev/null; done`, `${eachOf} apt-mark unhold "$p" >/dev/null; done`],
    tampered: [{ attribute: 'version', script: `${eachOf} apt-get install -y -qq "$p" >/dev/null; done` }],
    after: gone,
  },
  {
    kind: 'package',
    title: 'another version of one that is held by declaration',
    family: 'debian',
    before: (subject) => `${at('older')(subject)}\napt-mark hold ${subject.twoVersions.name} >/dev/null`,
    wants: ({ twoVersions: { name, newer } }) => [{ kind: 'package', name, version: newer, held: true }],
    shows: statesOf,
    tampered: [{ attribute: 'held', script: `${eachOf} apt-mark unhold "$p" >/dev/null; done` }],
    after: gone,
  },
  {
    kind: 'package',
    title: 'one that shall not be held',
    family: 'debian',
    before: (subject) => `${at('older')(subject)}\napt-mark hold ${subject.twoVersions.name} >/dev/null`,
    wants: ({ twoVersions: { name } }) => [{ kind: 'package', name, held: false }],
    shows: statesOf,
    tampered: [{ attribute: 'held', script: `${eachOf} apt-mark hold "$p" >/dev/null; done` }],
    after: gone,
  },
  {
    kind: 'package',
    title: 'one of a version that is not the newest, locked there by dnf',
    family: 'rhel',
    before: gone,
    wants: ({ twoVersions: { name, older } }) => [
      { kind: 'package', name: plugin },
      { kind: 'package', name, version: older, held: true },
    ],
    shows: statesOf,
    tampered: [
      { attribute: 'package:wget held', script: 'dnf -q versionlock delete wget >/dev/null' },
      {
        attribute: 'package:wget version',
        script:
          'dnf -q versionlock delete wget >/dev/null; dnf -y -q install wget-1.24.5-6.el10 >/dev/null; dnf -q versionlock add wget >/dev/null',
      },
    ],
    after: gone,
  },
  {
    kind: 'package',
    title: 'a downgrade of a package that dnf locks by declaration',
    family: 'rhel',
    before: (subject) =>
      `${at('newer')(subject)}\ndnf -y -q install ${plugin} >/dev/null; dnf -q versionlock add wget >/dev/null`,
    wants: ({ twoVersions: { name, older } }) => [{ kind: 'package', name, version: older, held: true }],
    shows: `${statesOf} | grep -v '^# Added'`,
    tampered: [],
    after: gone,
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

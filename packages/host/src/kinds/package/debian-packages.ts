import { type ShellText, sh } from '../../script/shell-text.ts';
import type { PackageCommands, PackageWork } from './package-commands.ts';

const lockSeconds = 300;

/** `apt-get` without questions: what the operator changed in configuration files stays, and the lock is waited for. */
const apt: ShellText = sh`apt-get -y -q -o DPkg::Lock::Timeout=${lockSeconds} -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold`;
const quiet: ShellText = sh`DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l; export DEBIAN_FRONTEND NEEDRESTART_MODE`;
const install: ShellText = sh`${apt} install --no-install-recommends`;
/** apt-get takes no older version unasked; who declares a version asks for it. */
const installAny: ShellText = sh`${apt} --allow-downgrades install --no-install-recommends`;

/** The package manager of Debian. Pure. */
export function debian(work: PackageWork): PackageCommands {
  return {
    list: sh`dpkg-query -W -f=${'${Status} ${Package}\\n'} | sed -n 's/^.* installed //p'`,
    states: sh`dpkg-query -W -f=${'${Package} ${Version} ${Status}\\n'} | sed -n 's/ install ok installed$//p; s/ ok installed$//p'`,
    change: [...transaction(work), ...hold(work)],
    remove: sh`dpkg --purge`,
    install: sh`${quiet}; ${install} "$@"`,
    release: sh`patiently apt-mark unhold "$@"`,
    hold: sh`patiently apt-mark hold "$@"`,
    putBack: sh`${quiet}; ${installAny} "$@"`,
    versionSign: '=',
  };
}

function transaction({ install: wanted, unwanted, release }: PackageWork): readonly ShellText[] {
  const letGo = release.length === 0 ? [] : [sh`patiently apt-mark unhold ${release}`];
  if (wanted.length + unwanted.length === 0) return letGo;
  const names = [
    ...wanted.map(({ name, version }) => (version === undefined ? name : `${name}=${version}`)),
    // apt-get removes a package named with a trailing minus in the same transaction.
    ...unwanted.map((name) => `${name}-`),
  ];
  const once = sh`${wanted.some(({ replaces }) => replaces) ? installAny : install} ${names}`;
  const versions = wanted.filter(({ version }) => version !== undefined).map(({ name }) => name);
  return [
    ...letGo,
    quiet,
    // A package index that is missing or old, and an installation that was cut off, are mended once before giving up.
    sh`if ! ${once}; then { dpkg --configure -a --force-confdef --force-confold && ${apt} update && ${once}; } || f=$?; fi`,
    ...(versions.length === 0
      ? []
      : [
          sh`if [ "$f" -ne 0 ] && grep -q -F -e ' was not found' "$RUN/log.$n"; then echo ${`No package source of this machine has the declared version. Which ones they have: apt-cache madison ${versions.join(' ')}`}; fi`,
        ]),
  ];
}

function hold({ hold: wanted, holdAnyhow }: PackageWork): readonly ShellText[] {
  if (wanted.length === 0) return [];
  const all = sh`patiently apt-mark hold ${wanted}`;
  if (holdAnyhow.length === wanted.length) return [all];
  const some = holdAnyhow.length === 0 ? sh`:` : sh`patiently apt-mark hold ${holdAnyhow}`;
  return [sh`if [ "$f" -eq 0 ]; then ${all}; else ${some}; fi`];
}

import { type ShellText, sh } from '../../script/shell-text.ts';
import type { PackageCommands, PackageWork } from './package-commands.ts';
import { lockList, lockPlugin, lockPluginPackage } from './version-locks.ts';

const dnfSeconds = 900;

const dnf: ShellText = sh`timeout ${dnfSeconds} dnf -y -q`;
const install: ShellText = sh`${dnf} --setopt=install_weak_deps=False install`;
/** dnf waits for its lock without an end and without a word; `timeout` ends that with 124. */
const late: ShellText = sh`{ f=$?; if [ "$f" -eq 124 ]; then echo ${`dnf did not end within ${dnfSeconds} s; another program may hold its lock (ps -C dnf)`}; fi; }`;

/** The package manager of RHEL. Pure. */
export function rhel(work: PackageWork): PackageCommands {
  return {
    list: sh`rpm -qa --qf='%{NAME}\n'`,
    states: sh`rpm -qa --qf='%{NAME} %{EVR}\n'`,
    change: [...transaction(work), ...hold(work)],
    remove: sh`rpm -e`,
    install: sh`${install} "$@"`,
    release: sh`if [ -s ${lockList} ]; then ${dnf} versionlock delete "$@"; fi`,
    hold: undefined,
    putBack: sh`${install} "$@"`,
    versionSign: '-',
    // rpm keeps a list that is not as the plugin brought it beside its place.
    beforeRemoval: sh`if [ -s "$RUN/installed.$n" ] && grep -qxF -e ${lockPluginPackage} "$RUN/installed.$n"; then rm -f ${lockList}; fi`,
  };
}

function transaction({ install: wanted, unwanted, release }: PackageWork): readonly ShellText[] {
  const names = wanted.map(({ name, version }) => (version === undefined ? name : `${name}-${version}`));
  const versions = wanted.filter(({ version }) => version !== undefined).map(({ name }) => name);
  return [
    ...(release.length === 0 ? [] : [sh`${dnf} versionlock delete ${release}`]),
    // dnf goes to an older version as well where one is named.
    ...(names.length === 0 ? [] : [sh`${install} ${names} || ${late}`]),
    ...(unwanted.length === 0 ? [] : [sh`if [ "$f" -eq 0 ]; then ${dnf} remove ${unwanted} || ${late}; fi`]),
    ...(versions.length === 0
      ? []
      : [
          sh`if [ "$f" -ne 0 ] && grep -q -F -e 'Unable to find a match' "$RUN/log.$n"; then echo ${`No package source of this machine has the declared version, or a lock of dnf (dnf versionlock list) keeps it out. Which ones they have: dnf list --showduplicates ${versions.join(' ')}`}; fi`,
        ]),
  ];
}

function hold({ hold: wanted, holdAnyhow }: PackageWork): readonly ShellText[] {
  if (wanted.length === 0) return [];
  const all = sh`${dnf} versionlock add ${wanted}`;
  const some = holdAnyhow.length === 0 ? sh`:` : sh`${dnf} versionlock add ${holdAnyhow}`;
  return [
    sh`if [ "$f" -eq 0 ] && [ ! -e ${lockPlugin} ]; then echo ${`dnf cannot hold a package here: its plugin versionlock is missing. Install ${lockPluginPackage}.`}; f=1`,
    sh`elif [ "$f" -eq 0 ]; then ${all}; else ${some}; fi`,
  ];
}

import { quoteArguments } from '@vmstation/remote';
import { familyLines } from '../observe/check-script.ts';

/** First words of what the script prints. */
export const captureGreeting = 'vmstation-capture 1';

/** What of a machine is to be captured. Patterns are those of a POSIX shell. */
export interface CaptureRequest {
  /** Absolute patterns of files whose text is fetched. */
  readonly files: readonly string[];
  /** Absolute patterns of files of which only type, owner and size are looked at; these win over `files`. */
  readonly neverRead: readonly string[];
  /** Larger files are not fetched. */
  readonly largestBytes: number;
}

/**
 * The script that captures a machine and changes nothing (POSIX sh, for `sh -s`), framed as a check is. Everything stands in a function: a
 * script that arrives cut off does nothing at all.
 */
export function captureScript(request: CaptureRequest, nonce: string): string {
  return `${[
    '# vmstation: reads what is set up on this machine and changes nothing',
    'LC_ALL=C; PATH=/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin; export LC_ALL PATH',
    `begin() { printf '%s\\n' "@${nonce} begin $1"; }`,
    `finish() { printf '%s\\n' "@${nonce} end $1 $2 $3"; }`,
    "nl='\n'",
    // Names with line breaks could not be told apart from two names, and no workspace could hold them.
    'add() { case $1 in *"$nl"*) printf \'odd %s\\n\' "${1%%"$nl"*}"; return 1;; esac; [ -e "$1" ] || [ -L "$1" ]; }',
    'main() {',
    `printf '%s\\n' '@${nonce} ${captureGreeting}'`,
    system(),
    files(request),
    packages(),
    units(),
    devices(),
    texts(),
    `printf '%s\\n' '@${nonce} done 0'`,
    '}',
    'main </dev/null',
  ].join('\n')}\n`;
}

function system(): string {
  return [
    'begin system',
    ...familyLines,
    'printf \'family %s\\n\' "$family"',
    'if [ -L /etc/localtime ]; then printf \'zone %s\\n\' "$(readlink /etc/localtime)"; fi',
    'printf \'clock %s\\n\' "$(date -u +%Y-%m-%dT%H:%M:%SZ)"',
    'finish system 0 -',
    'begin synchronised; timedatectl show --property=NTPSynchronized; finish synchronised "$?" -',
  ].join('\n');
}

function files({ files: wanted, neverRead, largestBytes }: CaptureRequest): string {
  // Patterns are expanded by the node's shell, so they stand unquoted; they are ours and hold no other characters.
  return [
    `begin closed; set --; for p in ${patterns(neverRead)}; do if add "$p"; then set -- "$@" "$p"; fi; done`,
    'if [ "$#" -gt 0 ]; then stat -c \'%a %u %g %U %G %s %F:%n\' "$@"; fi; finish closed 0 -',
    'closed=$nl; for p do closed=$closed$p$nl; done',
    `begin files; set --; for p in ${patterns(wanted)}; do case $closed in *"$nl$p$nl"*) continue;; esac; if add "$p"; then set -- "$@" "$p"; fi; done`,
    'if [ "$#" -gt 0 ]; then stat -c \'%a %u %g %U %G %s %F:%n\' "$@"; fi; finish files 0 -',
    'begin content; for p do if [ -f "$p" ] && [ ! -L "$p" ]; then',
    `printf 'path %s\\n' "$p"; head -c ${largestBytes + 1} "$p" | base64`,
    'fi; done; finish content 0 -',
  ].join('\n');
}

function patterns(list: readonly string[]): string {
  for (const pattern of list)
    if (!/^\/[A-Za-z0-9._*?@/-]+$/.test(pattern)) throw new RangeError(`${pattern} is no plain pattern of paths`);
  return list.join(' ');
}

function packages(): string {
  return [
    'begin packages',
    'case $family in',
    "debian) dpkg-query -W -f='${db:Status-Abbrev}\\t${Priority}\\t${Essential}\\t${Package}\\t${Pre-Depends}, ${Depends}\\n'; r=$?;;",
    // Without repositories nothing is fetched: what was installed by name is known here.
    "rhel) dnf -q --disablerepo='*' repoquery --userinstalled --qf='%{name}\\n'; r=$?;;",
    '*) r=127;;',
    'esac; finish packages "$r" -',
    'begin automatic; if [ "$family" = debian ] && [ -r /var/lib/apt/extended_states ]; then cat /var/lib/apt/extended_states; fi; finish automatic 0 -',
    'begin shipped',
    'case $family in',
    // ucf keeps the digests of configuration files that packages make themselves (/etc/ssh/sshd_config).
    "debian) dpkg-query -W -f='${Conffiles}\\n'; r=$?; if [ -r /var/lib/ucf/hashfile ]; then cat /var/lib/ucf/hashfile; fi;;",
    "rhel) rpm -qa --qf='[%{FILENAMES} %{FILEDIGESTS}\\n]' | grep -e '^/etc/' ; r=$?;;",
    '*) r=127;;',
    'esac; finish shipped "$r" -',
  ].join('\n');
}

function units(): string {
  return [
    'begin failed; systemctl list-units --no-pager --plain --no-legend --state=failed; finish failed "$?" -',
    'set --; for p in /etc/systemd/system/*; do case $p in *.service|*.timer|*.socket|*.path|*.mount) if [ -f "$p" ] && [ ! -L "$p" ]; then case $p in *@.*) ;; *) set -- "$@" "${p##*/}";; esac; fi;; esac; done',
    'begin units; r=0; if [ "$#" -gt 0 ]; then systemctl show --no-pager --property=Id,UnitFileState,ActiveState,Type -- "$@"; r=$?; fi; finish units "$r" "$#"',
  ].join('\n');
}

/** Whether the devices of fstab exist; what udev has not named cannot be judged. */
function devices(): string {
  return [
    'begin devices; if [ -r /etc/fstab ]; then while read -r dev _; do',
    'case $dev in',
    "''|'#'*) continue;;",
    `'UUID='*) f=/dev/disk/by-uuid;; 'LABEL='*) f=/dev/disk/by-label;; 'PARTUUID='*) f=/dev/disk/by-partuuid;; 'PARTLABEL='*) f=/dev/disk/by-partlabel;;`,
    '/dev/*) f=/dev;;',
    '*) continue;;',
    'esac',
    'case $f in /dev) p=$dev;; *) v=${dev#*=}; v=${v#\\"}; p=$f/${v%\\"};; esac',
    'if [ -e "$p" ]; then w=present; elif [ -d "$f" ]; then w=absent; else w=unknown; fi',
    'printf \'%s %s\\n\' "$w" "$dev"',
    'done </etc/fstab; fi; finish devices 0 -',
  ].join('\n');
}

function texts(): string {
  const paths = ['/proc/swaps', '/proc/mounts', '/proc/sys/kernel/hostname', '/etc/passwd', '/etc/group'];
  return paths
    .map((path) => `begin ${path}; if [ -r ${path} ]; then cat ${quoteArguments([path])}; fi; finish ${path} 0 -`)
    .join('\n');
}

import { quoteArguments } from '@vmstation/remote';
import { type ShellText, sh } from '../script/shell-text.ts';
import { factLinks, factTextFiles, kubernetesMarks } from './facts.ts';
import { kerberosPart } from './kerberos-database.ts';
import type { ProbeSet } from './probe.ts';
import { signatureColumns } from './signatures.ts';

/** Where owed notifications, kept content and the lock live on a node. */
export interface NodeFolders {
  /** `/var/lib/vmstation` unless composed otherwise. */
  readonly state: string;
}

/** First word of a check's reply; the number changes with the format. */
export const checkGreeting = 'vmstation-check 1';

/** The properties that are read of each unit. */
export const unitProperties =
  'Id,LoadState,ActiveState,SubState,UnitFileState,NeedDaemonReload,Type,Result,NRestarts,MainPID';

/** How long a check of a command may take, and all of a node together unless one takes that long. */
export const guardSeconds = 20;

/**
 * The script that looks at everything once and changes nothing (POSIX sh, sent on stdin of `sh -s`). Its reply is framed by lines that begin with
 * `@nonce`, so that nothing a file holds can be taken for a frame; `P` counts the processes it starts, itself included.
 * Everything stands in a function: a script that arrives cut off does nothing at all.
 */
export function checkScript(probes: ProbeSet, nonce: string, folders: NodeFolders): string {
  return `${[
    '# vmstation: looks at this machine and changes nothing',
    'LC_ALL=C; PATH=/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin; export LC_ALL PATH',
    `begin() { printf '%s\\n' "@${nonce} begin $1"; }`,
    `finish() { printf '%s\\n' "@${nonce} end $1 $2 $3"; }`,
    'main() {',
    'P=1',
    `printf '%s\\n' '@${nonce} ${checkGreeting}'`,
    system(folders),
    paths(probes),
    digests(probes),
    modules(probes),
    textLines(probes),
    packages(probes),
    units(probes),
    machine(),
    labels(probes),
    signatures(probes),
    wakeOnLan(probes),
    ...[kerberosPart(probes.kerberos)].filter((part) => part !== ''),
    guardsAndDisk(probes.guards, nonce),
    // The last program takes the shell's place, so it has to end the reply itself.
    `begin clock; exec date -u "+%Y-%m-%dT%H:%M:%SZ%n@${nonce} end clock 0 1%n@${nonce} done $P"`,
    '}',
    'main </dev/null',
  ].join('\n')}\n`;
}

/** Sets `$family` to debian, rhel or nothing. */
export const familyLines: readonly string[] = [
  "family=''",
  'if [ -r /etc/os-release ]; then while IFS=\'=\' read -r k v; do case "$k:$v" in',
  'ID:*debian*|ID:*ubuntu*|ID_LIKE:*debian*|ID_LIKE:*ubuntu*) family=debian;;',
  'ID:*rhel*|ID:*fedora*|ID:*centos*|ID:*rocky*|ID:*almalinux*|ID_LIKE:*rhel*|ID_LIKE:*fedora*) family=rhel;;',
  'esac; done </etc/os-release; fi',
];

/** Facts that the shell itself can see, without a process. */
function system(folders: NodeFolders): string {
  const marks = kubernetesMarks.map(([path, name]) => `[ ! -e ${path} ] || printf '%s\\n' 'kubernetes ${name}'`);
  return [
    'begin system',
    ...familyLines,
    `printf '%s\\n' "family $family"`,
    'systemd=no; [ ! -d /run/systemd/system ] || systemd=yes; printf \'%s\\n\' "systemd $systemd"',
    "[ ! -e /sys/fs/selinux/enforce ] || printf '%s\\n' selinux",
    "if [ -r /etc/shadow ]; then while IFS=: read -r k v rest; do if [ \"$k\" = root ]; then case $v in ''|'!'*|'*'*) ;; *) printf '%s\\n' 'root-password';; esac; break; fi; done </etc/shadow; fi",
    ...marks,
    sh`for f in ${folders.state}/owed/*; do [ ! -f "$f" ] || printf '%s\n' "owed \${f##*/}"; done`.text,
    'finish system 0 -',
  ].join('\n');
}

/** Two lines a path; the second has the target of a link, in which stat escapes all that is no plain text. */
function paths(probes: ProbeSet): string {
  const words = [...new Set([...factLinks, ...probes.paths])];
  const stat = `QUOTING_STYLE=escape stat -c '%a %u %g %U %G %s %F:%n\n%N' "$@"`;
  return observer('path', words, '[ -e "$p" ] || [ -L "$p" ]', stat, '$(($#*2))');
}

function digests(probes: ProbeSet): string {
  return observer('digest', probes.contents, '[ -f "$p" ] && [ ! -L "$p" ]', 'sha256sum "$@"');
}

/** One program over those of the words that pass a test of the shell; the frame tells how many records must come. */
function observer(
  name: string,
  words: readonly string[],
  test: string,
  command: string,
  records: '$#' | '$(($#*2))' = '$#',
): string {
  if (words.length === 0) return `begin ${name}; finish ${name} 0 0`;
  return [
    `set --; for p in ${quoteArguments(words)}; do if ${test}; then set -- "$@" "$p"; fi; done`,
    `begin ${name}; r=0; if [ "$#" -gt 0 ]; then P=$((P+1)); ${command}; r=$?; fi; finish ${name} "$r" "${records}"`,
  ].join('\n');
}

/**
 * One grep for every line of every text and kernel value. A shell's own `read` takes one byte at a time, and integers under
 * /proc/sys answer only the first read.
 */
function textLines(probes: ProbeSet): string {
  // A file that a glob brings as well would be read twice.
  const globs = [...new Set([...factTextFiles.globs, ...probes.globs])];
  const byGlob = globs.map(expressionOf);
  const known = [...new Set([...probes.lines, ...factTextFiles.plain])].filter(
    (path) => !byGlob.some((glob) => glob.test(path)),
  );
  const homes = probes.keyUsers.map((user) => sh`${user}) set -- "$@" "$h/.ssh/authorized_keys";;`.text);
  return [
    'set --',
    ...(homes.length === 0
      ? []
      : [`while IFS=: read -r u _ _ _ _ h _; do case $u in ${homes.join(' ')} esac; done </etc/passwd`]),
    `for p in ${quoteArguments(known)} ${globs.join(' ')}; do set -- "$@" "$p"; done`,
    '[ -z "$builtin" ] || set -- "$@" "$builtin"',
    'begin texts; n=$#; while [ "$n" -gt 0 ]; do p=$1; shift; n=$((n-1)); if [ -f "$p" ] && [ -r "$p" ]; then printf \'%s\\n\' "$p"; set -- "$@" "$p"; fi; done; finish texts 0 "$#"',
    'begin lines; P=$((P+1)); grep -H \'\' "$@"; finish lines "$?" -',
  ].join('\n');
}

/** Paths that the shell finds for a pattern: `*` is no slash and, at the beginning of a name, no dot. */
function expressionOf(glob: string): RegExp {
  const source = glob
    .replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '[^/]*')
    .replaceAll('/[^/]*', '/(?!\\.)[^/]*');
  return new RegExp(`^${source}$`);
}

function labels(probes: ProbeSet): string {
  if (probes.labels.length === 0) return 'begin context; finish context 0 -';
  return observer('context', probes.labels, '[ -e /sys/fs/selinux/enforce ] && [ -e "$p" ]', 'stat -c \'%C %n\' "$@"');
}

/**
 * All devices at once. Each by itself where that fails, as one that cannot be read hides the others, or where two names end alike: wipefs tells a
 * device by the last part of its path only. It opens for reading.
 */
function signatures({ devices }: ProbeSet): string {
  if (devices.length === 0) return 'begin signature; finish signature 0 -';
  const ends = new Set(devices.map((device) => device.slice(device.lastIndexOf('/') + 1)));
  const each = 'for d do signatures_of "$d"; done';
  const look =
    ends.size < devices.length
      ? each
      : `r=0; [ "$#" -eq 0 ] || signatures_of "$@"; if [ "$r" -ne 0 ] && [ "$#" -gt 1 ]; then ${each}; fi`;
  return [
    `signatures_of() { for p do printf '%s\\n' "device $p"; done; P=$((P+1)); wipefs -p -O ${signatureColumns} "$@"; r=$?; printf '%s\\n' "status $r"; }`,
    `set --; for p in ${quoteArguments(devices)}; do if [ -e "$p" ]; then set -- "$@" "$p"; fi; done`,
    `begin signature; ${look}; finish signature 0 -`,
  ].join('\n');
}

function wakeOnLan(probes: ProbeSet): string {
  if (probes.links.length === 0) return 'begin wake; finish wake 0 -';
  return `set -- ${quoteArguments(probes.links)}; begin wake; if command -v ethtool >/dev/null; then for p do P=$((P+1)); printf '%s\\n' "card $p"; ethtool "$p" 2>/dev/null; done; fi; finish wake 0 -`;
}

function packages(probes: ProbeSet): string {
  if (probes.packages.length === 0) return 'begin package; finish package 0 0';
  const names = quoteArguments(probes.packages);
  const count = probes.packages.length;
  return [
    'begin package; P=$((P+1))',
    'case $family in',
    `debian) dpkg-query -W -f='\${Package}\\t\${Status}\\t\${Version}\\n' ${names}; r=$?;;`,
    `rhel) rpm -q --qf='%{NAME}\\tinstall ok installed\\t%{EVR}\\n' ${names}; r=$?;;`,
    '*) r=127;;',
    'esac',
    `finish package "$r" ${count}`,
  ].join('\n');
}

function units(probes: ProbeSet): string {
  if (probes.units.length === 0) return 'begin unit; finish unit 0 0';
  const show = `systemctl show --no-pager --property=${unitProperties} -- ${quoteArguments(probes.units)}`;
  return [
    'begin unit; r=127',
    `if [ "$systemd" = yes ]; then P=$((P+1)); ${show}; r=$?; fi`,
    `finish unit "$r" ${probes.units.length}`,
  ].join('\n');
}

/** What no file of /proc tells, or not on every kernel: kernel/arch came with Linux 6.1, and RHEL names it at the end of its releases. */
function machine(): string {
  return [
    'begin kernel; if [ ! -r /proc/sys/kernel/arch ]; then case $kernel in *.x86_64|*.aarch64) ;; *) P=$((P+1)); uname -m;; esac; fi; finish kernel 0 -',
    // Mostly a link that names its version; where it is not, it must be asked.
    'begin python; if [ -x /usr/bin/python3 ] && [ ! -L /usr/bin/python3 ]; then P=$((P+1)); /usr/bin/python3 -V; fi; finish python 0 -',
  ].join('\n');
}

/** Modules that are loaded; when one is not, the list of those that are built into the kernel is read with the other texts. */
function modules(probes: ProbeSet): string {
  const each = probes.modules.map((name) => {
    const folder = name.replaceAll('-', '_');
    return sh`if [ -d ${`/sys/module/${folder}`} ]; then printf '%s\n' ${`loaded ${folder}`}; else builtin=yes; fi`
      .text;
  });
  return [
    "kernel=''; [ ! -r /proc/sys/kernel/osrelease ] || read -r kernel </proc/sys/kernel/osrelease",
    "begin module; builtin=''",
    ...each,
    '[ -z "$builtin" ] || builtin="/lib/modules/$kernel/modules.builtin"',
    'finish module 0 -',
  ].join('\n');
}

/**
 * All checks of commands under one deadline, in the order of the probes; a shell that has asked them all becomes the df. When the time is up, the
 * check that hangs is known by what was answered before it: the next ones get the whole time again, and so does that one unless it was the first.
 */
function guardsAndDisk(guards: ProbeSet['guards'], nonce: string): string {
  const disk = 'if [ -z "$disk" ]; then begin disk; P=$((P+1)); df -Pk /; disk=$?; fi; finish disk "$disk" 2';
  if (guards.length === 0) return `disk=''\n${disk}`;
  const count = guards.length;
  return [
    "g=0; disk=''",
    `while [ "$g" -lt ${count} ]; do`,
    `P=$((P+2+${count}-g))`,
    '# shellcheck disable=SC2016',
    sh`s=$(exec timeout ${guardSeconds} sh -c ${askingScript(guards, nonce)} sh "$g"); r=$?`.text,
    '[ -z "$s" ] || printf \'%s\\n\' "$s"',
    'case $s in',
    `*'@${nonce} begin disk'*) g=${count}; disk=$r;;`,
    `*'@${nonce} end guard-'*) s=\${s##*'@${nonce} end guard-'}; g=$((\${s%% *}+1));;`,
    '*) [ "$r" -eq 124 ] || r=125; begin "guard-$g"; finish "guard-$g" "$r" -; g=$((g+1));;',
    'esac',
    'done',
    disk,
  ].join('\n');
}

/** Asks from the check on whose number is given; one process each, whatever its program is. An answer comes whole or not at all. */
function askingScript(guards: ProbeSet['guards'], nonce: string): string {
  const each = guards.map(({ argv, prints }, index): ShellText => {
    const asked = prints === undefined ? sh`s=''; (exec ${argv} >/dev/null 2>&1)` : sh`s=$(exec ${argv} 2>/dev/null)`;
    return sh`[ "$1" -gt ${index} ] || { ${asked}; answer ${index} "$?"; }`;
  });
  return [
    `answer() { printf '%s\\n' "@${nonce} begin guard-$1" "$s" "@${nonce} end guard-$1 $2 -"; }`,
    ...each.map((part) => part.text),
    `printf '%s\\n' '@${nonce} begin disk'`,
    'exec df -Pk /',
  ].join('\n');
}

import { quoteArguments } from '@vmstation/remote';
import { type ShellText, sh } from '../script/shell-text.ts';
import { factLinks, factTextFiles, kubernetesMarks } from './facts.ts';
import { kerberosPart } from './kerberos-database.ts';
import type { ProbeSet } from './probe.ts';

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

/** How long a check of a command may take. */
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
    textLines(probes),
    packages(probes),
    units(probes),
    links(probes),
    machine(),
    modules(probes),
    labels(probes),
    signatures(probes),
    wakeOnLan(probes),
    guards(probes),
    ...[kerberosPart(probes.kerberos)].filter((part) => part !== ''),
    `printf '%s\\n' "@${nonce} done $P"`,
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

function paths(probes: ProbeSet): string {
  return observer('path', probes.paths, '[ -e "$p" ] || [ -L "$p" ]', 'stat -c \'%a %u %g %U %G %s %F:%n\' "$@"');
}

function digests(probes: ProbeSet): string {
  return observer('digest', probes.contents, '[ -f "$p" ] && [ ! -L "$p" ]', 'sha256sum "$@"');
}

/** One program over those of the words that pass a test of the shell; the frame tells how many records must come. */
function observer(name: string, words: readonly string[], test: string, command: string): string {
  if (words.length === 0) return `begin ${name}; finish ${name} 0 0`;
  return [
    `set --; for p in ${quoteArguments(words)}; do if ${test}; then set -- "$@" "$p"; fi; done`,
    `begin ${name}; r=0; if [ "$#" -gt 0 ]; then P=$((P+1)); ${command}; r=$?; fi; finish ${name} "$r" "$#"`,
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

/** Each device by itself: wipefs names a device by the last part of its path only. It opens for reading. */
function signatures({ devices }: ProbeSet): string {
  if (devices.length === 0) return 'begin signature; finish signature 0 -';
  return `set -- ${quoteArguments(devices)}; begin signature; for p do if [ -e "$p" ]; then P=$((P+1)); printf '%s\\n' "device $p"; wipefs -p "$p"; printf '%s\\n' "status $?"; fi; done; finish signature 0 -`;
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

/** Targets of the links among the paths, in their order; each line of `link` names the one whose target follows in `target`. */
function links(probes: ProbeSet): string {
  const words = quoteArguments([...new Set([...factLinks, ...probes.paths])]);
  return [
    `set --; begin link; for p in ${words}; do if [ -L "$p" ]; then set -- "$@" "$p"; printf '%s\\n' "$p"; fi; done; finish link 0 "$#"`,
    'begin target; r=0; if [ "$#" -gt 0 ]; then P=$((P+1)); readlink "$@" 2>/dev/null; r=$?; fi',
    // BusyBox reads one link at a time.
    'if [ "$r" -ne 0 ] && [ "$#" -gt 1 ]; then r=0; for p in "$@"; do P=$((P+1)); readlink "$p" || r=$?; done; fi; finish target "$r" "$#"',
  ].join('\n');
}

function machine(): string {
  return [
    'begin kernel; P=$((P+1)); uname -rm; finish kernel "$?" 1',
    // Mostly a link that names its version; where it is not, it must be asked.
    'begin python; if [ -x /usr/bin/python3 ] && [ ! -L /usr/bin/python3 ]; then P=$((P+1)); /usr/bin/python3 -V; fi; finish python 0 -',
    'begin disk; P=$((P+1)); df -Pk /; finish disk "$?" 2',
    'begin clock; P=$((P+1)); date -u +%Y-%m-%dT%H:%M:%SZ; finish clock "$?" 1',
  ].join('\n');
}

function modules(probes: ProbeSet): string {
  if (probes.modules.length === 0) return 'begin module; finish module 0 0';
  const each = probes.modules.map((name) => {
    const folder = name.replaceAll('-', '_');
    // Names of modules that are built into the kernel stand in a list, with either sign.
    const pattern = `/${name.replaceAll(/[-_]/g, '[-_]')}[.]ko`;
    return sh`if [ -d ${`/sys/module/${folder}`} ]; then printf '%s\n' ${`loaded ${folder}`}; else set -- "$@" -e ${pattern}; fi`
      .text;
  });
  return [
    'set --; begin module',
    ...each,
    "k=''; [ ! -r /proc/sys/kernel/osrelease ] || read -r k </proc/sys/kernel/osrelease",
    'if [ "$#" -gt 0 ] && [ -r "/lib/modules/$k/modules.builtin" ]; then P=$((P+1)); grep "$@" "/lib/modules/$k/modules.builtin"; fi',
    'finish module 0 -',
  ].join('\n');
}

function guards(probes: ProbeSet): string {
  const each = probes.guards.map(
    ({ argv }): ShellText => sh`P=$((P+2)); timeout ${guardSeconds} ${argv} >/dev/null 2>&1; printf '%s\n' "$?"`,
  );
  return ['begin guard', ...each.map((part) => part.text), `finish guard 0 ${each.length}`].join('\n');
}

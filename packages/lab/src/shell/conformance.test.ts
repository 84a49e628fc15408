import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runAtConsole } from '../machine/console.ts';
import { Machine } from '../machine/machine.ts';

/*
 * Each snippet runs under this computer's dash in an empty folder and in a simulated Debian machine; standard output and exit
 * status must be the same, byte for byte.
 */
const snippets: readonly string[] = [
  // Quoting and expansion
  `a='x y'; set -- $a; echo $# "$a" '$a' \\$a`,
  `x=; echo "[\${x:-d}]" "[\${x-d}]" "[\${y-d}]" "[\${x:+s}]" "[\${y+s}]"`,
  `p=/a/b/c.tar.gz; echo \${p##*/} \${p#*/} \${p%.*} \${p%%.*} \${#p}`,
  `x='a*b'; echo "\${x%\\*b}" "\${x#a\\*}"`,
  `unset u; echo "\${u:=def}" "$u"`,
  `echo $((1+2*3)) $((7/2)) $((-7%3)) $((1<<4)) $((5>3&&2>1)) $((x=4)) $x $((010)) $((0xff))`,
  `i=5; i=$((i+1)); echo $((i*i)) $(( i > 3 ? 1 : 2 ))`,
  `IFS=:; set -- a:b::c; v=a:b::c; set -- $v; echo $# "$1" "$3" "$4"`,
  `IFS=', '; v='a, b,c , d'; set -- $v; echo $#; for i; do echo "[$i]"; done`,
  `set -- 'a b' c; for i in "$@"; do echo "[$i]"; done; for i in "$*"; do echo "[$i]"; done; for i in $@; do echo "[$i]"; done`,
  `set --; for i in "$@"; do echo never; done; echo "n$#" "\${1-none}"`,
  `set -- a b c; shift; echo "$1 $#"; shift 2; echo $#`,
  `x="a
b"; echo $x; echo "$x"`,
  `echo "a\\tb" 'c\\nd'; echo -n x; echo; echo -e y`,
  `printf '%s|%5d|%-5s|%05d|%x|%o|%c\\n' a 42 b 42 255 8 xyz`,
  `printf '%s %s\\n' a b c; printf '%b' 'x\\ty\\n'; printf '\\101\\n'; printf '%%\\n'`,
  `printf '\\377\\000\\001' | od -An -tx1`,
  `printf '%d %d\\n' 0x10 010; printf '%s\\n'; printf 'no newline'`,
  `x=$(printf 'a\\n\\n\\n'); echo "[$x]"; echo "[$(echo a; echo b)]"`,
  `echo "$(echo "nested $(echo 'deep "q"')")" \`echo back\``,
  `cd /; echo ~root; echo ~/x | sed "s,$HOME,HOME,"`,
  `touch b.txt a.txt .hid; echo *.txt; echo .h*; echo *.none; echo [ab].txt; echo "*.txt"; set -f; echo *.txt`,
  `mkdir -p d/e; touch d/1 d/e/2; echo d/* */e/*; echo d/e/../1`,
  // Control flow
  `if false; then echo a; elif true; then echo b; else echo c; fi`,
  `case abc in a) echo 1;; a*c) echo 2;; *) echo 3;; esac; case x in [a-f]|x) echo y;; esac; case "a b" in *" "*) echo sp;; esac`,
  `case '*' in '*') echo star;; esac; v='*'; case abc in "$v") echo no;; $v) echo yes;; esac`,
  `i=0; while [ $i -lt 5 ]; do i=$((i+1)); [ $i -eq 2 ] && continue; [ $i -eq 4 ] && break; echo $i; done; echo end $i`,
  `for a in 1 2; do for b in x y; do [ $b = y ] && continue 2; echo $a$b; done; done`,
  `for a in 1 2; do for b in x y; do break 2; done; done; echo $a$b`,
  `until [ -e f ]; do touch f; done; echo made`,
  `f() { echo "in $1 $#"; return 3; echo no; }; f a b; echo $?`,
  `f() { local x=1; x=2; echo $x; }; x=o; f; echo $x`,
  `f() { g() { echo g; }; }; f; g; fact() { [ $1 -le 1 ] && { echo 1; return; }; echo $(( $1 * $(fact $(($1-1))) )); }; fact 6`,
  `true && echo a || echo b; false && echo c || echo d; ! true; echo $?; ! false; echo $?`,
  `(exit 4); echo $?; { echo group; }; (x=1; cd /; echo sub); echo "\${x-unset}"`,
  `false || { r=$?; echo $r; }; (exit 3); for i in 1; do echo $?; done; (exit 4); case a in a) echo $?;; esac; if (exit 5); then :; else echo $?; fi`,
  `false; case a in b) ;; esac; echo $?; false; case a in a) ;; esac; echo $?; false; for i in; do :; done; echo $?; f() { (exit 6) || { r=$?; return "$r"; }; }; f; echo $?`,
  // set -e
  `set -e; false || echo ok; if false; then :; fi; ! true; false && true; echo still`,
  `set -e; f() { false; echo no; }; f || echo caught; f; echo never`,
  `set -e; x=$(false); echo never`,
  `set -e; (false; echo no); echo never`,
  `set -e; false | true; echo piped; true | false; echo never`,
  `set -eu; echo "\${x-}"; echo $x; echo never`,
  `set -u; echo before; echo "$nope"; echo after`,
  // Redirection and pipes
  `echo a >f; echo b >>f; cat f; cat <f; wc -l <f`,
  `{ echo out; echo err >&2; } 2>/dev/null; { echo out; echo err >&2; } 2>&1 | sort`,
  `exec 3>f; echo three >&3; exec 3>&-; cat f; exec 4<f; read l <&4; echo "$l"`,
  `cat <<E
$((1+1)) "q" 'q' \\$x \\\\ $(echo sub)
E
cat <<'E'
$((1+1)) \\$x
E
cat <<-E
	tab
	E`,
  `cat <<A; cat <<B
a
A
b
B`,
  `while read -r a b; do echo "$b-$a"; done <<E
1 2 3
  x   y  
\\n z
E`,
  `printf 'a b\\nc' | while read -r l; do echo "[$l]"; done; printf 'c' | { read l; echo "$? $l"; }`,
  `printf 'x:y:z\\n' | { IFS=: read -r a b; echo "$a|$b"; }; printf 'a\\\\b\\n' | { read x; echo "$x"; }; printf 'a\\\\b\\n' | { read -r x; echo "$x"; }`,
  `printf '  lead\\n' | { IFS= read -r l; echo "[$l]"; }; printf 'a\\\\\\nb\\n' | { read l; echo "$l"; }`,
  `echo hi | { cat; echo more; } | tr a-z A-Z; yes | head -n 2; seq 5 | tail -n +4`,
  `x=1; echo 2 | { read x; echo $x; }; echo $x; false | true; echo $?`,
  `cat nofile 2>/dev/null; echo $?; nosuchcommand 2>/dev/null; echo $?; ./f 2>/dev/null; echo $?`,
  `echo x >nodir/f; echo $?`,
  `: >f; [ -s f ] && echo no; echo x >f; [ -s f ] && echo yes; set -C; echo y >f; echo $?; echo z >|f; cat f`,
  // Built-ins
  `trap 'echo bye $?' EXIT; echo hi; exit 3`,
  `trap 'echo bye' EXIT; (echo sub); echo main`,
  `(trap 'echo subbye' EXIT; exit 2); echo $?`,
  `trap 'echo term' TERM; kill -TERM $$; echo after`,
  `f() { trap 'echo out' EXIT; }; f; echo done; set -e; false`,
  `umask 022; (umask 077; echo x >a); echo y >b; stat -c '%a %n' a b; umask; umask -S`,
  `eval 'x=1; echo $x'; eval "echo \\"a  b\\""; echo 'echo sourced $1; return 5' >s; . ./s; echo $?`,
  `command -v cd; command -v nosuch; echo $?; type true >/dev/null; echo $?; command echo x`,
  `export A=1; sh -c 'echo $A'; B=2 sh -c 'echo $B'; echo "\${B-unset}"; readonly R=1; echo $R`,
  `set -- -a -b val -c rest; while getopts ab:c o; do echo "$o \${OPTARG-}"; done; shift $((OPTIND-1)); echo $*`,
  `sh -c 'echo $0 $1 $2' zero one two; sh -s a b <<E
echo $# $1
E`,
  `sleep 0.05 & p=$!; wait $p; echo $?; (exit 7) & wait $!; echo $?`,
  `test a = a -a b = b; echo $?; [ ! -e nofile ]; echo $?; [ "" ]; echo $?; [ a -lt b ] 2>/dev/null; echo $?; [ -n a ] && [ -z '' ]; echo $?`,
  `[ 1 -eq 01 ]; echo $?; [ a != b ]; echo $?; [ ! a = b ]; echo $?; [ -d . -a ! -f . ]; echo $?; [ \\( a = a \\) -o b = c ]; echo $?`,
  `x=5; unset x; echo "\${x-gone}"; f() { :; }; unset -f f; f 2>/dev/null; echo $?`,
  `set -x 2>/dev/null; set +x; echo $-; set -o noglob; echo *; set +o noglob`,
  `pwd | sed "s,.*/,,"  >/dev/null; cd /tmp; pwd; cd /; cd tmp; pwd; cd - `,
  `exec echo replaced; echo never`,
  `sh -c 'exit 300'; echo $?; sh -c 'kill -9 $$' 2>/dev/null; echo $?`,
  `echo a; exit; echo b`,
  // Programs
  `printf 'b 2\\na 1\\nc 3\\n' | sort -k2 -n -r; printf 'a\\na\\nb\\n' | uniq -c | awk '{print $2,$1}'; printf 'a:b:c\\n' | cut -d: -f1,3`,
  `printf 'one two\\nthree\\n' | awk '{ n += NF } END { print n, NR }'; echo 'k=v' | awk -F= '{print $2}'; A=x awk 'BEGIN { print ENVIRON["A"] }'; awk -v v=3 'BEGIN { print v*2 }'`,
  `printf 'a\\nb\\nc\\n' | sed -n '2p'; echo abc | sed 's/b/[&]/;s/a/\\//'; echo 'a.b' | sed -E 's/(.)\\.(.)/\\2-\\1/'; printf 'x\\ny\\n' | sed '/x/d'; printf '1\\n2\\n3\\n' | sed '$d'`,
  `printf 'a=1\\nb=2\\n' >c; sed -i.bak 's/1/9/' c; cat c c.bak; sed -i '/b/a c=3' c; cat c`,
  `printf 'foo\\nbar\\nbaz\\n' >g; grep -c ba g; grep -n '^b.z$' g; grep -v o g; grep -q nope g; echo $?; grep -E 'foo|baz' g; grep -xF bar g; grep -o 'a.' g; grep -H '' g | head -1; grep x nofile 2>/dev/null; echo $?`,
  `printf 'a b\\nc\\n' | xargs; printf 'a\\nb\\n' | xargs -n1 echo x; printf 'a b\\nc\\n' | xargs -I{} echo '<{}>'; printf 'a\\0b c\\0' | xargs -0 -n1 echo; true | xargs -r echo none`,
  `echo data >f; sha256sum f; sha256sum f >s; sha256sum -c s; echo changed >f; sha256sum -c s 2>/dev/null; echo $?; sha256sum nofile f 2>/dev/null; echo $?`,
  `mkdir -m 750 d; touch d/f; chmod 640 d/f; chmod u+x,g-r,o=r d/f; stat -c '%a %F %s' d d/f | sed 's/ [0-9]*$//'; ln -s f d/l; readlink d/l; stat -c '%F %N' d/l; ls d`,
  `echo x >a; cp -p a b; mv a c; ls; cp a d 2>/dev/null; echo $?; rm -f a b; ls; rm nofile 2>/dev/null; echo $?; mkdir d; rmdir d; ls -a`,
  `mkdir -p x/y; echo 1 >x/y/f; find x -type f; find x -name 'y*'; find x -type d | sort; find x -name f -exec cat {} \\;; rm -rf x; find x 2>/dev/null; echo $?`,
  `echo hello | base64; echo aGVsbG8K | base64 -d; printf 'abc' | base64 -w0; echo; head -c 3 /dev/zero | od -An -tx1; echo abc | tr -d b; echo aab | tr -s a; printf 'ab' | tr '\\n' ' '; echo`,
  `basename /a/b.c .c; dirname /a/b/c; basename /; dirname a; seq 1 3; expr 1 + 2; expr abc : 'a\\(.*\\)'`,
  `timeout 0.05 sleep 2; echo $?; timeout 5 true; echo $?; env -i A=1 /usr/bin/env | grep A=; env X=2 sh -c 'echo $X'`,
  `f=$(mktemp); [ -f "$f" ] && stat -c %a "$f"; rm "$f"; d=$(mktemp -d); stat -c '%a %F' "$d"; rmdir "$d"`,
  `install -d -m 700 d; echo a >s; install -m 600 s d/t; stat -c '%a' d d/t; cat d/t; echo x | tee t1 t2; cat t1 t2; cmp t1 t2; echo $?; cmp -s t1 s; echo $?`,
  `echo z >a; ln -s a l; ln -sfn b l; readlink l; echo n >n; ln n n2; stat -c %h n; test n -ef n2; echo $?; readlink -f n | sed 's,.*/,,'`,
  `printf '#!/bin/sh\\necho script $1\\n' >s; chmod +x s; ./s arg; sh s x; printf 'echo plain\\n' >p; chmod +x p; ./p`,
  `head -c 2 <<E
abcdef
E
echo; tail -c 3 <<E
abcdef
E
printf 'a\\nb\\nc\\n' | head -n -1; printf 'a\\nb\\nc\\n' | tail -n 1; wc -c <<E
12345
E`,
  `main() { echo "in main"; cat; }; main </dev/null; n=1; eval "change_$n() { echo changed; }"; "change_$n"`,
];

let machine: Machine;
const folders: string[] = [];
const hasDash = existsSync('/usr/bin/dash') || existsSync('/bin/dash');

beforeAll(async () => {
  machine = new Machine({
    name: 'shell',
    face: 'debian-12',
    nics: [{ name: 'enp1s0', mac: '02:00:00:00:00:01', ip: '192.168.4.9' }],
  });
  await machine.begin(false);
});
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

async function inLab(snippet: string, number: number) {
  const cwd = `/tmp/case${number}`;
  machine.files.folder(cwd);
  const env = { HOME: cwd, LC_ALL: 'C' };
  const { exitCode, stdout } = await runAtConsole(machine, { argv: ['sh', '-c', snippet], cwd, env });
  return { exitCode, stdout: Buffer.from(stdout).toString('latin1') };
}

function inDash(snippet: string) {
  const cwd = mkdtempSync(join(tmpdir(), 'lab-shell-'));
  folders.push(cwd);
  const env = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', HOME: cwd, LC_ALL: 'C' };
  const result = spawnSync('dash', ['-c', snippet], {
    cwd,
    env,
    encoding: 'latin1',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return { exitCode: result.status ?? 128, stdout: result.stdout };
}

test.skipIf(!hasDash).each(snippets.map((snippet, number) => [snippet, number] as const))(
  'as dash: %s',
  async (snippet, number) => {
    expect(await inLab(snippet, number)).toEqual(inDash(snippet));
  },
);

test('a check of many resources takes less than a tenth of a second of the processor', async () => {
  const parts = Array.from(
    { length: 60 },
    (_, index) => `probe_${index}() {
  if [ -e "/etc/x${index}" ]; then printf '%s\\n' "$(stat -c '%a %U' "/etc/x${index}")"; else echo absent; fi
  case "$1" in a*) x=1;; *) x=\${1%%:*};; esac
}
probe_${index} "b:c"
while read -r a b; do :; done <<E
1 2
3 4
E`,
  );
  await runAtConsole(machine, { argv: ['sh', '-s'], stdin: parts.join('\n') });
  const times: number[] = [];
  for (let run = 0; run < 5; run += 1) {
    const began = process.cpuUsage();
    const { exitCode } = await runAtConsole(machine, { argv: ['sh', '-s'], stdin: `${parts.join('\n')}\n` });
    expect(exitCode).toBe(0);
    const { user, system } = process.cpuUsage(began);
    times.push((user + system) / 1000);
  }
  expect(Math.min(...times)).toBeLessThan(100);
});

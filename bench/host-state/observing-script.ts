import type { Resource } from '@vmstation/core';
import { quoteArguments } from '@vmstation/remote';
import { kindOf } from '../../packages/host/src/kinds/registry.ts';
import { mergeProbes } from '../../packages/host/src/observe/probe.ts';

/**
 * What somebody who knows these machines would write by hand to look at the same things: one program a sort, no framing, no test whether anything is
 * there, nothing for other systems. It prices the looking alone; what it prints is compared with what it printed before.
 */
export function observingScript(resources: readonly Resource[]): string {
  const probes = mergeProbes(resources.flatMap((resource) => kindOf(resource).probes(resource)));
  const keys = probes.keyUsers.map((user) => (user === 'root' ? '/root' : `/home/${user}`));
  const texts = [...probes.lines, ...keys.map((home) => `${home}/.ssh/authorized_keys`)];
  const properties = 'Id,LoadState,ActiveState,SubState,UnitFileState,NeedDaemonReload';
  return [
    'LC_ALL=C; export LC_ALL; exec 2>/dev/null',
    line("stat -c '%n %F %a %U %G'", probes.paths),
    line('sha256sum', probes.contents),
    line("grep -H ''", texts),
    line("dpkg-query -W -f='${Package} ${Status} ${Version}\\n'", probes.packages),
    line(`systemctl show --property=${properties}`, probes.units),
    // Readlink says nothing of what is no link.
    line('readlink', probes.paths),
    'true',
    '',
  ].join('\n');
}

function line(program: string, words: readonly string[]): string {
  return words.length === 0 ? ':' : `${program} ${quoteArguments(words)}`;
}

import type { Difference, HostnameResource } from '@vmstation/core';
import { lines, sh } from '../../script/shell-text.ts';
import { defineKind, difference, rank } from '../kind.ts';
import { writeFile } from '../write-file.ts';

const file = '/etc/hostname';
const inForce = '/proc/sys/kernel/hostname';

/** The host name in /etc/hostname and the one in force. Read and written as files: hostnamectl waits for a bus that may not answer. */
export const hostnameKind = defineKind<HostnameResource, { readonly static: string; readonly running: string }>({
  kind: 'hostname',
  rank: rank.file,
  probes: () => [
    { see: 'content', path: file },
    { see: 'lines', path: file },
    { see: 'lines', path: inForce },
  ],
  read: (_want, seen) => ({
    static: (seen.linesOf(file) ?? []).find((line) => line.trim() !== '' && !line.startsWith('#'))?.trim() ?? '',
    running: seen.linesOf(inForce)?.[0]?.trim() ?? '',
  }),
  diff({ name }, seen) {
    const found: Difference[] = [];
    if (seen.static !== name) found.push(difference('at boot', name, seen.static || '(none)'));
    if (seen.running !== name) found.push(difference('running', name, seen.running));
    return found;
  },
  apply: ({ name }, seen, context) => ({
    keeps: [file],
    expects: [{ show: sh`cat ${inForce}`, seen: seen.running }],
    change: lines(
      seen.static === name ? undefined : writeFile({ path: file, content: `${name}\n`, mode: '0644' }, context),
      seen.running === name ? undefined : sh`printf '%s\n' ${name} >${inForce}; cat ${inForce} >"$RUN/value.$n"`,
    ),
    ...(seen.running === name
      ? {}
      : {
          undo: sh`may_put_back 'the host name in force' "$(cat ${inForce})" ${seen.running}; printf '%s\n' ${seen.running} >${inForce}`,
        }),
  }),
});

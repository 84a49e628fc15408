import type { Difference, SysctlResource } from '@vmstation/core';
import { lines, sh } from '../../script/shell-text.ts';
import { defineKind, difference, rank } from '../kind.ts';

/** Where our kernel settings stand for the next boot. */
export const sysctlFile = '/etc/sysctl.d/90-vmstation.conf';

interface SysctlSeen {
  readonly running: string | undefined;
  readonly atBoot: string | undefined;
}

/** A kernel setting, as it runs and as it is set at boot. Blanks between values count as one. */
export const sysctlKind = defineKind<SysctlResource, SysctlSeen>({
  kind: 'sysctl',
  rank: rank.sysctl,
  probes: ({ key }) => [
    { see: 'lines', path: sysctlPath(key) },
    { see: 'lines', path: sysctlFile },
    { see: 'content', path: sysctlFile },
  ],
  read: ({ key }, seen) => ({
    running: seen.linesOf(sysctlPath(key))?.join('\n'),
    atBoot: (seen.linesOf(sysctlFile) ?? [])
      .map((line) => settingOf(line, key))
      .findLast((value) => value !== undefined),
  }),
  diff({ value, setAtBootBy }, seen) {
    const want = oneBlank(value);
    const found: Difference[] = [];
    const running = seen.running === undefined ? '(no such setting)' : oneBlank(seen.running);
    if (running !== want) found.push(difference('running', want, running));
    // What our file says about it may be left from before, and would win or lose by its name.
    if (setAtBootBy !== undefined && seen.atBoot === undefined) return found;
    const atBoot = seen.atBoot === undefined ? '(not set)' : oneBlank(seen.atBoot);
    if (atBoot !== want) found.push(difference('at boot', want, atBoot));
    return found;
  },
  apply({ key, value, setAtBootBy }, seen) {
    const path = sysctlPath(key);
    const before = seen.running;
    const isSetAtBoot =
      seen.atBoot === undefined ? setAtBootBy !== undefined : oneBlank(seen.atBoot) === oneBlank(value);
    return {
      keeps: [sysctlFile],
      expects: [{ show: sh`cat ${path} 2>/dev/null`, seen: before ?? '' }],
      change: lines(
        // First in force: what the kernel refuses is not left for the next boot.
        before !== undefined && oneBlank(before) === oneBlank(value) ? undefined : sh`printf '%s\n' ${value} >${path}`,
        isSetAtBoot ? undefined : sh`setting ${sysctlFile} ${key} ${`${key} = ${value}`}`,
      ),
      ...(before === undefined ? {} : { undo: sh`printf '%s\n' ${before} >${path}` }),
    };
  },
});

/** The file of a setting: in a key with slashes the dots are part of names (sysctl(8)). */
function sysctlPath(key: string): string {
  return `/proc/sys/${key.includes('/') ? key : key.replaceAll('.', '/')}`;
}

function settingOf(line: string, key: string): string | undefined {
  const parts = /^\s*-?\s*([^#;=\s][^=]*?)\s*=\s*(.*?)\s*$/.exec(line);
  return parts?.[1] === key ? parts[2] : undefined;
}

function oneBlank(value: string): string {
  return value.trim().replaceAll(/\s+/g, ' ');
}

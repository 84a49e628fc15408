import type { Difference, SysctlResource } from '@vmstation/core';
import type { Observations } from '../../observe/observations.ts';
import { lines, sh } from '../../script/shell-text.ts';
import { defineKind, difference, rank } from '../kind.ts';

/**
 * Where our kernel settings stand for the next boot. The last file by name counts: /etc/sysctl.conf, which Debian and RHEL link as
 * 99-sysctl.conf, and what Kubespray writes go before it.
 */
export const sysctlFile = '/etc/sysctl.d/99-zz-vmstation.conf';

interface SysctlSeen {
  readonly running: string | undefined;
  /** What the next boot sets it to, and by which file. */
  readonly atBoot: { readonly value: string; readonly file: string } | undefined;
  /** What our own file sets it to. */
  readonly ours: string | undefined;
}

/** A kernel setting, as it runs and as it is set at boot. Blanks between values count as one. */
export const sysctlKind = defineKind<SysctlResource, SysctlSeen>({
  kind: 'sysctl',
  rank: rank.sysctl,
  probes: ({ key }) => [
    { see: 'lines', path: sysctlPath(key) },
    ...folders.map((folder) => ({ see: 'texts', glob: `${folder}/*.conf` }) as const),
    { see: 'content', path: sysctlFile },
  ],
  read: ({ key }, seen) => ({
    running: seen.linesOf(sysctlPath(key))?.join('\n'),
    atBoot: bootSettings(seen).get(sysctlPath(key)),
    ours: settingsIn(seen.linesOf(sysctlFile) ?? []).get(sysctlPath(key)),
  }),
  diff({ value, setAtBootBy }, seen) {
    const want = oneBlank(value);
    const found: Difference[] = [];
    const running = seen.running === undefined ? '(no such setting)' : oneBlank(seen.running);
    if (running !== want) found.push(difference('running', want, running));
    // What our file says about it may be left from before, and would win or lose by its name.
    if (setAtBootBy !== undefined && seen.ours === undefined) return found;
    const { atBoot } = seen;
    if (atBoot === undefined || oneBlank(atBoot.value) !== want) {
      const by = atBoot === undefined || atBoot.file === sysctlFile ? '' : ` (by ${atBoot.file})`;
      found.push(difference('at boot', want, atBoot === undefined ? '(not set)' : `${oneBlank(atBoot.value)}${by}`));
    }
    return found;
  },
  apply({ key, value, setAtBootBy }, seen) {
    const path = sysctlPath(key);
    const before = seen.running;
    const later =
      seen.atBoot !== undefined && isLater(seen.atBoot.file) && oneBlank(seen.atBoot.value) !== oneBlank(value)
        ? seen.atBoot
        : undefined;
    const isOurs = seen.ours === undefined ? setAtBootBy !== undefined : oneBlank(seen.ours) === oneBlank(value);
    const runs = before !== undefined && oneBlank(before) === oneBlank(value);
    return {
      keeps: [sysctlFile],
      expects: [{ show: sh`cat ${path} 2>/dev/null`, seen: before ?? '' }],
      change: lines(
        // First in force: what the kernel refuses is not left for the next boot.
        runs ? undefined : sh`printf '%s\n' ${value} >${path}; cat ${path} >"$RUN/value.$n"`,
        isOurs ? undefined : sh`setting ${sysctlFile} ${key} ${`${key} = ${value}`}`,
        later === undefined
          ? undefined
          : sh`echo ${`at the next boot ${later.file} sets it to ${later.value}, after ours: remove its line`}; exit 1`,
      ),
      ...(before === undefined || runs
        ? {}
        : { undo: sh`may_put_back ${key} "$(cat ${path})" ${before}; printf '%s\n' ${before} >${path}` }),
    };
  },
});

/** The file of a setting: in a key with slashes the dots are part of names (sysctl(8)). */
function sysctlPath(key: string): string {
  return `/proc/sys/${key.includes('/') ? key : key.replaceAll('.', '/')}`;
}

/** Folders of sysctl.d(5): a file of an earlier one takes the place of its namesakes in later ones. */
const folders = ['/etc/sysctl.d', '/run/sysctl.d', '/usr/local/lib/sysctl.d', '/usr/lib/sysctl.d'] as const;

/** What a boot sets, by path below /proc/sys, and by which file. */
type BootSettings = ReadonlyMap<string, { readonly value: string; readonly file: string }>;

/** Read once for all settings of a node. */
const knownBootSettings = new WeakMap<Observations, BootSettings>();

/** The last assignments in the order of the files' names, whatever their folders. Patterns of keys are not read: a plain key goes before them. */
function bootSettings(seen: Observations): BootSettings {
  const known = knownBootSettings.get(seen);
  if (known !== undefined) return known;
  const byName = new Map<string, readonly [file: string, text: readonly string[]]>();
  for (const folder of folders) {
    for (const [file, text] of seen.textsBelow(`${folder}/`)) {
      const name = file.slice(folder.length + 1);
      if (!byName.has(name)) byName.set(name, [file, text]);
    }
  }
  const inOrder = [...byName].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one);
  const settings: BootSettings = new Map(
    inOrder.flatMap(([file, text]) => [...settingsIn(text)].map(([path, value]) => [path, { value, file }])),
  );
  knownBootSettings.set(seen, settings);
  return settings;
}

function isLater(file: string): boolean {
  return nameOf(file) > nameOf(sysctlFile);
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** What the lines of a file set, by path below /proc/sys: the last assignment of each. */
function settingsIn(text: readonly string[]): ReadonlyMap<string, string> {
  return new Map(
    text.flatMap((line) => {
      const parts = /^\s*-?\s*([^#;=\s][^=]*?)\s*=\s*(.*?)\s*$/.exec(line);
      return parts === null ? [] : [[sysctlPath(parts[1] ?? ''), parts[2] ?? ''] as const];
    }),
  );
}

function oneBlank(value: string): string {
  return value.trim().replaceAll(/\s+/g, ' ');
}

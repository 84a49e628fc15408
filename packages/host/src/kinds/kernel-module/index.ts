import type { Difference, KernelModuleResource } from '@vmstation/core';
import { lines, sh } from '../../script/shell-text.ts';
import { defineKind, difference, rank } from '../kind.ts';

/** Where the modules that we want at boot are named. */
export const modulesFile = '/etc/modules-load.d/vmstation.conf';

/** A kernel module: loaded now, and at boot. */
export const kernelModuleKind = defineKind<
  KernelModuleResource,
  { readonly loaded: boolean; readonly atBoot: boolean }
>({
  kind: 'kernel-module',
  rank: rank.kernelModule,
  probes: ({ name }) => [
    { see: 'module', name },
    { see: 'lines', path: modulesFile },
    { see: 'content', path: modulesFile },
  ],
  read: ({ name }, seen) => ({
    loaded: seen.moduleLoaded(name),
    atBoot: (seen.linesOf(modulesFile) ?? []).some((line) => line.trim() === name),
  }),
  diff(_want, { loaded, atBoot }) {
    const found: Difference[] = [];
    if (!loaded) found.push(difference('running', 'loaded', 'not loaded'));
    if (!atBoot) found.push(difference('at boot', 'loaded', 'not named'));
    return found;
  },
  apply: ({ name }, { loaded, atBoot }) => ({
    keeps: [modulesFile],
    change: lines(
      loaded ? undefined : sh`modprobe ${name}`,
      atBoot ? undefined : sh`setting ${modulesFile} '' ${name}`,
    ),
    ...(loaded
      ? {}
      : { undo: sh`if [ -d ${`/sys/module/${name.replaceAll('-', '_')}`} ]; then modprobe -r ${name}; fi` }),
  }),
});

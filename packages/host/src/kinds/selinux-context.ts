import type { Difference } from '@vmstation/core';
import type { Observations } from '../observe/observations.ts';
import type { Probe } from '../observe/probe.ts';
import { type ShellText, sh } from '../script/shell-text.ts';
import { difference } from './kind.ts';

/** A path whose SELinux type may be declared. */
interface Labelled {
  readonly path: string;
  readonly context?: string;
}

/** The SELinux type of a path. Where SELinux is off, a declared type means nothing. */
export interface ContextSeen {
  readonly isOn: boolean;
  readonly type: string | undefined;
}

/** Only declared types are looked at. */
export function contextProbes({ path, context }: Labelled): readonly Probe[] {
  return context === undefined ? [] : [{ see: 'context', path }];
}

/** @throws Unreadable */
export function readContext({ path, context }: Labelled, seen: Observations): ContextSeen {
  return { isOn: seen.hasSelinux, type: context === undefined ? undefined : seen.contextType(path) };
}

/** What differs of the type. */
export function contextDifferences({ context }: Labelled, { isOn, type }: ContextSeen): readonly Difference[] {
  if (context === undefined || !isOn || context === type) return [];
  return [difference('context', context, type ?? '(none)')];
}

/** Sets the declared type; it comes after the label that the policy wants, which every write gives. */
export function setContext({ path, context }: Labelled, { isOn }: ContextSeen): ShellText | undefined {
  return context === undefined || !isOn ? undefined : sh`chcon -t ${context} ${path}`;
}

/** Sets the type that was found; for a rollback, after the path is as it was. */
export function resetContext({ path, context }: Labelled, { isOn, type }: ContextSeen): ShellText | undefined {
  return context === undefined || !isOn || type === undefined ? undefined : sh`chcon -t ${type} ${path}`;
}

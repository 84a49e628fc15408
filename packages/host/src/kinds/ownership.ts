import type { Difference, Ownership } from '@vmstation/core';
import type { PathSeen } from '../observe/observations.ts';
import { difference } from './kind.ts';

/** What differs of owner, group and mode; names and numbers are both understood, undeclared ones are not looked at. */
export function ownershipDifferences(want: Ownership, seen: PathSeen): readonly Difference[] {
  const found: Difference[] = [];
  if (want.owner !== undefined && want.owner !== seen.owner && want.owner !== seen.uid)
    found.push(difference('owner', want.owner, seen.owner));
  if (want.group !== undefined && want.group !== seen.group && want.group !== seen.gid)
    found.push(difference('group', want.group, seen.group));
  if (want.mode !== undefined && octal(want.mode) !== octal(seen.mode))
    found.push(difference('mode', fourDigits(want.mode), fourDigits(seen.mode)));
  return found;
}

function octal(mode: string): string {
  return mode.replace(/^0+(?=.)/, '');
}

function fourDigits(mode: string): string {
  return octal(mode).padStart(4, '0');
}

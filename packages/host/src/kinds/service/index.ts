import type { Difference, ServiceResource } from '@vmstation/core';
import type { UnitSeen } from '../../observe/observations.ts';
import { lines, sh } from '../../script/shell-text.ts';
import { defineKind, difference, rank } from '../kind.ts';

/** States of a unit file that count as enabled: the last four have nothing to enable, they are pulled in by others. */
const enabledStates: readonly string[] = [
  'enabled',
  'enabled-runtime',
  'alias',
  'static',
  'indirect',
  'generated',
  'linked',
];
const switchedOn: readonly string[] = ['enabled', 'enabled-runtime', 'alias'];

/** A unit's state: enabled at boot, active now, masked. */
export const serviceKind = defineKind<ServiceResource, UnitSeen>({
  kind: 'service',
  rank: rank.service,
  probes: ({ unit }) => [{ see: 'unit', unit }],
  read: ({ unit }, seen) => seen.unit(unit),
  diff(want, seen) {
    const file = seen.get('UnitFileState') ?? '';
    const active = seen.get('ActiveState') ?? '';
    const known = seen.get('LoadState') !== 'not-found';
    const masked = isMasked(seen);
    const found: Difference[] = [];
    if (want.masked !== undefined && want.masked !== masked)
      found.push(difference('masked', yesNo(want.masked), yesNo(masked)));
    if (want.enabled === true && !(known && enabledStates.includes(file)))
      found.push(difference('enabled', 'yes', known ? file || 'no' : 'not installed'));
    if (want.enabled === false && switchedOn.includes(file)) found.push(difference('enabled', 'no', file));
    if (want.active === true && !isActive(seen))
      found.push(difference('active', 'yes', known ? activity(seen) : 'not installed'));
    if (want.active === false && active !== 'inactive' && active !== 'failed')
      found.push(difference('active', 'no', activity(seen)));
    return found;
  },
  apply(want, seen) {
    const { unit } = want;
    const file = seen.get('UnitFileState') ?? '';
    const wasActive = ['active', 'activating', 'reloading'].includes(seen.get('ActiveState') ?? '');
    const wasEnabled = switchedOn.includes(file);
    return {
      keeps: [],
      expects: [
        { show: sh`systemctl show --no-pager --property=UnitFileState -- ${unit}`, seen: `UnitFileState=${file}` },
      ],
      change: lines(
        want.masked === false ? sh`systemctl unmask -- ${unit}` : undefined,
        // A package may have enabled it meanwhile; asking costs less than update-rc.d, which systemctl calls for units with an init script.
        want.enabled === true
          ? sh`systemctl is-enabled --quiet -- ${unit} || systemctl enable --no-reload -- ${unit}`
          : undefined,
        want.enabled === false ? sh`systemctl disable --no-reload -- ${unit}` : undefined,
        want.active === true ? sh`start ${unit}` : undefined,
        want.active === false ? sh`halt ${unit}` : undefined,
        want.masked === true ? sh`systemctl mask -- ${unit}` : undefined,
      ),
      undo: lines(
        want.masked === undefined || isMasked(seen) ? undefined : sh`systemctl unmask -- ${unit}`,
        want.active === true && !wasActive ? sh`each stop "$RUN/woken.$n"; systemctl stop -- ${unit}` : undefined,
        want.enabled === true && !wasEnabled ? sh`systemctl disable -- ${unit}` : undefined,
        want.enabled === false && wasEnabled ? sh`systemctl enable -- ${unit}` : undefined,
        want.active === false && wasActive ? sh`each start "$RUN/halted.$n"; systemctl start -- ${unit}` : undefined,
        want.masked === false && isMasked(seen) ? sh`systemctl mask -- ${unit}` : undefined,
      ),
      ...(want.active === true ? { watches: unit } : {}),
      enablesUnits: want.enabled !== undefined,
    };
  },
  standsOn: ({ unit }) => [`unit:${unit}`],
});

function isMasked(seen: UnitSeen): boolean {
  return seen.get('LoadState') === 'masked' || (seen.get('UnitFileState') ?? '').startsWith('masked');
}

function isActive(seen: UnitSeen): boolean {
  const active = seen.get('ActiveState');
  return active === 'active' || active === 'reloading';
}

function activity(seen: UnitSeen): string {
  const active = seen.get('ActiveState') ?? 'unknown';
  const sub = seen.get('SubState') ?? '';
  return sub === '' || sub === active || sub === 'dead' ? active : `${active} (${sub})`;
}

function yesNo(value: boolean): string {
  return value ? 'yes' : 'no';
}

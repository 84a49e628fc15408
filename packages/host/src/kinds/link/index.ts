import type { Difference, LinkResource } from '@vmstation/core';
import type { PathSeen } from '../../observe/observations.ts';
import { lines, sh } from '../../script/shell-text.ts';
import { defineKind, difference, rank } from '../kind.ts';
import { writeFile } from '../write-file.ts';

interface LinkSeen {
  /** Undefined: there is no such card. */
  readonly mtu: string | undefined;
  /** What ethtool says after `Wake-on:`; undefined when it cannot tell. */
  readonly wakeOn: string | undefined;
  readonly unit: readonly string[] | undefined;
  readonly enabled: PathSeen;
}

/**
 * Settings of a network card, in force and at boot. At boot a unit of ours sets them: the first .link file that fits a card is the only one that
 * counts (systemd.link(5)), so one of ours would take the card's name and address policy away from the system's own.
 */
export const linkKind = defineKind<LinkResource, LinkSeen>({
  kind: 'link',
  rank: rank.sysctl,
  probes: (want) => [
    { see: 'lines', path: `/sys/class/net/${want.name}/mtu` },
    { see: 'content', path: unitPath(want) },
    { see: 'lines', path: unitPath(want) },
    { see: 'path', path: wantsPath(want) },
    ...(want.wakeOnLan === undefined ? [] : [{ see: 'wake-on-lan', link: want.name } as const]),
  ],
  read: (want, seen) => ({
    mtu: seen.linesOf(`/sys/class/net/${want.name}/mtu`)?.[0],
    wakeOn: want.wakeOnLan === undefined ? undefined : seen.wakeOnLan(want.name),
    unit: seen.linesOf(unitPath(want)),
    enabled: seen.path(wantsPath(want)),
  }),
  diff(want, seen) {
    const found: Difference[] = [];
    const isThere = seen.mtu !== undefined;
    if (want.mtu !== undefined && seen.mtu !== String(want.mtu))
      found.push(difference('mtu', String(want.mtu), seen.mtu ?? noCard));
    if (want.wakeOnLan !== undefined && wakeOf(seen.wakeOn) !== want.wakeOnLan)
      found.push(difference('wake-on-lan', want.wakeOnLan, isThere ? wakeOf(seen.wakeOn) : noCard));
    const atBoot = seen.unit?.join('\n');
    for (const [attribute, command] of commandsOf(want)) {
      const is = atBoot?.split('\n').includes(`ExecStart=${command}`) === true;
      if (!is) found.push(difference(`${attribute} at boot`, command, atBoot === undefined ? '(not set)' : 'another'));
    }
    const others = atBoot !== undefined && found.every(({ attribute }) => !attribute.endsWith('at boot'));
    if (others && `${atBoot}\n` !== unitText(want)) found.push(difference('unit', 'as declared', 'changed'));
    if (seen.enabled.type === 'absent') found.push(difference('enabled', 'yes', 'no'));
    return found;
  },
  apply(want, seen, context) {
    const isRight = seen.unit !== undefined && `${seen.unit.join('\n')}\n` === unitText(want);
    const { mtu, wakeOnLan, name } = want;
    const wakes = wakeOnLan !== undefined && wakeOf(seen.wakeOn) !== wakeOnLan;
    const resizes = mtu !== undefined && seen.mtu !== String(mtu);
    return {
      keeps: [unitPath(want), wantsPath(want)],
      reloadsUnits: true,
      change: lines(
        // First in force: what the card refuses is not left for the next boot.
        resizes ? sh`ip link set dev ${name} mtu ${mtu}; cat ${mtuFile(name)} >"$RUN/value.$n"` : undefined,
        wakes ? sh`ethtool -s ${name} wol ${wakeOnLan === 'magic' ? 'g' : 'd'}` : undefined,
        isRight
          ? undefined
          : writeFile(
              { path: unitPath(want), content: unitText(want), owner: 'root', group: 'root', mode: '0644' },
              context,
            ),
        sh`link ${unitPath(want)} ${wantsPath(want)}`,
      ),
      undo: lines(
        resizes && seen.mtu !== undefined
          ? sh`may_put_back ${`the size of packets of ${name}`} "$(cat ${mtuFile(name)})" ${seen.mtu}; ip link set dev ${name} mtu ${seen.mtu}`
          : undefined,
        wakes && seen.wakeOn !== undefined ? sh`ethtool -s ${name} wol ${seen.wakeOn}` : undefined,
      ),
    };
  },
  standsOn: ({ wakeOnLan }) => (wakeOnLan === undefined ? [] : ['package:ethtool']),
});

function mtuFile(name: string): string {
  return `/sys/class/net/${name}/mtu`;
}

const noCard = '(no such card)';

/** `g` among the letters that ethtool prints is the magic packet, `d` alone is nothing at all. */
function wakeOf(letters: string | undefined): string {
  if (letters === undefined) return 'unknown: ethtool is missing, or the card has no such setting';
  if (letters === 'g') return 'magic';
  return letters === 'd' ? 'off' : letters;
}

function commandsOf({
  name,
  mtu,
  wakeOnLan,
}: LinkResource): readonly (readonly [attribute: string, command: string])[] {
  return [
    ...(mtu === undefined ? [] : [['mtu', `/usr/sbin/ip link set dev ${name} mtu ${mtu}`] as const]),
    ...(wakeOnLan === undefined
      ? []
      : [['wake-on-lan', `/usr/sbin/ethtool -s ${name} wol ${wakeOnLan === 'magic' ? 'g' : 'd'}`] as const]),
  ];
}

function unitText(want: LinkResource): string {
  return [
    '# vmstation: what a network card is set to at every start',
    '[Unit]',
    `Description=Settings of the network card ${want.name}`,
    'After=network.target',
    `ConditionPathExists=/sys/class/net/${want.name}`,
    '',
    '[Service]',
    'Type=oneshot',
    'RemainAfterExit=yes',
    ...commandsOf(want).map(([, command]) => `ExecStart=${command}`),
    '',
    '[Install]',
    'WantedBy=multi-user.target',
    '',
  ].join('\n');
}

function unitName({ name }: LinkResource): string {
  return `vmstation-link-${name}.service`;
}

function unitPath(want: LinkResource): string {
  return `/etc/systemd/system/${unitName(want)}`;
}

function wantsPath(want: LinkResource): string {
  return `/etc/systemd/system/multi-user.target.wants/${unitName(want)}`;
}

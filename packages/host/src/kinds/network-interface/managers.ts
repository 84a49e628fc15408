import { createHash } from 'node:crypto';
import type { NetworkInterfaceResource } from '@vmstation/core';
import { type Observations, Unreadable } from '../../observe/observations.ts';
import type { Probe } from '../../observe/probe.ts';
import { lines, type ShellText, sh } from '../../script/shell-text.ts';
import { managesInterface, methodLine, withFixedAddress } from './interfaces-file.ts';

/** Whatever gives a network card its address on this machine. */
export interface InterfaceManager {
  readonly name: string;
  readonly path: string;
  readonly mode: string;
  readonly content: string;
  /** What it does now, for a person. */
  readonly is: string;
  /** Before the file changes, and after it did. Both directions: a rollback runs them around the restored file. */
  readonly before: ShellText | undefined;
  readonly after: ShellText;
  /** After a rollback, where that is something else. */
  readonly afterUndo: ShellText;
}

const interfaces = '/etc/network/interfaces';
const networkdUnit = 'systemd-networkd.service';
const networkManagerUnit = 'NetworkManager.service';
const networkdLinks = '/run/systemd/netif/links/';
/** `10 (unmanaged)`, or `100 (connected (externally))` where it made up a connection for an address of somebody else (nmcli(1)). */
const doesNetworkManager =
  'case $(nmcli -g GENERAL.STATE device show "$1") in "" | 10\\ * | *externally*) exit 1 ;; esac';
const networkManagerAsked = ({ name }: NetworkInterfaceResource): string => `NetworkManager ${name}`;
const cardNumber = ({ name }: NetworkInterfaceResource): string => `/sys/class/net/${name}/ifindex`;

/** What must be looked at to know the manager of a card. */
export function managerProbes(want: NetworkInterfaceResource): readonly Probe[] {
  const files = [interfaces, `${interfaces}.d/${want.name}`, networkdFile(want), keyfile(want)];
  return [
    ...files.flatMap((path): Probe[] => [
      { see: 'content', path },
      { see: 'lines', path },
    ]),
    { see: 'unit', unit: networkdUnit },
    { see: 'unit', unit: networkManagerUnit },
    { see: 'lines', path: cardNumber(want) },
    { see: 'texts', glob: `${networkdLinks}*` },
    { see: 'guard', name: networkManagerAsked(want), argv: ['sh', '-c', doesNetworkManager, 'sh', want.name] },
  ];
}

/**
 * Who manages a card: ifupdown where its files give it an address, else NetworkManager or systemd-networkd, where they do more than watch it
 * (netplan writes for either). One that only watches a card could not give it back the address that somebody else gave it.
 * @throws Unreadable when it is none of these
 */
export function managerOf(want: NetworkInterfaceResource, seen: Observations): InterfaceManager {
  for (const path of [interfaces, `${interfaces}.d/${want.name}`]) {
    const text = seen.linesOf(path) ?? [];
    if (managesInterface(text, want.name)) return ifupdown(want, path, text);
  }
  const runs = (unit: string): boolean => seen.hasSystemd && seen.unit(unit).get('ActiveState') === 'active';
  const has = (path: string): boolean => seen.path(path).type === 'file';
  const watching: string[] = [];
  if (runs(networkManagerUnit)) {
    if (has(keyfile(want)) || seen.guardHolds(networkManagerAsked(want))) return networkManager(want, seen);
    watching.push('NetworkManager');
  }
  if (runs(networkdUnit)) {
    if (has(networkdFile(want)) || networkdManages(want, seen)) return networkd(want, seen);
    watching.push('systemd-networkd');
  }
  const why =
    watching.length === 0
      ? `neither ${interfaces} nor NetworkManager nor systemd-networkd`
      : `${watching.join(' and ')} ${watching.length === 1 ? 'runs, but leaves' : 'run, but leave'} it to others`;
  throw new Unreadable(`nothing that is known here manages ${want.name}: ${why}; have one of them give it its address`);
}

/** The card's number is the name of its file among networkd's, whose words are those of networkctl(1) (systemd, sd_network_link_get_setup_state). */
function networkdManages(want: NetworkInterfaceResource, seen: Observations): boolean {
  const [number = ''] = seen.linesOf(cardNumber(want)) ?? [];
  const states = seen.linesOf(`${networkdLinks}${number.trim()}`) ?? [];
  return states.some((line) => line.startsWith('ADMIN_STATE=') && line !== 'ADMIN_STATE=unmanaged');
}

function ifupdown(want: NetworkInterfaceResource, path: string, text: readonly string[]): InterfaceManager {
  const { name } = want;
  // With what it was told when it was brought up, so that a DHCP client ends; what somebody else gave the card goes too.
  const before = sh`ifdown ${name} || :; ip -4 addr flush dev ${name}`;
  const after = sh`ifup ${name}`;
  return {
    name: 'ifupdown',
    path,
    mode: '0644',
    content: `${withFixedAddress(text, want).join('\n')}\n`,
    is: methodLine(text, name),
    before,
    after,
    afterUndo: after,
  };
}

function networkdFile({ name }: NetworkInterfaceResource): string {
  // The first file by name that fits a card is the only one that counts (systemd.network(5)); netplan's begin with 10.
  return `/etc/systemd/network/05-vmstation-${name}.network`;
}

function networkd(want: NetworkInterfaceResource, seen: Observations): InterfaceManager {
  const { name, address, prefixLength, gateway, servers } = want;
  const path = networkdFile(want);
  const after = lines(
    // networkd leaves what an earlier file gave the card; with its last address the kernel takes its routes away too.
    sh`ip -4 addr flush dev ${name}`,
    sh`systemctl reset-failed -- ${networkdUnit} 2>/dev/null || :`,
    sh`systemctl restart -- ${networkdUnit}`,
  );
  return {
    name: 'systemd-networkd',
    path,
    mode: '0644',
    content: [
      '# Written by VMStation (network-interface).',
      '[Match]',
      `Name=${name}`,
      '',
      '[Network]',
      'DHCP=no',
      `Address=${address}/${prefixLength}`,
      `Gateway=${gateway}`,
      ...servers.map((server) => `DNS=${server}`),
      '',
    ].join('\n'),
    is: seen.path(path).type === 'absent' ? 'another file, or none' : 'another content',
    before: undefined,
    after,
    afterUndo: after,
  };
}

function keyfile({ name }: NetworkInterfaceResource): string {
  return `/etc/NetworkManager/system-connections/vmstation-${name}.nmconnection`;
}

function networkManager(want: NetworkInterfaceResource, seen: Observations): InterfaceManager {
  const { name, address, prefixLength, gateway, servers } = want;
  const path = keyfile(want);
  const id = `vmstation-${name}`;
  return {
    name: 'NetworkManager',
    path,
    // A keyfile that others may read is not taken (nm-settings-keyfile(5)).
    mode: '0600',
    content: [
      '# Written by VMStation (network-interface).',
      '[connection]',
      `id=${id}`,
      `uuid=${uuidOf(id)}`,
      'type=ethernet',
      `interface-name=${name}`,
      'autoconnect-priority=999',
      '',
      '[ipv4]',
      'method=manual',
      `address1=${address}/${prefixLength},${gateway}`,
      ...(servers.length === 0 ? [] : [`dns=${servers.map((server) => `${server};`).join('')}`]),
      '',
      '[ipv6]',
      'method=auto',
      '',
    ].join('\n'),
    is: seen.path(path).type === 'absent' ? 'another connection, or none' : 'another content',
    before: undefined,
    after: lines(sh`nmcli connection load ${path}`, sh`nmcli connection up ${id}`),
    // The card goes back to the connection of next priority by itself once this one is gone.
    afterUndo: lines(
      sh`nmcli connection reload`,
      sh`if [ -e ${path} ]; then nmcli connection up ${id}; else nmcli device connect ${name}; fi`,
    ),
  };
}

/** The same for the same name on every machine: a UUID of version 8 (RFC 9562). */
function uuidOf(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

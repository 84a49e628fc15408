import type { ResourceBase } from './resource-base.ts';

/** Settings of a network card, in force and from the next boot on (by a unit of ours, as a .link file would take the place of the system's own). */
export interface LinkResource extends ResourceBase {
  readonly kind: 'link';
  /** Interface name, for example `enp1s0`. */
  readonly name: string;
  /** Largest packet, in bytes. */
  readonly mtu?: number;
  /** `magic`: a magic packet wakes the machine; needs the package ethtool. */
  readonly wakeOnLan?: 'magic' | 'off';
}

/**
 * Which DNS servers the machine asks, and in which domains it looks for short names. It is said to whatever owns /etc/resolv.conf there:
 * systemd-resolved, resolvconf, NetworkManager, or nobody.
 */
export interface ResolverResource extends ResourceBase {
  readonly kind: 'resolver';
  /** IPv4 addresses, one to three, in the order in which they are asked. */
  readonly servers: readonly string[];
  readonly search: readonly string[];
}

/**
 * The fixed IPv4 address of a network card. It is said to whatever manages the card there: ifupdown, NetworkManager or systemd-networkd. A card that
 * none of these manages, or that they only watch, is unreadable, not changed.
 */
export interface NetworkInterfaceResource extends ResourceBase {
  readonly kind: 'network-interface';
  /** Interface name, for example `enp1s0`. */
  readonly name: string;
  readonly address: string;
  readonly prefixLength: number;
  readonly gateway: string;
  /** DNS servers for managers that take them from the card: DHCP names none any more. */
  readonly servers: readonly string[];
}

/** The static host name, and the one in force. */
export interface HostnameResource extends ResourceBase {
  readonly kind: 'hostname';
  readonly name: string;
}

/** An address and its names in /etc/hosts. */
export interface HostsEntry {
  readonly address: string;
  readonly names: readonly string[];
}

/** One line of /etc/hosts by address; other addresses stay. */
export interface HostsEntryResource extends ResourceBase {
  readonly kind: 'hosts-entry';
  readonly address: string;
  readonly names: readonly string[];
}

/**
 * Many lines of /etc/hosts in one declaration, each as {@link HostsEntryResource} says; other addresses stay. Nodes that want the same lines
 * share one list, so that a wide cluster costs one object a node and not one for each pair of nodes.
 */
export interface HostsEntriesResource extends ResourceBase {
  readonly kind: 'hosts-entries';
  /** Names the declaration, as there may be several. */
  readonly name: string;
  /** At least one; no address twice. */
  readonly entries: readonly HostsEntry[];
}

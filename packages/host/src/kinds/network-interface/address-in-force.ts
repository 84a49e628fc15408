import { parseIpv4 } from '@vmstation/core';

/** What the kernel has for a card, read from its tables. */
export interface AddressInForce {
  /** The address is one of the machine's own, and its network is reached through the card. */
  readonly address: boolean;
  /** The default route of lowest metric through the card, or undefined. */
  readonly gateway: string | undefined;
  /** All addresses that the machine has in the networks that are reached through the card, with the lengths of their prefixes. */
  readonly all: readonly string[];
}

/** Reads /proc/net/fib_trie and /proc/net/route (proc(5)); addresses stand there as little-endian hex. */
export function addressInForce(
  fibTrie: readonly string[],
  routes: readonly string[],
  want: { readonly name: string; readonly address: string; readonly prefixLength: number },
): AddressInForce {
  const own = fibTrie.flatMap((line, index) =>
    line.trim() === '/32 host LOCAL' ? [lastWord(fibTrie[index - 1])] : [],
  );
  const ofCard = routes.map((line) => line.trim().split(/\s+/)).filter(([card]) => card === want.name);
  const networks = ofCard
    .filter(([, , gateway = '', , , , , netmask = '']) => fromHex(gateway) === 0 && fromHex(netmask) !== 0)
    .map(([, destination = '', , , , , , netmask = '']) => ({ begins: fromHex(destination), mask: fromHex(netmask) }));
  const all = networks.flatMap(({ begins, mask }) =>
    own.filter((address) => masked(address, mask) === begins).map((address) => `${address}/${bitsOf(mask)}`),
  );
  const [first] = ofCard
    .filter(([, destination = '', gateway = '']) => fromHex(destination) === 0 && fromHex(gateway) !== 0)
    .toSorted((a, b) => Number(a[6]) - Number(b[6]));
  return {
    address: all.includes(`${want.address}/${want.prefixLength}`),
    gateway: first === undefined ? undefined : dotted(fromHex(first[2] ?? '')),
    all: [...new Set(all)],
  };
}

function masked(address: string, mask: number): number {
  return ((parseIpv4(address) ?? 0) & mask) >>> 0;
}

function bitsOf(mask: number): number {
  return Math.clz32(~mask >>> 0);
}

function lastWord(line: string | undefined): string {
  return line?.trim().split(/\s+/).at(-1) ?? '';
}

function fromHex(text: string): number {
  const bytes = text.match(/../g) ?? [];
  return Number.parseInt(bytes.toReversed().join('') || 'NaN', 16);
}

function dotted(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join('.');
}

import { parseIpv4 } from '@vmstation/core';

/** What the kernel has for a card, read from its tables. */
export interface AddressInForce {
  /** The address is one of the machine's own, and its network is reached through the card. */
  readonly address: boolean;
  /** The default route of lowest metric through the card, or undefined. */
  readonly gateway: string | undefined;
}

/** Reads /proc/net/fib_trie and /proc/net/route (proc(5)); addresses stand there as little-endian hex. */
export function addressInForce(
  fibTrie: readonly string[],
  routes: readonly string[],
  want: { readonly name: string; readonly address: string; readonly prefixLength: number },
): AddressInForce {
  const own = fibTrie.some(
    (line, index) => line.trim() === '/32 host LOCAL' && lastWord(fibTrie[index - 1]) === want.address,
  );
  const ofCard = routes.map((line) => line.trim().split(/\s+/)).filter(([card]) => card === want.name);
  const mask = want.prefixLength === 0 ? 0 : (-1 << (32 - want.prefixLength)) >>> 0;
  const network = ((parseIpv4(want.address) ?? 0) & mask) >>> 0;
  const connected = ofCard.some(
    ([, destination = '', gateway = '', , , , , netmask = '']) =>
      fromHex(destination) === network && fromHex(gateway) === 0 && fromHex(netmask) === mask,
  );
  const [first] = ofCard
    .filter(([, destination = '', gateway = '']) => fromHex(destination) === 0 && fromHex(gateway) !== 0)
    .toSorted((a, b) => Number(a[6]) - Number(b[6]));
  return { address: own && connected, gateway: first === undefined ? undefined : dotted(fromHex(first[2] ?? '')) };
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

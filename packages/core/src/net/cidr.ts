/** An IPv4 range. `base` is the first address as an unsigned 32-bit number. */
export interface Cidr {
  readonly base: number;
  /** Length of the prefix, 0 to 32. */
  readonly prefix: number;
}

const octet = '(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)';

/** Dotted IPv4 text, without leading zeros (some resolvers read those as octal). */
export const ipv4Pattern = new RegExp(`^${octet}(?:\\.${octet}){3}$`);

/** IPv4 CIDR text; says nothing about host bits. */
export const cidrPattern = new RegExp(`^${octet}(?:\\.${octet}){3}/(?:3[0-2]|[12]?\\d)$`);

/** An IPv4 address as an unsigned 32-bit number; undefined when the text is none. */
export function parseIpv4(text: string): number | undefined {
  if (!ipv4Pattern.test(text)) return undefined;
  return text.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
}

/** Dotted text of an address. */
export function formatIpv4(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 0xff).join('.');
}

/** A range from its text, with host bits cleared; undefined when the text is none. */
export function parseCidr(text: string): Cidr | undefined {
  if (!cidrPattern.test(text)) return undefined;
  const [addressText = '', prefixText = ''] = text.split('/');
  const address = parseIpv4(addressText);
  if (address === undefined) return undefined;
  const prefix = Number(prefixText);
  return { base: firstAddress(address, prefix), prefix };
}

/** True when CIDR text has bits set behind its prefix, such as `192.168.4.63/24`. False for text that is no CIDR. */
export function hasHostBits(text: string): boolean {
  const range = parseCidr(text);
  return range !== undefined && parseIpv4(text.split('/')[0] ?? '') !== range.base;
}

/** Canonical text of a range. */
export function formatCidr(range: Cidr): string {
  return `${formatIpv4(range.base)}/${range.prefix}`;
}

/** Number of addresses in a range. */
export function sizeOfCidr(range: Cidr): number {
  return 2 ** (32 - range.prefix);
}

/** The last address (broadcast address of a LAN). */
export function lastAddress(range: Cidr): number {
  return range.base + sizeOfCidr(range) - 1;
}

/** True when the address lies in the range. */
export function cidrContains(range: Cidr, address: number): boolean {
  return address >= range.base && address <= lastAddress(range);
}

/** True when every address of `inner` lies in `outer`; true for equal ranges. */
export function cidrCovers(outer: Cidr, inner: Cidr): boolean {
  return outer.prefix <= inner.prefix && cidrContains(outer, inner.base);
}

/** True when two ranges share an address, whichever is larger. */
export function cidrsOverlap(a: Cidr, b: Cidr): boolean {
  return cidrCovers(a, b) || cidrCovers(b, a);
}

/** The n-th address of a range, counted from 0. Throws RangeError outside the range. */
export function nthAddress(range: Cidr, n: number): string {
  if (!Number.isInteger(n) || n < 0 || n >= sizeOfCidr(range)) {
    throw new RangeError(`${formatCidr(range)} has no address number ${n}`);
  }
  return formatIpv4(range.base + n);
}

/** True for the first and last address of a LAN, which no machine can have (ranges of /31 and /32 have none such). */
export function isNetworkOrBroadcast(range: Cidr, address: number): boolean {
  return range.prefix < 31 && (address === range.base || address === lastAddress(range));
}

function firstAddress(address: number, prefix: number): number {
  const size = 2 ** (32 - prefix);
  return Math.floor(address / size) * size;
}

import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  cidrContains,
  cidrCovers,
  cidrsOverlap,
  formatCidr,
  formatIpv4,
  hasHostBits,
  isNetworkOrBroadcast,
  lastAddress,
  nthAddress,
  parseCidr,
  parseIpv4,
  sizeOfCidr,
} from './cidr.ts';

const address = fc.integer({ min: 0, max: 0xffffffff });
const range = fc.record({ address, prefix: fc.integer({ min: 0, max: 32 }) }).map(({ address: start, prefix }) => {
  const parsed = parseCidr(`${formatIpv4(start)}/${prefix}`);
  if (parsed === undefined) throw new Error('a generated range must parse');
  return parsed;
});

test('an address survives being written and read', () => {
  fc.assert(fc.property(address, (value) => parseIpv4(formatIpv4(value)) === value));
});

test('a range survives being written and read', () => {
  fc.assert(
    fc.property(range, (value) => {
      expect(parseCidr(formatCidr(value))).toEqual(value);
    }),
  );
});

test('a range contains exactly the addresses between its first and last', () => {
  fc.assert(
    fc.property(
      range,
      address,
      (value, probe) => cidrContains(value, probe) === (probe >= value.base && probe <= lastAddress(value)),
    ),
  );
});

test('ranges overlap when and only when one holds the first address of the other, in either order', () => {
  fc.assert(
    fc.property(range, range, (a, b) => {
      const shared = cidrContains(a, b.base) || cidrContains(b, a.base);
      expect(cidrsOverlap(a, b)).toBe(shared);
      expect(cidrsOverlap(b, a)).toBe(shared);
    }),
  );
});

test('a range covers itself and every half of itself, and no half covers it', () => {
  fc.assert(
    fc.property(range, (value) => {
      expect(cidrCovers(value, value)).toBe(true);
      if (value.prefix === 32) return;
      const half = { base: value.base + sizeOfCidr(value) / 2, prefix: value.prefix + 1 };
      expect(cidrCovers(value, half)).toBe(true);
      expect(cidrCovers(half, value)).toBe(false);
      expect(cidrsOverlap(half, value)).toBe(true);
      expect(cidrsOverlap(half, { base: value.base, prefix: half.prefix })).toBe(false);
    }),
  );
});

test('host bits are seen, and cleared when parsed', () => {
  expect(hasHostBits('192.168.4.63/24')).toBe(true);
  expect(hasHostBits('192.168.4.0/24')).toBe(false);
  expect(parseCidr('192.168.4.63/24')).toEqual(parseCidr('192.168.4.0/24'));
});

test.each(['', '10.0.0', '10.0.0.256', '10.0.0.01', '10.0.0.0.0', ' 10.0.0.1', 'fe80::1'])(
  '%j is no address',
  (text) => {
    expect(parseIpv4(text)).toBeUndefined();
  },
);

test.each(['10.0.0.0', '10.0.0.0/33', '10.0.0.0/', '10.0.0.0/8/8', '10.0.0.0/-1'])('%j is no range', (text) => {
  expect(parseCidr(text)).toBeUndefined();
});

test('the third address of a service range is where CoreDNS stands', () => {
  expect(nthAddress({ base: parseIpv4('10.96.0.0') ?? 0, prefix: 12 }, 3)).toBe('10.96.0.3');
  expect(() => nthAddress({ base: 0, prefix: 31 }, 2)).toThrow(RangeError);
});

test('no machine can have the first or last address of a LAN', () => {
  const lan = parseCidr('192.168.4.0/24') ?? { base: 0, prefix: 0 };
  expect(isNetworkOrBroadcast(lan, lan.base)).toBe(true);
  expect(isNetworkOrBroadcast(lan, lastAddress(lan))).toBe(true);
  expect(isNetworkOrBroadcast(lan, lan.base + 1)).toBe(false);
  expect(isNetworkOrBroadcast({ base: 4, prefix: 31 }, 4)).toBe(false);
});

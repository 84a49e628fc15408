import fc from 'fast-check';
import { expect, test } from 'vitest';
import { addressInForce } from './address-in-force.ts';
import { managesInterface, withFixedAddress } from './interfaces-file.ts';

const want = {
  kind: 'network-interface',
  name: 'enp2s0',
  address: '192.168.4.63',
  prefixLength: 24,
  gateway: '192.168.4.1',
  servers: ['192.168.4.1'],
} as const;

test('the address stands where DHCP stood; hooks, other cards and IPv6 stay', () => {
  const text = `source /etc/network/interfaces.d/*
auto lo
iface lo inet loopback

allow-hotplug enp2s0
iface enp2s0 inet dhcp
    hostname masternode
    up ethtool -s enp2s0 wol g
iface enp2s0 inet6 auto
    address ignored
iface enp3s0 inet static
    address 10.0.0.1/24`;
  expect(withFixedAddress(text.split('\n'), want).join('\n')).toBe(`source /etc/network/interfaces.d/*
auto lo
iface lo inet loopback

allow-hotplug enp2s0
iface enp2s0 inet static
    address 192.168.4.63/24
    gateway 192.168.4.1
    dns-nameservers 192.168.4.1
    up ethtool -s enp2s0 wol g
iface enp2s0 inet6 auto
    address ignored
iface enp3s0 inet static
    address 10.0.0.1/24`);
});

const line = fc.constantFrom(
  'auto lo enp2s0',
  'iface lo inet loopback',
  'iface enp2s0 inet dhcp',
  'iface enp2s0 inet static',
  'iface enp2s0 inet6 auto',
  'iface enp2s01 inet static',
  '    address 10.0.0.7/8',
  '    netmask 255.0.0.0',
  '    gateway 10.0.0.1',
  '    up true',
  '',
  '# iface enp2s0 inet static',
);

test('rewriting twice is rewriting once, and what does not belong to the card’s address is kept in its order', () => {
  fc.assert(
    fc.property(fc.array(line, { maxLength: 14 }), (text) => {
      const once = withFixedAddress(text, want);
      expect(withFixedAddress(once, want)).toEqual(once);
      expect(managesInterface(once, want.name)).toBe(managesInterface(text, want.name));
      const rest = (lines: readonly string[]) => lines.filter((one) => !/^\s+(?!up)|enp2s0 inet /.test(one));
      expect(rest(once)).toEqual(rest(text));
    }),
  );
});

const fibTrie = `Local:
  +-- 0.0.0.0/0 3 0 5
     |-- 192.168.4.0
        /24 link UNICAST
     |-- 192.168.4.63
        /32 host LOCAL
     |-- 192.168.4.255
        /32 link BROADCAST`;
const routes = `Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
enp2s0\t00000000\tFE04A8C0\t0003\t0\t0\t200\t00000000\t0\t0\t0
enp2s0\t00000000\t0104A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0
enp2s0\t0004A8C0\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0
docker0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0`;

test('the kernel’s tables tell address and router of a card', () => {
  const of = (change: Partial<typeof want> | { address: string } | { name: string }) =>
    addressInForce(fibTrie.split('\n'), routes.split('\n'), { ...want, ...change });
  expect(of({})).toEqual({ address: true, gateway: '192.168.4.1' });
  expect(of({ address: '192.168.4.64' }).address).toBe(false);
  expect(of({ address: '192.168.4.255' }).address).toBe(false);
  expect(of({ name: 'docker0' })).toEqual({ address: false, gateway: undefined });
  expect(addressInForce([], [], want)).toEqual({ address: false, gateway: undefined });
});

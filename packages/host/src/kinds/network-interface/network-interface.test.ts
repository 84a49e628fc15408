import fc from 'fast-check';
import { expect, test } from 'vitest';
import { mergeProbes } from '../../observe/probe.ts';
import { type FakeNode, observationsOf } from '../../testing/fake-node.ts';
import { addressInForce } from './address-in-force.ts';
import { networkInterfaceKind } from './index.ts';
import { managesInterface, withFixedAddress } from './interfaces-file.ts';
import { managerOf, managerProbes } from './managers.ts';

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
  const of = (change: { address?: string; name?: string; prefixLength?: number }) =>
    addressInForce(fibTrie.split('\n'), routes.split('\n'), { ...want, ...change });
  expect(of({})).toEqual({ address: true, gateway: '192.168.4.1', all: ['192.168.4.63/24'] });
  expect(of({ address: '192.168.4.64' }).address).toBe(false);
  expect(of({ address: '192.168.4.255' }).address).toBe(false);
  expect(of({ name: 'docker0' })).toEqual({ address: false, gateway: undefined, all: [] });
  expect(of({ prefixLength: 23 })).toMatchObject({ address: false, all: ['192.168.4.63/24'] });
  expect(addressInForce([], [], want)).toEqual({ address: false, gateway: undefined, all: [] });
});

const off = { ActiveState: 'inactive' };
const on = { ActiveState: 'active' };
const yes = 0;
const no = 1;
const ours = (path: string) => `600 0 0 root root 6 regular file:${path}`;
const networkdSays = (state: string) => ({
  '/sys/class/net/enp2s0/ifindex': '2',
  '/run/systemd/netif/links/1': 'ADMIN_STATE=unmanaged',
  '/run/systemd/netif/links/2': `# private\nADMIN_STATE=${state}\nOPER_STATE=routable`,
  '/run/systemd/netif/links/22': 'ADMIN_STATE=configured',
});

test.each<readonly [string, FakeNode, string]>([
  ['named in its file', { texts: { '/etc/network/interfaces.d/enp2s0': 'iface enp2s0 inet dhcp' } }, 'by ifupdown'],
  ['its file leaves it to others', { texts: { '/etc/network/interfaces': 'iface enp2s0 inet manual' } }, 'neither'],
  ['NetworkManager has a connection for it', { units: [off, on], guards: [yes] }, 'by NetworkManager'],
  ['NetworkManager only watches it', { units: [off, on] }, 'NetworkManager runs, but leaves it to others'],
  [
    'NetworkManager only watches it, networkd has it',
    { units: [on, on], texts: networkdSays('configured') },
    'by systemd-networkd',
  ],
  [
    'our own connection is there',
    { units: [on, on], stat: [ours('/etc/NetworkManager/system-connections/vmstation-enp2s0.nmconnection')] },
    'by NetworkManager',
  ],
  ['networkd is at it', { units: [on, off], texts: networkdSays('configuring') }, 'by systemd-networkd'],
  [
    'networkd only watches it',
    { units: [on, off], texts: networkdSays('unmanaged') },
    'systemd-networkd runs, but leaves it to others',
  ],
  ['networkd does not know it', { units: [on, off] }, 'systemd-networkd runs, but leaves it to others'],
  [
    'our own file is there',
    { units: [on, off], stat: [ours('/etc/systemd/network/05-vmstation-enp2s0.network')] },
    'by systemd-networkd',
  ],
  [
    'both only watch it',
    { units: [on, on], texts: networkdSays('unmanaged') },
    'NetworkManager and systemd-networkd run, but leave it to others',
  ],
  ['nobody runs', { units: [off, off] }, 'neither'],
])('%s', (_what, node, manager) => {
  const probes = mergeProbes(managerProbes(want));
  const units = (node.units ?? [off, off]).map((unit, index) => ({ Id: probes.units[index] ?? '', ...unit }));
  const seen = observationsOf({ guards: [no], ...node, units }, probes);
  expect(answerOf(() => `by ${managerOf(want, seen).name}`)).toContain(manager);
});

function answerOf(ask: () => string): string {
  try {
    return ask();
  } catch (error) {
    return String(error);
  }
}

test('the plan names the addresses that a card would lose', () => {
  const file = '/etc/network/interfaces';
  const seenBy = (trie: readonly string[], table: string) => {
    const texts = {
      [file]: 'iface enp2s0 inet dhcp',
      '/proc/net/fib_trie': trie.map((address) => `     |-- ${address}\n        /32 host LOCAL`).join('\n'),
      '/proc/net/route': table,
    };
    const stat = [`644 0 0 root root 6 regular file:${file}`];
    const probes = mergeProbes(networkInterfaceKind.probes(want));
    const node = { stat, texts, digests: { [file]: '0'.repeat(64) }, guards: [no] };
    const differences = networkInterfaceKind.compare(want, observationsOf(node, probes), {
      digestOfSecret: (sha) => sha,
    });
    return differences.map(({ attribute, seen }) => `${attribute}: ${seen}`);
  };
  expect(seenBy(['192.168.4.50'], routes)).toContain('address in force: 192.168.4.50/24');
  expect(seenBy([], routes)).toContain('address in force: (none)');
  const two = `${routes}\nenp2s0\t0000090A\t00000000\t0001\t0\t0\t0\t0000FFFF`;
  expect(seenBy(['10.9.0.7', '192.168.4.63', '10.8.0.1'], two)).toEqual([
    'address: iface enp2s0 inet dhcp; the card has 10.9.0.7/16 too',
  ]);
});

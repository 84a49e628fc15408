import type { KindCase } from '../kind-case.ts';

const interfaces = '/etc/network/interfaces';
const card = 'kinds1';

/** What a machine asks for names, and the address of a card. Other owners than these have a suite of their own on real machines. */
export const networkCases: readonly KindCase[] = [
  {
    kind: 'resolver',
    title: 'a plain file',
    before:
      "rm -f /etc/resolv.conf; printf 'nameserver 198.51.100.1\\n' >/etc/resolv.conf; chmod 0644 /etc/resolv.conf",
    wants: () => [{ kind: 'resolver', servers: ['192.0.2.53', '192.0.2.54'], search: ['home.arpa'] }],
    shows: 'cat /etc/resolv.conf; stat -c %a /etc/resolv.conf',
    innocent: ['touch /etc/resolv.conf'],
    tampered: [
      { attribute: '/etc/resolv.conf', script: 'sed -i s/192.0.2.53/192.0.2.99/ /etc/resolv.conf' },
      { attribute: '/etc/resolv.conf', script: 'rm /etc/resolv.conf' },
    ],
    after: 'rm -f /etc/resolv.conf',
  },
  {
    kind: 'network-interface',
    title: 'a fixed address by ifupdown, in the file and in force',
    family: 'debian',
    cannot: { embedded: 'its cards have their addresses from outside' },
    before: `DEBIAN_FRONTEND=noninteractive apt-get install -y -q ifupdown >/dev/null; ip link add ${card} type veth peer name ${card}p; ip link set ${card}p up
      printf 'auto lo\\niface lo inet loopback\\n\\niface ${card} inet static\\n    address 192.0.2.7\\n    netmask 255.255.255.0\\n' >${interfaces}; ifup ${card}`,
    wants: () => [
      {
        kind: 'network-interface',
        name: card,
        address: '192.0.2.10',
        prefixLength: 24,
        gateway: '192.0.2.1',
        servers: ['192.0.2.53'],
      },
    ],
    shows: `cat ${interfaces}; ip -4 -o addr show dev ${card} | cut -d/ -f1; ip route show dev ${card}`,
    innocent: [`touch ${interfaces}`, `ip addr add 192.0.2.99/24 dev ${card}`],
    tampered: [
      { attribute: 'address', script: `sed -i 's/gateway.*/gateway 192.0.2.2/' ${interfaces}` },
      { attribute: 'mode', script: `chmod 0600 ${interfaces}` },
      { attribute: 'gateway in force', script: `ip route del default dev ${card}` },
    ],
    after: `ifdown ${card} || :; ip link del ${card}`,
  },
];

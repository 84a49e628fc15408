import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Clock,
  type NetworkInterfaceResource,
  type ResolverResource,
  type Resource,
  resourceId,
  type Transport,
} from '@vmstation/core';
import { createHost, nodeTryMode } from '@vmstation/host';
import { openSshTransport } from '@vmstation/remote';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ownMachines } from './own-machines.ts';
import { onNode } from './two-node-workspace.ts';

// The resolver and the address of a card, said to whatever really owns them on a machine, tried, kept when a new connection comes in, taken back.

const machines = await ownMachines(['networkd', 'ifupdown', 'manager']);
const addressOf = (node: string) => machines.machines.find(({ name }) => name === node)?.address ?? '';
const clock: Clock = { now: () => new Date(), sleep: (ms) => new Promise((resolve) => void setTimeout(resolve, ms)) };
const nonce = (bytes: number) => randomBytes(bytes).toString('hex');
const windowSeconds = 8;

let folder: string;
let count = 0;
const opened: Transport[] = [];

function transport(): Transport {
  count += 1;
  const one = openSshTransport({
    nodes: {},
    knownHostsFile: machines.knownHostsFile,
    configFile: machines.sshConfigFile,
    controlDir: join(folder, `c${count}`),
    connectTimeoutSeconds: 2,
  });
  opened.push(one);
  return one;
}

const at = (node: string, script: string) => onNode(transport(), node, script);

function hostOf() {
  const own = transport();
  return createHost({ transport: own, clock, tryMode: nodeTryMode({ transport: own, clock, nonce, windowSeconds }) });
}

async function differing(node: string, resource: Resource): Promise<readonly string[] | string> {
  const { resources } = await hostOf().check(node, [resource]);
  const state = resources.get(resourceId(resource));
  if (state?.state === 'differs') return state.differences.map(({ attribute }) => attribute);
  return state?.state === 'unreadable' ? state.reason : [];
}

async function apply(node: string, resource: Resource, runId = `net-${nonce(4)}`): Promise<unknown> {
  try {
    const { resources } = await hostOf().apply({ node, runId, resources: [resource] });
    return resources.map(({ outcome, reason }) => (reason === undefined ? outcome : `${outcome}: ${reason}`));
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
}

/** Brought about, unchanged the second time, tampered with, repaired, taken back. */
async function holds(
  node: string,
  resource: Resource,
  shows: string,
  tampering: { readonly script: string; readonly attributes: readonly string[] },
): Promise<void> {
  const found = await at(node, shows);
  expect(await differing(node, resource)).not.toEqual([]);
  const runId = `net-${nonce(4)}`;
  expect(await apply(node, resource, runId)).toEqual(['changed']);
  expect(await differing(node, resource)).toEqual([]);
  expect(await apply(node, resource)).toEqual(['unchanged']);
  expect((await hostOf().rollback(node, runId)).failed).toEqual([]);
  await expect.poll(() => at(node, shows).catch(String), { timeout: 60_000 }).toBe(found);
  expect(await apply(node, resource)).toEqual(['changed']);
  await at(node, tampering.script);
  expect(await differing(node, resource)).toEqual(tampering.attributes);
  expect(await apply(node, resource)).toEqual(['changed']);
  expect(await differing(node, resource)).toEqual([]);
}

/** An address that nobody can be reached at: told as such, or taken back before the machine could be looked at. */
async function takesBack(node: string, lastOctet: number, shows: string): Promise<void> {
  const before = await at(node, shows);
  const ended = await apply(node, { ...card(node), address: addressOf(node).replace(/\d+$/, String(lastOctet)) });
  expect(['host/not-confirmed', [expect.stringMatching(/^failed: no step failed, but/)]]).toContainEqual(ended);
  await expect.poll(() => at(node, shows).catch(String), { timeout: 60_000 }).toBe(before);
  expect(await differing(node, card(node))).toEqual([]);
}

/** A card whose address comes from somewhere that is not known here: said so, and left as it is. */
async function isLeftAlone(node: string, reason: string): Promise<void> {
  const shows =
    'ls /etc/systemd/network /etc/NetworkManager/system-connections 2>&1 || :; ip -4 -o addr show dev eth0 | cut -d/ -f1';
  const before = await at(node, shows);
  expect(await differing(node, card(node))).toContain(reason);
  expect(await apply(node, card(node))).not.toEqual(['changed']);
  expect(await at(node, shows)).toBe(before);
}

const resolver: ResolverResource = {
  kind: 'resolver',
  servers: ['192.0.2.53', '192.0.2.54'],
  search: ['home.arpa'],
  guard: 'resolver',
};
const card = (node: string): NetworkInterfaceResource => ({
  kind: 'network-interface',
  name: 'eth0',
  address: addressOf(node),
  prefixLength: 24,
  gateway: machines.gateway,
  servers: ['192.0.2.53'],
  guard: 'network',
});
const install = (...names: readonly string[]) =>
  `DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends ${names.join(' ')} >/dev/null`;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vmstation-net-'));
});
afterAll(async () => {
  await Promise.all(opened.map((one) => one.close()));
  await rm(folder, { recursive: true, force: true });
});

describe('systemd-networkd and systemd-resolved', () => {
  const node = 'networkd';
  beforeAll(async () => {
    await at(
      node,
      `${install('systemd-resolved')}
      systemctl enable --now systemd-networkd`,
    );
  });

  test('a card that systemd-networkd only watches is left alone', async () => {
    await isLeftAlone(node, 'nothing that is known here manages eth0: systemd-networkd runs, but leaves it to others');
    await at(
      node,
      `printf '[Match]\\nName=eth0\\n[Network]\\nAddress=${addressOf(node)}/24\\n' >/etc/systemd/network/50-eth0.network
      systemctl restart systemd-networkd`,
    );
  });

  test('the resolver is told by a drop-in of systemd-resolved', async () => {
    await holds(
      node,
      resolver,
      'ls /etc/systemd/resolved.conf.d 2>/dev/null || :; grep ^nameserver /run/systemd/resolve/resolv.conf || :',
      {
        script: 'rm /etc/systemd/resolved.conf.d/90-vmstation.conf',
        attributes: ['/etc/systemd/resolved.conf.d/90-vmstation.conf'],
      },
    );
  });

  test('the address is told by a file that goes before all others', async () => {
    await holds(node, card(node), 'ls /etc/systemd/network; ip -4 -o addr show dev eth0 | cut -d/ -f1; ip route', {
      script: `ip route del default via ${machines.gateway}`,
      attributes: ['gateway in force'],
    });
  });

  test('a wrong address is taken back by the machine', async () => {
    await takesBack(node, 250, 'ls /etc/systemd/network; ip -4 -o addr show dev eth0');
  });
});

describe('a manager that gives nothing', () => {
  const node = 'networkd';
  test('an address is given back by hand to a card that would have none after a rollback', async () => {
    await at(
      node,
      `rm -f /etc/systemd/network/*; printf '[Match]\\nName=eth0\\n[Network]\\nDHCP=ipv4\\nKeepConfiguration=static\\n' >/etc/systemd/network/50-eth0.network
      systemctl restart systemd-networkd; ip addr replace ${addressOf(node)}/24 brd + dev eth0`,
    );
    const shows = 'ls /etc/systemd/network; ip -4 -o addr show dev eth0 | cut -d/ -f1';
    const before = await at(node, shows);
    const runId = `net-${nonce(4)}`;
    expect(await apply(node, card(node), runId)).toEqual(['changed']);
    expect((await hostOf().rollback(node, runId)).failed).toEqual([]);
    expect(await at(node, shows)).toBe(before);
  });
});

describe('ifupdown', () => {
  const node = 'ifupdown';
  test('nobody manages the card: it is unreadable, and nothing is touched', async () => {
    expect(await differing(node, card(node))).toContain('nothing that is known here manages eth0');
    expect(await apply(node, card(node))).not.toEqual(['changed']);
  });

  test('the resolver is a plain file', async () => {
    await holds(node, resolver, 'cat /etc/resolv.conf 2>/dev/null || echo none', {
      script: 'echo nameserver 198.51.100.1 >/etc/resolv.conf',
      attributes: ['/etc/resolv.conf'],
    });
  });

  test('the address is put into the place of what the card had; other parts stay', async () => {
    await at(
      node,
      `${install('ifupdown')}
      printf 'auto lo eth0\\niface lo inet loopback\\n\\niface eth0 inet static\\n    address ${addressOf(node)}\\n    netmask 255.255.255.0\\n    up echo up >>/run/hooks\\n' >/etc/network/interfaces
      ip -4 addr flush dev eth0; ifup eth0 || { ip addr add ${addressOf(node)}/24 dev eth0; exit 1; }`,
    );
    await holds(node, card(node), 'cat /etc/network/interfaces; ip -4 -o addr show dev eth0 | cut -d/ -f1; ip route', {
      script: 'sed -i s/gateway.*/gateway\\ 192.0.2.1/ /etc/network/interfaces',
      attributes: ['address'],
    });
  });

  test('a wrong address is taken back by the machine', async () => {
    await takesBack(node, 251, 'cat /etc/network/interfaces; ip -4 -o addr show dev eth0');
  });

  test('the resolver is told to resolvconf where that is installed', async () => {
    await at(node, install('resolvconf'));
    await holds(node, resolver, 'cat /etc/resolvconf/resolv.conf.d/head', {
      script: 'echo nameserver 198.51.100.1 >/etc/resolvconf/resolv.conf.d/head',
      attributes: ['/etc/resolvconf/resolv.conf.d/head'],
    });
  });
});

describe('NetworkManager', () => {
  const node = 'manager';
  beforeAll(async () => {
    await at(
      node,
      `${install('network-manager')}
      mkdir -p /etc/NetworkManager/conf.d; printf '[device]\\nmatch-device=interface-name:eth0\\nmanaged=1\\n' >/etc/NetworkManager/conf.d/10-eth0.conf
      systemctl restart NetworkManager; until nmcli -g GENERAL.STATE device show eth0 | grep -q ^100; do sleep 0.2; done`,
    );
  });

  test('a card that NetworkManager only watches is left alone', async () => {
    await isLeftAlone(node, 'nothing that is known here manages eth0: NetworkManager runs, but leaves it to others');
    await at(
      node,
      `cat >/etc/NetworkManager/system-connections/wired.nmconnection <<EOF
[connection]
id=wired
type=ethernet
interface-name=eth0
[ipv4]
method=manual
address1=${addressOf(node)}/24
EOF
      chmod 0600 /etc/NetworkManager/system-connections/wired.nmconnection
      nmcli connection reload; nmcli connection up wired`,
    );
  });

  test('the address is a connection that goes before all others', async () => {
    await holds(node, card(node), 'nmcli -g NAME connection show --active; ip -4 -o addr show dev eth0 | cut -d/ -f1', {
      script: 'rm /etc/NetworkManager/system-connections/vmstation-eth0.nmconnection',
      attributes: ['address'],
    });
  });

  test('the resolver is told by a file of NetworkManager', async () => {
    await holds(node, resolver, 'ls /etc/NetworkManager/conf.d', {
      script: 'rm /etc/NetworkManager/conf.d/90-vmstation-resolver.conf',
      attributes: ['/etc/NetworkManager/conf.d/90-vmstation-resolver.conf'],
    });
  });

  test('a wrong address is taken back by the machine', async () => {
    await takesBack(node, 252, 'ls /etc/NetworkManager/system-connections; ip -4 -o addr show dev eth0 | cut -d/ -f1');
  });
});

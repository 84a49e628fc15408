import { existsSync } from 'node:fs';
import { readdir, writeFile } from 'node:fs/promises';
import type { HostCommands } from './host-commands.ts';
import { guardMetric, type HostsLabNames, type HostsLabSettings, type HostsMachine, operatorUser } from './settings.ts';

/** Makes the bridge with its address, in a slot that is ours. */
export async function makeBridge(names: HostsLabNames, commands: HostCommands): Promise<void> {
  const { bridge, gateway } = names;
  // With the bridge gone, packets for the machines would otherwise leave by the default route.
  await commands.run(['ip', 'route', 'replace', 'unreachable', names.subnet, 'metric', String(guardMetric)]);
  await commands.run(['ip', 'link', 'add', bridge, 'type', 'bridge', 'forward_delay', '0', 'mcast_snooping', '0']);
  // Where bridged packets pass the computer's own firewall, its rules would judge the lab's traffic.
  await commands.run(['ip', 'link', 'set', bridge, 'type', 'bridge', 'nf_call_iptables', '0']);
  await keepToTheBridge(bridge);
  await commands.run(['ip', 'addr', 'add', `${gateway}/24`, 'brd', '+', 'dev', bridge]);
  await commands.run(['ip', 'link', 'set', bridge, 'up']);
}

/**
 * The machines also bear their model's addresses, which may be those of real machines in this computer's own network. So what comes from the
 * bridge is answered for the lab's subnet only and goes nowhere else (kernel documentation, ip-sysctl). The settings go with the bridge.
 */
async function keepToTheBridge(bridge: string): Promise<void> {
  await setCard('ipv4', bridge, 'arp_ignore', '1');
  await setCard('ipv4', bridge, 'rp_filter', '1');
  await setCard('ipv4', bridge, 'forwarding', '0');
  await setCard('ipv6', bridge, 'disable_ipv6', '1');
}

async function setCard(family: 'ipv4' | 'ipv6', card: string, key: string, value: string): Promise<void> {
  const file = `/proc/sys/net/${family}/conf/${card}/${key}`;
  // A kernel without IPv6 has none of its settings.
  if (existsSync(file)) await writeFile(file, value);
}

/** Gives a machine a network namespace whose only card sits on the bridge. */
export async function connectMachine(
  machine: HostsMachine,
  index: number,
  names: HostsLabNames,
  commands: HostCommands,
): Promise<void> {
  const namespace = names.namespace(machine.name);
  const outside = names.hostInterface(index);
  await commands.run(['ip', 'netns', 'add', namespace]);
  await commands.run([
    'ip',
    'link',
    'add',
    outside,
    'type',
    'veth',
    'peer',
    'name',
    'eth0',
    'address',
    names.mac(machine),
    'netns',
    namespace,
  ]);
  await commands.run(['ip', '-n', namespace, 'addr', 'add', `${names.address(machine)}/24`, 'brd', '+', 'dev', 'eth0']);
  await setCard('ipv6', outside, 'disable_ipv6', '1');
  await commands.run(['ip', 'link', 'set', outside, 'master', names.bridge, 'up']);
  await commands.run(['ip', '-n', namespace, 'link', 'set', 'lo', 'up']);
  await commands.run(['ip', '-n', namespace, 'link', 'set', 'eth0', 'up']);
  if (machine.model === undefined) return;
  const { address, prefixLength, gateway } = machine.model;
  await commands.run(['ip', '-n', namespace, 'addr', 'add', `${address}/${prefixLength}`, 'brd', '+', 'dev', 'eth0']);
  // As on a real machine; nothing answers there.
  await commands.run(['ip', '-n', namespace, 'route', 'add', 'default', 'via', gateway, 'dev', 'eth0', 'src', address]);
}

/** Gives a guest's QEMU a card on the bridge; it goes with the others of the slot. */
export async function connectGuest(index: number, names: HostsLabNames, commands: HostCommands): Promise<void> {
  const outside = names.hostInterface(index);
  await commands.run(['ip', 'tuntap', 'add', 'dev', outside, 'mode', 'tap']);
  await setCard('ipv6', outside, 'disable_ipv6', '1');
  await commands.run(['ip', 'link', 'set', outside, 'master', names.bridge, 'up']);
  if (index > 0) return;
  // A bridge whose guests are all off would carry nothing, the packet that wakes one included.
  const lasting = `${names.bridge}-up`;
  const end = `${names.bridge}-end`;
  await commands.run(['ip', 'link', 'add', lasting, 'type', 'veth', 'peer', 'name', end]);
  for (const card of [lasting, end]) await setCard('ipv6', card, 'disable_ipv6', '1');
  await commands.run(['ip', 'link', 'set', end, 'up']);
  await commands.run(['ip', 'link', 'set', lasting, 'master', names.bridge, 'up']);
}

/** Takes a slot's cards, namespaces, bridge and guard route away; what is not there is fine. */
export async function removeNetwork(names: HostsLabNames, commands: HostCommands): Promise<void> {
  const cards = (await readdir('/sys/class/net')).filter((card) => card.startsWith(`${names.bridge}-`));
  for (const card of cards) await commands.ask(['ip', 'link', 'del', card]);
  const namespaces = existsSync('/run/netns') ? await readdir('/run/netns') : [];
  for (const name of namespaces.filter((each) => each.startsWith(names.prefix)))
    await commands.run(['ip', 'netns', 'del', name]);
  await commands.ask(['ip', 'link', 'del', names.bridge]);
  await commands.ask(['ip', 'route', 'del', 'unreachable', names.subnet, 'metric', String(guardMetric)]);
}

/** Writes the ssh_config by which the product and tests reach the machines; host keys are checked by machine name. */
export async function writeSshConfig(
  path: string,
  settings: HostsLabSettings,
  names: HostsLabNames,
  operatorKey: string,
): Promise<void> {
  const blocks = settings.machines.map((machine) =>
    [
      `Host ${machine.name}`,
      `  HostName ${names.address(machine)}`,
      `  HostKeyAlias ${machine.name}`,
      `  Port ${machine.sshPort ?? 22}`,
      `  User ${machine.user ?? operatorUser}`,
      `  IdentityFile ${operatorKey}`,
      '  IdentitiesOnly yes',
      '',
    ].join('\n'),
  );
  await writeFile(path, blocks.join('\n'), { mode: 0o600 });
}

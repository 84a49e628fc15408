import { writeFile } from 'node:fs/promises';
import { AppError } from '@vmstation/core';
import type { HostCommands } from './host-commands.ts';
import type { HostsLabNames, HostsLabSettings, HostsMachine } from './settings.ts';

/** Makes the bridge with its address. Throws lab/bridge-taken when it exists already: another lab, or one that was not taken down. */
export async function makeBridge(
  settings: HostsLabSettings,
  names: HostsLabNames,
  commands: HostCommands,
): Promise<void> {
  const { bridge, gateway } = names;
  if ((await commands.ask(['ip', 'link', 'show', bridge])).exitCode === 0) {
    throw new AppError({
      code: 'lab/bridge-taken',
      kind: 'locked',
      message: `The network bridge ${bridge} is there already: another lab called ${settings.name} runs on this computer.`,
      tryThis: 'Wait until it has ended, or take it down.',
    });
  }
  // With the bridge gone, packets for the machines would otherwise leave by the default route.
  await commands.run([
    'ip',
    'route',
    'replace',
    'unreachable',
    `${settings.subnet}.0/24`,
    'metric',
    String(names.guardMetric),
  ]);
  await commands.run(['ip', 'link', 'add', bridge, 'type', 'bridge', 'forward_delay', '0', 'mcast_snooping', '0']);
  // Where bridged packets pass the computer's own firewall, its rules would judge the lab's traffic.
  await commands.run(['ip', 'link', 'set', bridge, 'type', 'bridge', 'nf_call_iptables', '0']);
  await commands.run(['ip', 'addr', 'add', `${gateway}/24`, 'brd', '+', 'dev', bridge]);
  await commands.run(['ip', 'link', 'set', bridge, 'up']);
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
  await commands.run(['ip', 'link', 'set', outside, 'master', names.bridge, 'up']);
  await commands.run(['ip', '-n', namespace, 'link', 'set', 'lo', 'up']);
  await commands.run(['ip', '-n', namespace, 'link', 'set', 'eth0', 'up']);
}

/** Takes the lab's cards, namespaces, bridge and guard route away; what is not there is fine. */
export async function removeNetwork(
  settings: HostsLabSettings,
  names: HostsLabNames,
  commands: HostCommands,
): Promise<void> {
  for (const [index, machine] of settings.machines.entries()) {
    await commands.ask(['ip', 'link', 'del', names.hostInterface(index)]);
    await commands.ask(['ip', 'netns', 'del', names.namespace(machine.name)]);
  }
  await commands.ask(['ip', 'link', 'del', names.bridge]);
  await commands.ask([
    'ip',
    'route',
    'del',
    'unreachable',
    `${settings.subnet}.0/24`,
    'metric',
    String(names.guardMetric),
  ]);
}

/** Writes the ssh_config by which the product and tests reach the machines; host keys are checked by machine name. */
export async function writeSshConfig(
  path: string,
  settings: HostsLabSettings,
  names: HostsLabNames,
  user: string,
): Promise<void> {
  const blocks = settings.machines.map((machine) =>
    [
      `Host ${machine.name}`,
      `  HostName ${names.address(machine)}`,
      `  HostKeyAlias ${machine.name}`,
      `  User ${user}`,
      `  IdentityFile ${names.operatorKey}`,
      '  IdentitiesOnly yes',
      '',
    ].join('\n'),
  );
  await writeFile(path, blocks.join('\n'), { mode: 0o600 });
}

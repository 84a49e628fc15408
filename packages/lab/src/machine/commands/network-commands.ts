import { createHash } from 'node:crypto';
import type { Process } from '../../shell/process.ts';
import type { Machine } from '../machine.ts';
import { resolveName } from './identity-commands.ts';
import { type MachineProgram, unlessRoot } from './machine-program.ts';
import { parseOptions } from './options.ts';

interface Link {
  index: number;
  name: string;
  mac: string;
  up: boolean;
  mtu: number;
  addresses: string[];
}

function links(machine: Machine): Link[] {
  const loopback: Link = {
    index: 1,
    name: 'lo',
    mac: '00:00:00:00:00:00',
    up: true,
    mtu: 65_536,
    addresses: ['127.0.0.1/8'],
  };
  return [
    loopback,
    ...machine.state.interfaces.map((one, at) => ({
      index: at + 2,
      name: one.name,
      mac: one.mac,
      up: one.up,
      mtu: one.mtu,
      addresses: one.addresses.map(({ ip, prefixLength }) => `${ip}/${prefixLength}`),
    })),
  ];
}

/** ip(8): addr, link and route; showing, and up or down. */
export const ip: MachineProgram = async (process, machine) => {
  const flags = process.argv.slice(1).filter((arg) => arg.startsWith('-'));
  const [object = '', verb = 'show', ...rest] = process.argv.slice(1).filter((arg) => !arg.startsWith('-'));
  const named =
    rest.find((word) => links(machine).some((link) => link.name === word)) ??
    (links(machine).some((link) => link.name === verb) ? verb : undefined);
  const chosen = links(machine).filter((link) => named === undefined || link.name === named);
  const oneLine = flags.some((flag) => /^-\w*o/.test(flag));
  if (/^r(o(u(t(e)?)?)?)?$/.test(object)) return routes(process, machine, verb, rest);
  if (/^l(i(n(k)?)?)?$/.test(object) && verb === 'set') return setLink(process, machine, rest);
  if (/^l(i(n(k)?)?)?$/.test(object) && /^(?:add|del|delete)$/.test(verb))
    return makeLink(process, machine, verb, rest);
  if (flags.includes('-j') || flags.includes('-json')) {
    await process.out(
      `${JSON.stringify(chosen.map((link) => ({ ifindex: link.index, ifname: link.name, mtu: link.mtu, operstate: link.up ? 'UP' : 'DOWN', address: link.mac, addr_info: link.addresses.map((one) => ({ family: 'inet', local: one.split('/')[0], prefixlen: Number(one.split('/')[1]), scope: 'global' })) })))}\n`,
    );
    return 0;
  }
  const shows = /^a(d(d(r(e(s(s)?)?)?)?)?)?$/.test(object);
  for (const link of chosen) {
    const kind = link.name === 'lo' ? 'loopback' : 'ether';
    const state = `<${link.name === 'lo' ? 'LOOPBACK' : 'BROADCAST,MULTICAST'}${link.up ? ',UP,LOWER_UP' : ''}> mtu ${link.mtu} qdisc fq_codel state ${link.up ? (link.name === 'lo' ? 'UNKNOWN' : 'UP') : 'DOWN'}`;
    if (shows && oneLine)
      for (const address of link.addresses)
        await process.out(
          `${link.index}: ${link.name}    inet ${address} scope ${link.name === 'lo' ? 'host' : 'global'} ${link.name}\\       valid_lft forever preferred_lft forever\n`,
        );
    else if (oneLine)
      await process.out(
        `${link.index}: ${link.name}: ${state} mode DEFAULT group default qlen 1000\\    link/${kind} ${link.mac} brd ff:ff:ff:ff:ff:ff\n`,
      );
    else {
      await process.out(
        `${link.index}: ${link.name}: ${state} group default qlen 1000\n    link/${kind} ${link.mac} brd ff:ff:ff:ff:ff:ff\n`,
      );
      if (shows)
        for (const address of link.addresses)
          await process.out(
            `    inet ${address} scope ${link.name === 'lo' ? 'host' : 'global'} ${link.name}\n       valid_lft forever preferred_lft forever\n`,
          );
    }
  }
  return 0;
};

async function routes(process: Process, machine: Machine, verb: string, rest: readonly string[]): Promise<number> {
  const nic = machine.spec.nics[0];
  if (!nic) return 0;
  const gateway = nic.gateway ?? nic.ip.replace(/\d+$/, '1');
  if (verb === 'get')
    await process.out(`${rest[0]} via ${gateway} dev ${nic.name} src ${nic.ip} uid ${process.credentials.uid}\n`);
  else {
    await process.out(`default via ${gateway} dev ${nic.name}\n`);
    if (!rest.includes('default') && verb !== 'default')
      await process.out(
        `${nic.ip.replace(/\d+$/, '0')}/${nic.prefixLength ?? 24} dev ${nic.name} proto kernel scope link src ${nic.ip}\n`,
      );
  }
  return 0;
}

/** `ip link add NAME type KIND [peer name OTHER]` and `ip link del NAME`. */
async function makeLink(process: Process, machine: Machine, verb: string, rest: readonly string[]): Promise<number> {
  const refused = await unlessRoot(process, 'RTNETLINK answers: Operation not permitted', 2);
  if (refused !== undefined) return refused;
  const { interfaces } = machine.state;
  const name = rest[0] ?? '';
  const peer = rest[rest.indexOf('peer') + 2];
  const names = [name, ...(rest.includes('peer') && peer !== undefined ? [peer] : [])];
  if (verb === 'add') {
    if (interfaces.some((one) => names.includes(one.name))) return process.fail('RTNETLINK answers: File exists', 2);
    const mac = (at: number) => `02:00:00:00:ff:${(interfaces.length + at).toString(16).padStart(2, '0')}`;
    interfaces.push(
      ...names.map((one, at) => ({ name: one, mac: mac(at), up: false, addresses: [], mtu: 1500, wakeOnLan: 'd' })),
    );
    return 0;
  }
  if (!interfaces.some((one) => one.name === name)) return process.fail(`Cannot find device "${name}"`);
  // The other end of a pair goes with it.
  const gone = [name, `${name}p`];
  machine.state.interfaces = interfaces.filter((one) => !gone.includes(one.name));
  return 0;
}

async function setLink(process: Process, machine: Machine, rest: readonly string[]): Promise<number> {
  const refused = await unlessRoot(process, 'RTNETLINK answers: Operation not permitted', 2);
  if (refused !== undefined) return refused;
  const link = machine.state.interfaces.find((one) => rest.includes(one.name));
  if (!link) return process.fail(`Cannot find device "${rest[0]}"`);
  if (rest.includes('up')) link.up = true;
  if (rest.includes('down')) link.up = false;
  const mtu = rest[rest.indexOf('mtu') + 1];
  if (rest.includes('mtu')) {
    if (!(Number(mtu) >= 68)) return process.fail('Error: mtu less than device minimum.', 2);
    link.mtu = Number(mtu);
  }
  return 0;
}

/** ethtool(8): -i, -s DEV wol g|d, and the wake settings. */
export const ethtool: MachineProgram = async (process, machine) => {
  const args = process.argv.slice(1);
  const link = machine.state.interfaces.find((one) => args.includes(one.name));
  if (!link) return process.fail(`netlink error: No such device`, 75);
  if (args[0] === '-s') {
    const refused = await unlessRoot(process, 'netlink error: Operation not permitted', 75);
    if (refused !== undefined) return refused;
    link.wakeOnLan = args[args.indexOf('wol') + 1] ?? link.wakeOnLan;
    return 0;
  }
  if (args[0] === '-i') await process.out('driver: e1000e\nversion: lab\n');
  else
    await process.out(
      `Settings for ${link.name}:\n\tSpeed: 1000Mb/s\n\tDuplex: Full\n\tSupports Wake-on: pumbg\n\tWake-on: ${link.wakeOnLan}\n\tLink detected: ${link.up ? 'yes' : 'no'}\n`,
    );
  return 0;
};

/** ping(8): answers for machines of the lab's network that are on. */
export const ping: MachineProgram = async (process, machine) => {
  const options = parseOptions(process, 'c: W: w: q n 4 6 i: s: I:');
  const target = options.operands[0] ?? '';
  const address = resolveName(machine, target);
  if (!address) return process.fail(`${target}: Name or service not known`, 2);
  const peer = machine.network?.find(address) ?? (address.startsWith('127.') ? machine : undefined);
  const count = Number(options.value('c') ?? 4);
  const answered = peer === machine || peer?.listens(22) === true;
  await process.out(`PING ${target} (${address}) 56(84) bytes of data.\n`);
  if (answered && !options.has('q'))
    for (let sequence = 1; sequence <= count; sequence += 1)
      await process.out(`64 bytes from ${address}: icmp_seq=${sequence} ttl=64 time=0.3 ms\n`);
  await process.out(
    `\n--- ${target} ping statistics ---\n${count} packets transmitted, ${answered ? count : 0} received, ${answered ? 0 : 100}% packet loss\n`,
  );
  return answered ? 0 : 1;
};

/** ss(8): listening TCP ports of active services. */
export const ss: MachineProgram = async (process, machine) => {
  await process.out('State  Recv-Q Send-Q Local Address:Port Peer Address:Port\n');
  for (const port of [22, 2049])
    if (machine.listens(port)) await process.out(`LISTEN 0      128          0.0.0.0:${port}        0.0.0.0:*\n`);
  return 0;
};

/** ssh-keygen(1): -l fingerprints, -y is not offered. */
export const sshKeygen: MachineProgram = async (process) => {
  const options = parseOptions(process, 'l f: E: t: N: q C: b: A v y R: F: H');
  if (options.has('A')) return 0;
  if (!options.has('l')) return process.fail('the lab makes no keys on its machines');
  const path = options.value('f') ?? '';
  const text =
    path === '-' ? await process.readAll() : await process.readFile(process.find(`${path}.pub`) ? `${path}.pub` : path);
  let shown = 0;
  for (const line of text.split('\n')) {
    const match = /(ssh-ed25519|ssh-rsa|ecdsa-sha2-\S+)\s+([A-Za-z0-9+/=]+)(?:\s+(.*))?/.exec(line);
    if (!match) continue;
    const [, type = '', key = '', comment = 'no comment'] = match;
    const digest = createHash('sha256').update(Buffer.from(key, 'base64')).digest('base64').replace(/=+$/, '');
    const bits = type === 'ssh-ed25519' ? 256 : type === 'ssh-rsa' ? 2048 : 256;
    await process.out(
      `${bits} SHA256:${digest} ${comment} (${type === 'ssh-ed25519' ? 'ED25519' : type === 'ssh-rsa' ? 'RSA' : 'ECDSA'})\n`,
    );
    shown += 1;
  }
  return shown > 0 ? 0 : process.fail(`${path} is not a public key file.`, 255);
};

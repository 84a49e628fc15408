import type { Process } from '../../shell/process.ts';
import type { Machine } from '../machine.ts';
import type { MachineProgram } from './machine-program.ts';

/** Ports and services that a zone lets in. */
interface Zone {
  readonly ports: Set<string>;
  readonly services: Set<string>;
}

type Subject = 'port' | 'service';

const zoneFile = '/etc/firewalld/zones/public.xml';
const unit = 'firewalld.service';
/** Rules in force, by machine, and by which process of firewalld they were read. */
const inForce = new WeakMap<Machine, { readonly daemon: number; readonly zone: Zone }>();

function keptZone(machine: Machine): Zone {
  const text = machine.files.read(zoneFile) ?? '';
  const ports = [...text.matchAll(/<port port="([^"]+)" protocol="([^"]+)"/g)].map(([, port, of]) => `${port}/${of}`);
  const services = [...text.matchAll(/<service name="([^"]+)"/g)].map(([, name]) => name ?? '');
  return { ports: new Set(ports), services: new Set(services) };
}

function keep(machine: Machine, zone: Zone): void {
  const services = [...zone.services].map((name) => `  <service name="${name}"/>\n`);
  const ports = [...zone.ports].map((port) => {
    const [number, protocol] = port.split('/');
    return `  <port port="${number}" protocol="${protocol}"/>\n`;
  });
  const elements = [...services, ...ports].join('');
  machine.files.write(
    zoneFile,
    `<?xml version="1.0" encoding="utf-8"?>\n<zone>\n  <short>Public</short>\n${elements}</zone>\n`,
  );
}

/** What the running firewalld lets in: what was kept when it started or reloaded, and what was changed since. */
function runningZone(machine: Machine): Zone {
  const daemon = machine.systemd.runtime(unit).mainPid;
  const known = inForce.get(machine);
  if (known?.daemon === daemon) return known.zone;
  const zone = keptZone(machine);
  inForce.set(machine, { daemon, zone });
  return zone;
}

/** Services that firewalld of the faces knows, as far as the lab does. */
const services = new Set(
  'ssh dhcpv6-client cockpit http https nfs mountd rpc-bind ntp syslog kerberos kube-apiserver kubelet etcd-client etcd-server prometheus samba dns mdns'.split(
    ' ',
  ),
);

function refusalOf(subject: Subject, value: string): { readonly message: string; readonly status: number } | undefined {
  if (subject === 'service')
    return services.has(value) ? undefined : { message: `Error: INVALID_SERVICE: ${value}\n`, status: 101 };
  if (!value.includes('/')) {
    const message = `Error: INVALID_PORT: bad port (most likely missing protocol), correct syntax is portid[-portid]/protocol\n`;
    return { message, status: 102 };
  }
  const [port = '', protocol = ''] = value.split('/');
  if (!/^\d+(?:-\d+)?$/.test(port)) return { message: `Error: INVALID_PORT: ${port}\n`, status: 102 };
  if (/^(?:tcp|udp|sctp|dccp)$/.test(protocol)) return undefined;
  const known = `'${protocol}' not in {'tcp'|'udp'|'sctp'|'dccp'}`;
  return { message: `Error: INVALID_PROTOCOL: ${known}\n`, status: 103 };
}

interface Request {
  readonly verb: string;
  readonly value: string;
  readonly permanent: boolean;
}

function requestOf(args: readonly string[]): Request | undefined {
  const known = /^--(?:state|reload|get-default-zone|(?:list|add|remove|query)-(?:ports?|services?))(?:=(.*))?$/;
  let request: Request | undefined;
  for (const arg of args) {
    if (arg === '--permanent' || arg.startsWith('--zone=') || arg === '-q' || arg === '--quiet') continue;
    if (!known.test(arg)) return undefined;
    const [flag = '', value = ''] = arg.split(/=(.*)/s);
    request = { verb: flag.slice(2), value, permanent: args.includes('--permanent') };
  }
  return request;
}

/** firewall-cmd(1): state, reload, and ports and services of the public zone, in force and kept. */
export const firewallCmd: MachineProgram = async (process, machine) => {
  const request = requestOf(process.argv.slice(1));
  if (request === undefined) {
    await process.err("usage: 'firewall-cmd --help' for usage information or see firewall-cmd(1) man page\n");
    return 2;
  }
  const isRunning = machine.systemd.isActive(unit);
  if (request.verb === 'state' || !isRunning) {
    const state = isRunning ? 'running\n' : request.verb === 'state' ? 'not running\n' : 'FirewallD is not running\n';
    await (isRunning ? process.out(state) : process.err(state));
    return isRunning ? 0 : 252;
  }
  if (process.credentials.uid !== 0) {
    await process.err(
      'Authorization failed.\n    Make sure polkit agent is running or run the application as superuser.\n',
    );
    return 253;
  }
  const zoneName = process.argv.find((arg) => arg.startsWith('--zone='))?.slice(7) ?? 'public';
  if (zoneName !== 'public') {
    await process.err(`Error: INVALID_ZONE: ${zoneName}\n`);
    return 112;
  }
  return answer(process, machine, request);
};

async function answer(process: Process, machine: Machine, { verb, value, permanent }: Request): Promise<number> {
  if (verb === 'get-default-zone') await process.out('public\n');
  else if (verb === 'reload') {
    inForce.delete(machine);
    runningZone(machine);
    await process.out('success\n');
  }
  const [action = '', plural = ''] = verb.split('-');
  const subject = plural.replace(/s$/, '');
  if (subject !== 'port' && subject !== 'service') return 0;
  const zone = permanent ? keptZone(machine) : runningZone(machine);
  const entries = subject === 'port' ? zone.ports : zone.services;
  if (action === 'list') {
    await process.out(`${[...entries].toSorted().join(' ')}\n`);
    return 0;
  }
  const refusal = refusalOf(subject, value);
  if (refusal !== undefined) {
    await process.err(refusal.message);
    return refusal.status;
  }
  if (action === 'query') {
    await process.out(entries.has(value) ? 'yes\n' : 'no\n');
    return entries.has(value) ? 0 : 1;
  }
  const shown = subject === 'port' ? value.replace('/', ':') : value;
  const where = permanent ? shown : `'${shown}' ${action === 'add' ? 'already' : 'not'} in 'public'`;
  if (entries.has(value) === (action === 'add'))
    await process.err(`Warning: ${action === 'add' ? 'ALREADY_ENABLED' : 'NOT_ENABLED'}: ${where}\n`);
  if (action === 'add') entries.add(value);
  else entries.delete(value);
  if (permanent) keep(machine, zone);
  await process.out('success\n');
  return 0;
}

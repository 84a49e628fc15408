import type { Process } from '../../shell/process.ts';
import type { Machine } from '../machine.ts';
import { credentialsOf, findGroup, findUser, formatGroup, formatUser, groupName, userName } from './accounts.ts';
import type { MachineProgram } from './machine-program.ts';
import { parseOptions } from './options.ts';

export const id: MachineProgram = async (process, machine) => {
  const options = parseOptions(process, 'u user g group G groups n name r real z');
  const given = options.operands[0];
  const user = findUser(machine, given ?? String(process.credentials.uid));
  if (given !== undefined && !user) return process.fail(`'${given}': no such user`);
  const who = given !== undefined && user ? credentialsOf(machine, user) : process.credentials;
  const groups = [...new Set([who.gid, ...who.groups])];
  const named = options.has('n', 'name');
  const user_ = (uid: number): string => (named ? userName(machine, uid) : String(uid));
  const group_ = (gid: number): string => (named ? groupName(machine, gid) : String(gid));
  if (options.has('u', 'user')) await process.out(`${user_(who.uid)}\n`);
  else if (options.has('g', 'group')) await process.out(`${group_(who.gid)}\n`);
  else if (options.has('G', 'groups')) await process.out(`${groups.map(group_).join(' ')}\n`);
  else
    await process.out(
      `uid=${who.uid}(${userName(machine, who.uid)}) gid=${who.gid}(${groupName(machine, who.gid)}) groups=${groups.map((gid) => `${gid}(${groupName(machine, gid)})`).join(',')}\n`,
    );
  return 0;
};

export const whoami: MachineProgram = async (process, machine) => {
  await process.out(`${userName(machine, process.credentials.uid)}\n`);
  return 0;
};

export const groups: MachineProgram = async (process, machine) => {
  const user = findUser(machine, process.argv[1] ?? String(process.credentials.uid));
  const who = user ? credentialsOf(machine, user) : process.credentials;
  await process.out(
    `${process.argv[1] ? `${process.argv[1]} : ` : ''}${who.groups.map((gid) => groupName(machine, gid)).join(' ')}\n`,
  );
  return 0;
};

export const getent: MachineProgram = async (process, machine) => {
  const [database = '', ...keys] = process.argv.slice(1);
  if (database === 'hosts' || database === 'ahosts' || database === 'ahostsv4') return hosts(process, machine, keys);
  const find: Record<string, (key: string) => string | undefined> = {
    passwd: (key) => optional(findUser(machine, key), formatUser),
    group: (key) => optional(findGroup(machine, key), formatGroup),
    shadow: (key) => (machine.files.read('/etc/shadow') ?? '').split('\n').find((line) => line.startsWith(`${key}:`)),
  };
  const lookup = find[database];
  if (!lookup) return process.fail(`Unknown database: ${database}`, 1);
  if (keys.length === 0)
    await process.out(machine.files.read(database === 'passwd' ? '/etc/passwd' : '/etc/group') ?? '');
  let status = 0;
  for (const key of keys) {
    const line = lookup(key);
    if (line === undefined) status = 2;
    else await process.out(`${line}\n`);
  }
  return status;
};

function optional<T>(value: T | undefined, format: (value: T) => string): string | undefined {
  return value === undefined ? undefined : format(value);
}

async function hosts(process: Process, machine: Machine, names: readonly string[]): Promise<number> {
  let status = 0;
  for (const name of names) {
    const address = resolveName(machine, name);
    if (address === undefined) status = 2;
    else await process.out(`${address.padEnd(15)} ${name}\n`);
  }
  return status;
}

/** Address of a name by the machine's own /etc/hosts; an address answers for itself. */
export function resolveName(machine: Machine, name: string): string | undefined {
  if (/^\d+(\.\d+){3}$/.test(name)) return name;
  for (const line of (machine.files.read('/etc/hosts') ?? '').split('\n')) {
    const [address, ...aliases] = line.replace(/#.*/, '').trim().split(/\s+/);
    if (address && aliases.includes(name)) return address;
  }
  return undefined;
}

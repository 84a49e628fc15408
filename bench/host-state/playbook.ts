import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Resource, type ResourceId, resourceId, type UnitAction } from '@vmstation/core';
import type { BenchMachines } from './machines.ts';
import type { Site } from './site.ts';

type Arguments = Readonly<Record<string, unknown>>;

/** A call of a module of ansible-core. */
interface Task {
  readonly name: string;
  readonly module: string;
  readonly args: Arguments;
  readonly more?: Arguments;
  readonly notifies?: readonly UnitAction[];
  readonly reloadsUnits?: boolean;
}

/** Where Ansible finds what it runs. */
export interface Playbook {
  readonly file: string;
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  /** Tasks of one machine, facts not counted. */
  readonly tasks: number;
}

const unitsRead = 'unit files are read again';
const sysctlFile = '/etc/sysctl.d/99-zz-vmstation.conf';

/**
 * The site as an Ansible user would write it with the modules of ansible-core, tuned: pipelining, connections kept, all packages in one task, all kernel
 * settings in one file and one look at what runs. What machines differ in stands in host_vars, so that all three work at the same time.
 */
export async function writePlaybook(site: Site, machines: BenchMachines, folder: string): Promise<Playbook> {
  await mkdir(join(folder, 'host_vars'), { recursive: true });
  const byNode = new Map([...site.resources].map(([node, resources]) => [node, tasksOf(resources)]));
  const names = [...new Set([...byNode.values()].flatMap((tasks) => [...tasks.keys()]))];
  const values = new Map(machines.names.map((node) => [node, new Map<string, string>()]));
  const tasks: string[] = [];
  const handlers = new Map<string, UnitAction>();
  for (const name of names) {
    const on = machines.names.filter((node) => byNode.get(node)?.has(name));
    const variants = on.map((node) => byNode.get(node)?.get(name) as Task);
    const [first] = variants as [Task];
    for (const action of first.notifies ?? []) handlers.set(handlerName(action), action);
    const notified = [...(first.reloadsUnits === true ? [unitsRead] : []), ...(first.notifies ?? []).map(handlerName)];
    const same = variants.every((task) => JSON.stringify(task.args) === JSON.stringify(first.args));
    if (!same) variants.forEach((task, index) => values.get(on[index] ?? '')?.set(variableOf(name), unsafe(task.args)));
    const lines = [
      `    - name: ${JSON.stringify(name)}`,
      `      ${first.module}: ${same ? unsafe(first.args) : JSON.stringify(`{{ ${variableOf(name)} }}`)}`,
      ...Object.entries(first.more ?? {}).map(([key, value]) => `      ${key}: ${JSON.stringify(value)}`),
      ...(notified.length === 0 ? [] : [`      notify: ${JSON.stringify(notified)}`]),
      ...(on.length === machines.names.length
        ? []
        : [`      when: inventory_hostname in ${JSON.stringify(on).replaceAll('"', "'")}`]),
    ];
    tasks.push(lines.join('\n'));
  }
  const reload = `    - name: ${unitsRead}\n      ansible.builtin.systemd: { daemon_reload: true }`;
  const handlerLines = [...handlers].map(([name, { unit, action }]) => {
    const state = action === 'restart' ? 'restarted' : 'reloaded';
    return `    - name: ${name}\n      ansible.builtin.systemd: ${JSON.stringify({ name: unit, state, daemon_reload: true })}`;
  });
  const play = ['- hosts: all', '  become: true', '  tasks:', ...tasks, '  handlers:', reload, ...handlerLines, ''];
  await writeFile(join(folder, 'site.yml'), play.join('\n'));
  for (const [node, own] of values)
    await writeFile(
      join(folder, 'host_vars', `${node}.yml`),
      `---\n${[...own].map(([key, value]) => `${key}: ${value}\n`).join('')}`,
    );
  await writeFile(join(folder, 'inventory.ini'), `${machines.names.join('\n')}\n`);
  await writeFile(join(folder, 'ansible.cfg'), configuration(machines, folder));
  const env = { ...process.env, LC_ALL: 'C.UTF-8', ANSIBLE_CONFIG: join(folder, 'ansible.cfg'), ANSIBLE_NOCOLOR: '1' };
  const most = Math.max(...[...byNode.values()].map((own) => own.size));
  return { file: join(folder, 'site.yml'), folder, env, tasks: most };
}

function configuration({ sshConfigFile, knownHostsFile }: BenchMachines, folder: string): string {
  const ssh = `-F ${sshConfigFile} -o BatchMode=yes -o StrictHostKeyChecking=yes -o UserKnownHostsFile=${knownHostsFile}`;
  return [
    '[defaults]',
    `inventory = ${join(folder, 'inventory.ini')}`,
    `local_tmp = ${join(folder, 'tmp')}`,
    'forks = 10',
    'interpreter_python = /usr/bin/python3',
    'retry_files_enabled = False',
    '[ssh_connection]',
    'pipelining = True',
    `ssh_args = ${ssh} -o ControlMaster=auto -o ControlPersist=600s`,
    `control_path_dir = ${join(folder, 'cp')}`,
    '',
  ].join('\n');
}

/** Flow style, in which no text is taken for a template. */
function unsafe(value: unknown): string {
  if (typeof value === 'string')
    return /\{[{%#]/.test(value) ? `!unsafe ${JSON.stringify(value)}` : JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(unsafe).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).filter(([, one]) => one !== undefined);
  return `{${entries.map(([key, one]) => `${key}: ${unsafe(one)}`).join(', ')}}`;
}

function variableOf(name: string): string {
  return `args_${name.replaceAll(/[^A-Za-z0-9]/g, '_')}`;
}

function handlerName({ unit, action }: UnitAction): string {
  return `${action} ${unit}`;
}

/** Kinds in the order in which they stand on each other. */
const order: readonly Resource['kind'][] = ['group', 'user', 'package', 'directory', 'file', 'symlink', 'line', 'unit'];

function tasksOf(resources: readonly Resource[]): ReadonlyMap<string, Task> {
  const placeOf = ({ kind }: Resource): number => {
    if (kind === 'service') return order.length + 1;
    const place = order.indexOf(kind);
    return place === -1 ? order.length : place;
  };
  const sorted = resources.toSorted((a, b) => placeOf(a) - placeOf(b));
  const tasks: Task[] = [];
  const packages = sorted.flatMap((one) => (one.kind === 'package' && one.ensure !== 'absent' ? [one.name] : []));
  const without = sorted.flatMap((one) => (one.kind === 'package' && one.ensure === 'absent' ? [one.name] : []));
  if (packages.length > 0) tasks.push(apt('packages', packages, 'present'));
  if (without.length > 0) tasks.push(apt('packages that are not wanted', without, 'absent'));
  tasks.push(...folders(sorted));
  for (const resource of sorted) tasks.push(...tasksOfOne(resource));
  const settings = sorted.flatMap((one) => (one.kind === 'sysctl' ? [one] : []));
  tasks.push(...kernelSettings(settings.map(({ key, value }) => [key, value])));
  const services = tasks.filter(({ module }) => module === 'ansible.builtin.systemd');
  return new Map([...tasks.filter((task) => !services.includes(task)), ...services].map((task) => [task.name, task]));
}

function apt(name: string, packages: readonly string[], state: string): Task {
  return { name, module: 'ansible.builtin.apt', args: { name: packages, state, install_recommends: false } };
}

/** Folders of Debian that hold declared files; others have to be made. */
const knownFolders =
  /^\/(?:etc|usr\/local\/bin|etc\/(?:apt\/apt\.conf|chrony|cron|default|logrotate|modprobe|profile|rsyslog|skel|ssh|sudoers|sysctl|systemd\/system|tmpfiles)(?:\.d)?)$/;

function folders(resources: readonly Resource[]): readonly Task[] {
  const declared = new Set(resources.flatMap((one) => (one.kind === 'directory' ? [one.path] : [])));
  const needed = resources.flatMap((one) =>
    one.kind === 'file' && one.ensure !== 'absent' ? [dirname(one.path)] : [],
  );
  return [...new Set(needed)]
    .filter((path) => !knownFolders.test(path) && !declared.has(path))
    .map((path) => ({ name: `folder ${path}`, module: 'ansible.builtin.file', args: { path, state: 'directory' } }));
}

/** Debian's own boot files set these to what the site wants: the product finds that and writes no line, so neither does the playbook. */
const debiansOwn: ReadonlySet<string> = new Set([
  'fs.protected_hardlinks',
  'fs.protected_regular',
  'fs.protected_symlinks',
]);

function kernelSettings(settings: readonly (readonly [string, string])[]): readonly Task[] {
  if (settings.length === 0) return [];
  const content = settings.flatMap(([key, value]) => (debiansOwn.has(key) ? [] : [`${key} = ${value}\n`])).join('');
  const look = ['sysctl', '-n', ...settings.map(([key]) => key)];
  const wanted = settings.map(([, value]) => value);
  return [
    { name: 'kernel settings', module: 'ansible.builtin.copy', args: { dest: sysctlFile, content, mode: '0644' } },
    {
      name: 'kernel settings that run',
      module: 'ansible.builtin.command',
      args: { argv: look },
      more: { register: 'running', changed_when: false, check_mode: false },
    },
    {
      name: 'kernel settings into force',
      module: 'ansible.builtin.command',
      args: { argv: ['sysctl', '-p', sysctlFile] },
      more: { when: `running.stdout_lines | map('replace', '\t', ' ') | list != ${JSON.stringify(wanted)}` },
    },
  ];
}

function tasksOfOne(resource: Resource): readonly Task[] {
  const id = resourceId(resource);
  const notifies =
    resource.notifies === undefined || resource.notifies.length === 0 ? {} : { notifies: resource.notifies };
  const task = (module: string, args: Arguments, more: Partial<Task> = {}): Task => {
    return { name: id, module: `ansible.builtin.${module}`, args, ...notifies, ...more };
  };
  switch (resource.kind) {
    case 'package':
    case 'sysctl':
      return [];
    case 'file': {
      const { path, owner, group, mode, content, ensure, validate } = resource;
      if (ensure === 'absent') return [task('file', { path, state: 'absent' })];
      if (content === undefined) return [task('file', { path, owner, group, mode })];
      const command = validate?.command.map((word) => word.replace('{}', '%s')).join(' ');
      return [task('copy', { dest: path, content, owner, group, mode, validate: command })];
    }
    case 'directory': {
      const { path, owner, group, mode } = resource;
      return [task('file', { path, owner, group, mode, state: 'directory' })];
    }
    case 'symlink':
      return [task('file', { path: resource.path, src: resource.target, state: 'link', force: true })];
    case 'line': {
      const { path, line, match, ensure } = resource;
      return [task('lineinfile', { path, line, regexp: match, state: ensure ?? 'present' })];
    }
    case 'unit': {
      const path = `/etc/systemd/system/${resource.name}`;
      const copy = task('copy', { dest: path, content: resource.content, mode: '0644' });
      return [{ ...copy, reloadsUnits: true }];
    }
    case 'service': {
      const { unit, enabled, active, masked } = resource;
      const state = active === undefined ? undefined : active ? 'started' : 'stopped';
      return [task('systemd', { name: unit, enabled, masked, state, daemon_reload: false })];
    }
    case 'user': {
      const { name, uid, group, groups, home, shell, system } = resource;
      return [task('user', { name, uid, group, groups, append: true, home, shell, system })];
    }
    case 'group':
      return [task('group', { name: resource.name, gid: resource.gid, system: resource.system })];
    default:
      return rarer(id, resource, task);
  }
}

function rarer(
  id: ResourceId,
  resource: Resource,
  task: (module: string, args: Arguments, more?: Partial<Task>) => Task,
): readonly Task[] {
  switch (resource.kind) {
    case 'authorized-key': {
      const path = resource.user === 'root' ? '/root' : `/home/${resource.user}`;
      const blob = resource.key.split(' ')[1]?.replaceAll('+', String.raw`\+`) ?? '';
      return [task('lineinfile', { path: `${path}/.ssh/authorized_keys`, line: resource.key, regexp: blob })];
    }
    case 'hostname':
      return [task('hostname', { name: resource.name, use: 'debian' })];
    case 'timezone':
      return [
        task('file', {
          path: '/etc/localtime',
          src: `/usr/share/zoneinfo/${resource.zone}`,
          state: 'link',
          force: true,
        }),
        task('copy', { dest: '/etc/timezone', content: `${resource.zone}\n` }, { name: `${id}, its name` }),
      ];
    case 'hosts-entry':
      return [hostsLine(id, resource.address, resource.names, task)];
    case 'hosts-entries':
      return resource.entries.map(({ address, names }) => hostsLine(`${id} ${address}`, address, names, task));
    default:
      throw new Error(`The bench has no task of Ansible for ${id}: add it to bench/host-state/playbook.ts.`);
  }
}

function hostsLine(
  name: string,
  address: string,
  names: readonly string[],
  task: (module: string, args: Arguments, more?: Partial<Task>) => Task,
): Task {
  const regexp = `^${address.replaceAll('.', String.raw`\.`)}\\s`;
  return task('lineinfile', { path: '/etc/hosts', line: `${address} ${names.join(' ')}`, regexp }, { name });
}

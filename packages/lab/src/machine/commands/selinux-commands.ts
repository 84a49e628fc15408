import { type MachineProgram, unlessRoot } from './machine-program.ts';
import { parseOptions } from './options.ts';

export const getenforce: MachineProgram = async (process, machine) => {
  await process.out(`${machine.state.selinux}\n`);
  return 0;
};

export const setenforce: MachineProgram = async (process, machine) => {
  const refused = await unlessRoot(process, 'setenforce: SELinux is disabled or permission denied');
  if (refused !== undefined) return refused;
  machine.state.selinux = /^(1|enforcing)$/i.test(process.argv[1] ?? '') ? 'Enforcing' : 'Permissive';
  return 0;
};

export const sestatus: MachineProgram = async (process, machine) => {
  await process.out(
    `SELinux status:                 enabled\nCurrent mode:                   ${machine.state.selinux.toLowerCase()}\nMode from config file:          ${/^SELINUX=(\w+)/m.exec(machine.files.read('/etc/selinux/config') ?? '')?.[1]}\nLoaded policy name:             targeted\n`,
  );
  return 0;
};

export const selinuxenabled: MachineProgram = (_process, machine) => (machine.state.selinux === 'Disabled' ? 1 : 0);

/** The type that the targeted policy wants for a path, for the folders that are modelled. */
function contextFor(path: string): string {
  const types: [RegExp, string][] = [
    [/^\/etc\/ssh\/.*key/, 'sshd_key_t'],
    [/^\/etc\//, 'etc_t'],
    [/\/\.ssh(\/|$)/, 'ssh_home_t'],
    [/^\/root(\/|$)/, 'admin_home_t'],
    [/^\/home\//, 'user_home_t'],
    [/^\/usr\/lib\/systemd\/system/, 'systemd_unit_file_t'],
    [/^\/usr\/s?bin\//, 'bin_t'],
    [/^\/var\/log/, 'var_log_t'],
    [/^\/var\/lib/, 'var_lib_t'],
  ];
  const type = types.find(([expression]) => expression.test(path))?.[1] ?? 'default_t';
  return `system_u:object_r:${type}:s0`;
}

/** chcon(1): -t sets the type alone. */
export const chcon: MachineProgram = async (process) => {
  const options = parseOptions(process, 't: type= R recursive v verbose h no-dereference');
  const type = options.value('t', 'type') ?? '';
  let status = 0;
  for (const path of options.operands) {
    const inode = process.find(path, false);
    if (!inode) status = await process.fail(`cannot access '${path}': No such file or directory`);
    else
      inode.context = (inode.context ?? 'system_u:object_r:unlabeled_t:s0').replace(
        /^([^:]*:[^:]*:)[^:]*/,
        `$1${type}`,
      );
  }
  return status;
};

/** restorecon(8): sets what the policy wants; a file that has it already is not touched. */
export const restorecon: MachineProgram = async (process) => {
  const options = parseOptions(process, 'R r v F n i p m x');
  let status = 0;
  for (const path of options.operands) {
    const inode = process.find(path, false);
    if (!inode) status = await process.fail(`lstat(${path}) failed: No such file or directory`, 255);
    else if (!options.has('n')) inode.context = contextFor(process.path(path));
  }
  return status;
};

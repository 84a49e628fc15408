import type { Machine } from './machine.ts';
import { loadModule } from './modules.ts';
import { generateMountUnits } from './mount-units.ts';
import { mountFromTable, restoreMounts } from './mounts.ts';
import { readSshdConfig } from './sshd-config.ts';
import { applySysctlFiles } from './sysctl-files.ts';

/** What the kernel and systemd do at boot: modules, kernel settings, file systems, swap, then the default target. */
export async function bootMachine(machine: Machine): Promise<void> {
  const { files, state } = machine;
  for (const name of BOOT_MODULES) state.modules.push(name);
  for (const folder of ['/usr/lib/modules-load.d', '/etc/modules-load.d']) {
    for (const file of files.list(folder)) {
      for (const line of (files.read(`${folder}/${file}`) ?? '').split('\n'))
        if (/^[^#;\s]/.test(line)) loadModule(machine, line.trim());
    }
  }
  applySysctlFiles(machine);
  state.hostname = (files.read('/etc/hostname') ?? machine.name).trim() || 'localhost';
  mountFromTable(machine);
  const automounts = generateMountUnits(machine);
  if (machine.hasSelinux) state.selinux = selinuxMode(files.read('/etc/selinux/config') ?? '');
  for (const unit of automounts) await machine.systemd.start(unit);
  await machine.systemd.start('multi-user.target');
}

const BOOT_MODULES = ['ext4', 'sunrpc'];

function selinuxMode(config: string): 'Enforcing' | 'Permissive' | 'Disabled' {
  const mode = /^SELINUX=(\w+)/m.exec(config)?.[1];
  return mode === 'permissive' ? 'Permissive' : mode === 'disabled' ? 'Disabled' : 'Enforcing';
}

/** Takes up kept memory in a new process of the lab: the machine itself notices nothing. */
export function resumeMachine(machine: Machine): void {
  restoreMounts(machine);
  const { sshdConfig } = machine.state;
  machine.systemd.resume();
  // Resuming is no restart: sshd goes on with what it had read.
  machine.state.sshdConfig = sshdConfig || readSshdConfig(machine.files);
}

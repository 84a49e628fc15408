import type { Machine } from '../machine.ts';

const folder = '/run/systemd/transient';

/** Transient units are unloaded, and their files go, as soon as nothing of them runs or waits. */
export function unloadTransientUnits(machine: Machine): void {
  const isIdle = (name: string): boolean => (machine.state.units[name]?.active ?? 'inactive') === 'inactive';
  const unload = (name: string): void => {
    machine.files.remove(`${folder}/${name}`);
    delete machine.state.units[name];
  };
  for (const name of machine.files.list(folder)) {
    const [, base] = /^(.+)\.(?:service|timer)$/.exec(name) ?? [];
    if (base === undefined || !isIdle(`${base}.timer`)) continue;
    if (name.endsWith('.timer') || isIdle(name)) unload(name);
  }
}

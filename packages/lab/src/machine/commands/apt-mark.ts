import { catalogueOf } from '../face.ts';
import { type MachineProgram, unlessRoot } from './machine-program.ts';

/** apt-mark(8): hold, unhold, showhold, auto, manual. dpkg keeps the holds, and does not wait for its lock. */
export const aptMark: MachineProgram = async (process, machine) => {
  const [verb = '', ...names] = process.argv.slice(1);
  if (verb === 'showhold') {
    for (const { name, status } of machine.packages.list())
      if (status.startsWith('hold ')) await process.out(`${name}\n`);
    return 0;
  }
  if (!['hold', 'unhold', 'auto', 'manual'].includes(verb)) {
    await process.err(`E: Invalid operation ${verb}\n`);
    return 100;
  }
  const known = names.filter((name) => machine.packages.get(name) ?? catalogueOf(machine.face).get(name));
  for (const name of names) if (!known.includes(name)) await process.err(`E: Unable to locate package ${name}\n`);
  if (known.length < names.length) {
    if (known.length === 0) await process.err('E: No packages found\n');
    return 100;
  }
  if (verb === 'auto' || verb === 'manual') {
    for (const name of names)
      await process.out(`${name} set to ${verb === 'auto' ? 'automatically' : 'manually'} installed.\n`);
    return 0;
  }
  return setHolds(process, machine, names, verb === 'hold');
};

async function setHolds(
  process: Parameters<MachineProgram>[0],
  machine: Parameters<MachineProgram>[1],
  names: readonly string[],
  held: boolean,
): Promise<number> {
  const entries = names.map((name) => ({ name, entry: machine.packages.get(name) }));
  const differing = entries.filter(({ entry }) => (entry?.status.startsWith('hold ') ?? false) !== held);
  for (const { name } of entries.filter((one) => !differing.includes(one)))
    await process.out(`${name} was already ${held ? 'set' : 'not'} on hold.\n`);
  if (differing.length === 0) return 0;
  const failed =
    'E: Sub-process dpkg --set-selections returned an error code (2)\nE: Executing dpkg failed. Are you root?';
  const refused = await unlessRoot(
    process,
    `dpkg: error: requested operation requires superuser privilege\n${failed}`,
    100,
  );
  if (refused !== undefined) return refused;
  if (machine.packageLockHolder !== undefined) {
    await process.err(
      `dpkg: error: dpkg frontend lock was locked by another process with pid ${machine.packageLockHolder.pid}\n${failed}\n`,
    );
    return 100;
  }
  for (const { name, entry } of differing) {
    const status = entry?.status.replace(/^\S+/, held ? 'hold' : 'install') ?? 'hold ok not-installed';
    const blank = { name, version: '', architecture: '', summary: '', sizeKib: 0 };
    if (entry !== undefined && !held && entry.status.endsWith(' not-installed')) machine.packages.forget(name);
    else machine.packages.record({ ...(entry ?? blank), status });
    await process.out(held ? `${name} set on hold.\n` : `Canceled hold on ${name}.\n`);
  }
  return 0;
}

import { createHash } from 'node:crypto';
import { spanMs } from '../exec-line.ts';
import type { Machine } from '../machine.ts';
import { type MachineProgram, unlessRoot } from './machine-program.ts';
import { type Options, parseOptions } from './options.ts';
import { unloadTransientUnits } from './transient-units.ts';

/** systemd-run(1): a transient unit, at once or by a timer. */
export const systemdRun: MachineProgram = async (process, machine) => {
  const options = parseOptions(
    process,
    'u: unit= on-active= on-boot= on-unit-active= timer-property= p: property= r remain-after-exit q quiet no-block collect G description= wait P pipe t pty E: setenv= uid= gid= scope slice= service-type= working-directory= no-ask-password',
    { stopAtOperand: true },
  );
  const refused = await unlessRoot(
    process,
    'Failed to start transient service unit: Interactive authentication required.',
  );
  if (refused !== undefined) return refused;
  unloadTransientUnits(machine);
  const timers = ['on-active', 'on-boot', 'on-unit-active'].flatMap((name) => options.values(name));
  const wrong = timers.find((text) => Number.isNaN(spanMs(text)));
  if (wrong !== undefined) {
    await process.err(`Failed to parse timer value: ${wrong}\n`);
    return 1;
  }
  const base = (
    options.value('u', 'unit') ?? `run-r${createHash('md5').update(String(machine.nextPid())).digest('hex')}`
  ).replace(/\.(service|timer)$/, '');
  if (
    machine.systemd.runtime(`${base}.service`).active === 'active' ||
    machine.systemd.runtime(`${base}.timer`).active === 'active'
  ) {
    return process.fail(
      `Failed to start transient ${options.has('on-active') ? 'timer' : 'service'} unit: Unit ${base}.${options.has('on-active') ? 'timer' : 'service'} was already loaded or has a fragment file.`,
    );
  }
  writeTransientService(machine, base, options);
  const delay = options.value('on-active') ?? options.value('on-boot');
  if (delay !== undefined) {
    machine.files.write(
      `/run/systemd/transient/${base}.timer`,
      `[Timer]\nOnActiveSec=${delay}\n${options
        .values('timer-property')
        .map((line) => `${line}\n`)
        .join('')}`,
    );
    await machine.systemd.start(`${base}.timer`);
    if (!options.has('q', 'quiet'))
      await process.err(`Running timer as unit: ${base}.timer\nWill run service as unit: ${base}.service\n`);
    return 0;
  }
  const result = await machine.systemd.start(`${base}.service`);
  if (!options.has('q', 'quiet')) await process.err(`Running as unit: ${base}.service\n`);
  if (!result.ok) return process.fail(result.message);
  if (options.has('wait', 'P', 'pipe')) {
    while (machine.systemd.isActive(`${base}.service`)) await process.interruptible(machine.sleep(20));
    return machine.systemd.runtime(`${base}.service`).exitStatus;
  }
  return 0;
};

/** Writes the unit file of a transient service. */
function writeTransientService(machine: Machine, base: string, options: Options): void {
  const quote = (word: string): string =>
    /^[\w@%+=:,./-]+$/.test(word)
      ? word.replaceAll('%', '%%')
      : `"${word.replaceAll('%', '%%').replaceAll('$', '$$$$').replace(/["\\]/g, '\\$&').replaceAll('\n', '\\n')}"`;
  const argv = [...options.operands];
  if (argv[0] && !argv[0].startsWith('/')) argv[0] = `/usr/bin/${argv[0]}`;
  const properties = [
    ...options.values('p', 'property'),
    ...options.values('E', 'setenv').map((one) => `Environment=${one}`),
    ...(options.has('uid') ? [`User=${options.value('uid')}`] : []),
    ...(options.has('r', 'remain-after-exit') ? ['RemainAfterExit=yes'] : []),
    ...(options.has('service-type') ? [`Type=${options.value('service-type')}`] : []),
  ];
  machine.files.write(
    `/run/systemd/transient/${base}.service`,
    `[Unit]\nDescription=${options.value('description') ?? argv.join(' ').replaceAll('\n', ' ')}\n[Service]\n${properties.map((line) => `${line}\n`).join('')}ExecStart=${argv.map(quote).join(' ')}\n`,
  );
}

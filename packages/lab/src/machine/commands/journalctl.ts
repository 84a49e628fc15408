import { unitName } from '../unit-file.ts';
import type { MachineProgram } from './machine-program.ts';
import { parseOptions } from './options.ts';

/** journalctl(1): by unit, last lines, following not. */
export const journalctl: MachineProgram = async (process, machine) => {
  const options = parseOptions(
    process,
    'u: unit= n: lines= no-pager q quiet o: output= b:: boot:: e x since= S: until= r reverse k dmesg p: priority= t: identifier= a all f utc no-hostname no-full vacuum-time= g: grep=',
  );
  const units = options.values('u', 'unit').map((name) => machine.systemd.canonical(unitName(name)));
  const count = Number(options.value('n', 'lines') ?? Number.POSITIVE_INFINITY);
  const chosen = machine.journal.lines.filter(
    (line) =>
      (units.length === 0 || units.includes(line.unit)) &&
      (!options.has('t', 'identifier') || options.values('t', 'identifier').includes(line.identifier)),
  );
  const shown = Number.isFinite(count) ? chosen.slice(-count) : chosen;
  if (shown.length === 0 && !options.has('q', 'quiet')) await process.out('-- No entries --\n');
  for (const line of options.has('r', 'reverse') ? shown.toReversed() : shown) {
    const when = new Date(line.atMs).toISOString();
    const text =
      options.value('o', 'output') === 'cat'
        ? line.message
        : `${when.slice(0, 19)} ${machine.state.hostname} ${line.identifier}[${line.pid}]: ${line.message}`;
    await process.out(`${text}\n`);
  }
  return 0;
};

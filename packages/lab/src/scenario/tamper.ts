import { type LabRandom, randomBelow, randomChoice } from '../clock/randomness.ts';
import { ROOT } from '../disk/inode.ts';
import type { Machine } from '../machine/machine.ts';
import { ScenarioFailure } from './scenario-failure.ts';

/** Files that nobody who only tinkers with settings touches: to change them is to lock oneself out, or to change a machine's identity. */
const leftAlone =
  /passwd|shadow|group|gshadow|sudoers|machine-id|hostname|ssh_host|\/ssh\/|\/kubernetes\/|\.wants\/|fstab|mtab/;

/**
 * Changes a file as somebody in a hurry does: a line more, a line less, another number, another mode. Without a path one of the files below /etc is taken that
 * were written since `sinceMs`. Returns what was done. Throws ScenarioFailure when there is no such file.
 */
export function tamperWith(
  machine: Machine,
  path: string | undefined,
  options: { readonly random: LabRandom; readonly sinceMs: number },
): string {
  const { random, sinceMs } = options;
  const file = path ?? anyFile(machine, random, sinceMs);
  const inode = machine.files.find(file);
  const text = machine.files.read(file);
  if (inode === undefined || inode.kind !== 'file' || text === undefined)
    throw new ScenarioFailure(`${machine.name} has no file ${file}`);
  const lines = text.split('\n');
  const setting = lines.findIndex((line) => /^[^#;]*\d/.test(line));
  const ways = ['more', 'mode', ...(lines.length > 2 ? ['less'] : []), ...(setting === -1 ? [] : ['number'])];
  const way = randomChoice(random, ways);
  if (way === 'mode') {
    const mode = (inode.mode & 0o777) === 0o666 ? 0o600 : 0o666;
    machine.files.write(file, text, { mode });
    return `${file}: its mode is now ${mode.toString(8).padStart(4, '0')}`;
  }
  if (way === 'less') {
    const at = randomBelow(random, lines.length - 1);
    machine.files.write(file, lines.toSpliced(at, 1).join('\n'));
    return `${file}: line ${at + 1} is gone`;
  }
  if (way === 'number') {
    const number = String(1 + randomBelow(random, 99));
    const changed = (lines[setting] ?? '').replace(/\d+/, number);
    machine.files.write(file, lines.with(setting, changed).join('\n'));
    return `${file}: line ${setting + 1} is now \`${changed}\``;
  }
  const added = `# changed by hand ${randomBelow(random, 10_000)}`;
  machine.files.write(file, `${text}${text === '' || text.endsWith('\n') ? '' : '\n'}${added}\n`);
  return `${file}: the line \`${added}\` is new`;
}

function anyFile(machine: Machine, random: LabRandom, sinceMs: number): string {
  const found: string[] = [];
  const visit = (folder: string): void => {
    for (const name of machine.tree.list(folder, ROOT)) {
      const path = `${folder}/${name}`;
      const inode = machine.tree.find(path, ROOT, false);
      if (inode?.kind === 'directory') visit(path);
      else if (inode?.kind === 'file' && inode.mtimeMs > sinceMs && !leftAlone.test(path)) found.push(path);
    }
  };
  visit('/etc');
  if (found.length === 0)
    throw new ScenarioFailure(`nothing below /etc of ${machine.name} was written since the start`);
  return randomChoice(random, found);
}

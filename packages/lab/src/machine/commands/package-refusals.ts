import type { Process } from '../../shell/process.ts';
import type { Machine } from '../machine.ts';

/** What the operator holds is not taken away without being asked. */
export async function refusesHeld(process: Process, machine: Machine, names: readonly string[]): Promise<boolean> {
  const held = names.some((name) => machine.packages.get(name)?.status.startsWith('hold '));
  if (!held || process.argv.includes('--allow-change-held-packages')) return false;
  await process.err('E: Held packages were changed and -y was used without --allow-change-held-packages.\n');
  return true;
}

/** What dpkg says of a database that it cannot read. */
export function unreadableDatabase(machine: Machine): string | undefined {
  const lines = (machine.files.read('/var/lib/dpkg/status') ?? '').split('\n');
  const at = lines.findIndex((line) => line !== '' && !/^(?:[ \t]|[A-Za-z0-9-]+:)/.test(line));
  if (at === -1) return undefined;
  return `parsing file '/var/lib/dpkg/status' near line ${at + 1}:\n field name '${lines[at]?.split(/\s/)[0]}' must be followed by colon`;
}

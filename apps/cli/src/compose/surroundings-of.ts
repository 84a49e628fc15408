import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { mayKnowHost, nodeProcessRunner } from '@vmstation/remote';
import type { LoadedWorkspace } from '@vmstation/workspace';
import { introducedOnly } from './endpoint-probe.ts';
import { rehearsalNote } from './rehearsal-folder.ts';
import type { Surroundings } from './surroundings.ts';
import { nodeTryModeOver } from './try-mode.ts';

/** Real machines. Nothing knows their power yet, so they are judged by reaching them. */
const realMachines = ({ stateDir, cluster }: LoadedWorkspace): Surroundings => ({
  processes: nodeProcessRunner(),
  dialling: introducedOnly((address) => {
    const node = cluster.nodes.find((one) => one.address === address && !one.ssh.local);
    return node === undefined || mayKnowHost(join(stateDir, 'known_hosts'), node.name) ? undefined : node.name;
  }),
  power: { read: async () => ({ state: 'unknown', evidence: 'no power source is read yet', since: undefined }) },
  localNodes: true,
  tryMode: nodeTryModeOver,
});

/** The surroundings of a workspace: its lab from `lab start` to `lab stop`, else the real machines. */
export async function surroundingsOf(workspace: LoadedWorkspace): Promise<Surroundings> {
  // A rehearsal has no machines but its lab's: when that is stopped, nothing of it may reach the ones it is a copy of.
  const isRehearsal = existsSync(join(workspace.stateDir, rehearsalNote));
  if (!isRehearsal && !existsSync(join(workspace.stateDir, 'lab', 'displaced'))) return realMachines(workspace);
  const { labSurroundings } = await import('./lab-surroundings.ts');
  return labSurroundings(workspace.root);
}

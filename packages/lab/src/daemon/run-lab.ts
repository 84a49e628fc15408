import { runHostsDaemon } from '../hosts/run-hosts-daemon.ts';
import { labPaths } from './lab-paths.ts';
import { runLabDaemon } from './run-lab-daemon.ts';
import { rememberedProvider } from './start-lab.ts';

/** Runs the lab of a workspace in this process, on the provider that the workspace remembers, until it is told to stop. */
export async function runLab(workspaceRoot: string): Promise<void> {
  const paths = labPaths(workspaceRoot);
  if (rememberedProvider(paths) === 'hosts') await runHostsDaemon(paths, workspaceRoot);
  else await runLabDaemon(workspaceRoot);
}

import { join } from 'node:path';
import type { TryMode } from '@vmstation/core';
import { openSshTransport, proveWayIn } from '@vmstation/remote';
import { askLab } from '../daemon/lab-client.ts';
import type { LabPaths } from '../daemon/lab-paths.ts';

/**
 * Try mode of the lab: the whole machine is kept before the change, and put back unless a new SSH connection, as root, proves the way in. A lab that
 * dies in between undoes the change at its next start. Throws host/not-confirmed when the proof failed, and what the change throws.
 */
export function labTryMode(paths: LabPaths): TryMode {
  return {
    async attempt({ node, area }, change) {
      const { snapshot } = await askLab(paths, 'node.snapshot', { node });
      try {
        const report = await change();
        await proveOverSsh(paths, node, area);
        await askLab(paths, 'node.restore', { node, snapshot, discard: true });
        return report;
      } catch (thrown) {
        await askLab(paths, 'node.restore', { node, snapshot });
        throw thrown;
      }
    },
  };
}

async function proveOverSsh(paths: LabPaths, node: string, area: string): Promise<void> {
  const transport = openSshTransport({
    nodes: {},
    knownHostsFile: paths.knownHostsFile,
    configFile: paths.sshConfigFile,
    controlDir: join(paths.stateDir, 'ssh', 'control'),
  });
  try {
    await proveWayIn(transport, node, area);
  } finally {
    await transport.close();
  }
}

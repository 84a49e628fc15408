import type { Transport, TryMode } from '@vmstation/core';
import { proveWayIn } from '@vmstation/remote';
import { askLab } from '../daemon/lab-client.ts';
import type { LabPaths } from '../daemon/lab-paths.ts';

/**
 * Try mode of the lab: the whole machine is kept before the change, and put back unless a new SSH connection, as root, proves the way in. A lab that
 * dies in between undoes the change at its next start. Throws host/not-confirmed when the proof failed, and what the change throws.
 */
export function labTryMode(paths: LabPaths, transport: Transport): TryMode {
  return {
    async attempt({ node, area }, change) {
      const { snapshot } = await askLab(paths, 'node.snapshot', { node });
      try {
        const report = await change();
        await proveWayIn(transport, node, area);
        await askLab(paths, 'node.restore', { node, snapshot, discard: true });
        return report;
      } catch (thrown) {
        await askLab(paths, 'node.restore', { node, snapshot });
        throw thrown;
      }
    },
  };
}

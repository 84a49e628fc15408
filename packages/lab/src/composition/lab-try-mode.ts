import { join } from 'node:path';
import { AppError, type Transport, type TryMode } from '@vmstation/core';
import { openSshTransport } from '@vmstation/remote';
import { askLab } from '../daemon/lab-client.ts';
import type { LabPaths } from '../daemon/lab-paths.ts';

const proofTimeoutMs = 15_000;

/**
 * Try mode of the lab: the whole machine is kept before the change, and put back unless a new SSH connection, as root, proves the way in. A lab that
 * dies in between undoes the change at its next start. Throws host/not-confirmed when the proof failed, and what the change throws.
 */
export function labTryMode(paths: LabPaths): TryMode {
  return {
    async attempt(node, area, change) {
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

/** Proves with a new connection that root can still be reached on a node. Throws host/not-confirmed. */
export async function proveWayIn(transport: Transport, node: string, area: string): Promise<void> {
  try {
    const proof = { argv: ['id', '-u'], elevate: true, freshConnection: true, timeoutMs: proofTimeoutMs };
    const { exitCode, stdout } = await transport.run(node, proof);
    if (exitCode === 0 && Buffer.from(stdout).toString('utf8').trim() === '0') return;
    throw notConfirmed(node, area, `\`id -u\` answered exit code ${exitCode}`);
  } catch (cause) {
    throw cause instanceof AppError && cause.code === 'host/not-confirmed' ? cause : notConfirmed(node, area, cause);
  }
}

function notConfirmed(node: string, area: string, cause: unknown): AppError {
  return new AppError({
    code: 'host/not-confirmed',
    kind: 'refused',
    message: `After the change of ${area} no new connection could become root on ${node}; the former state was put back.`,
    tryThis: 'Look at the diff of this step; it would have locked you out.',
    context: { node, area },
    cause: cause instanceof Error ? cause : new Error(String(cause)),
  });
}

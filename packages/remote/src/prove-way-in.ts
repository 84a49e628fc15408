import { AppError, type Transport } from '@vmstation/core';

const proofTimeoutMs = 15_000;

/** Proves with a new connection, which shares nothing with an open one, that root can still be reached on a node. Throws host/not-confirmed. */
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

/** host/not-confirmed: a change was put back, because nobody could prove that it leaves a way in. */
export function notConfirmed(node: string, area: string, cause: unknown): AppError {
  return new AppError({
    code: 'host/not-confirmed',
    kind: 'refused',
    message: `After the change of ${area} no new connection could become root on ${node}; the former state was put back.`,
    tryThis: 'Look at the diff of this step; it would have locked you out.',
    context: { node, area },
    cause: cause instanceof Error ? cause : new Error(String(cause)),
  });
}

import { randomBytes } from 'node:crypto';
import type { Transport } from '@vmstation/core';
import { type CaptureRequest, captureGreeting, captureScript } from './capture-script.ts';
import { type MachineCapture, parseCapture } from './machine-capture.ts';

const timeoutMs = 120_000;

/**
 * Reads files, packages, units and the state of a machine in one round trip, as root; changes nothing. Throws what the transport throws and
 * host/garbled-reply; RangeError for a pattern that is no plain one.
 */
export async function captureMachine(
  transport: Transport,
  node: string,
  request: CaptureRequest,
  how: { readonly signal?: AbortSignal; readonly nonce?: string } = {},
): Promise<MachineCapture> {
  const nonce = how.nonce ?? randomBytes(8).toString('hex');
  const { exitCode, stderr, stdout } = await transport.run(node, {
    argv: ['sh', '-s'],
    stdin: captureScript(request, nonce),
    elevate: true,
    timeoutMs,
    ...(how.signal === undefined ? {} : { signal: how.signal }),
  });
  const source = { node, nonce, greeting: captureGreeting, exitCode, stderr };
  return parseCapture(new TextDecoder().decode(stdout), source);
}

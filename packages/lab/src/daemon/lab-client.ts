import { request } from 'node:http';
import { AppError, type ErrorRecord, systemError } from '@vmstation/core';
import type { LabPaths } from './lab-paths.ts';
import type { LabRequest, LabRequests } from './lab-protocol.ts';

const defaultTimeoutMs = 60_000;

/**
 * Asks the running lab. Throws lab/not-running when nothing listens at its socket, lab/silent past the deadline,
 * file/no-permission where the socket is closed to us, and what the lab answered as an error.
 */
export async function askLab<Name extends LabRequest>(
  paths: LabPaths,
  name: Name,
  params: LabRequests[Name]['params'],
  timeoutMs = defaultTimeoutMs,
): Promise<LabRequests[Name]['answer']> {
  const { status, body } = await post(paths.socket, `/${name}`, JSON.stringify(params), timeoutMs);
  const answer: unknown = JSON.parse(body);
  if (status === 200) return answer as LabRequests[Name]['answer'];
  const record = answer as ErrorRecord;
  const { code, kind, message, nextSteps, context, retryable, tryThis } = record;
  throw new AppError({
    code,
    kind,
    message,
    nextSteps,
    context,
    retryable,
    ...(tryThis === undefined ? {} : { tryThis }),
  });
}

/** True when a lab answers at its socket. */
export async function labAnswers(paths: LabPaths): Promise<boolean> {
  try {
    await askLab(paths, 'status', {}, 5000);
    return true;
  } catch (thrown) {
    if (thrown instanceof AppError && thrown.kind === 'unreachable') return false;
    throw thrown;
  }
}

function post(
  socketPath: string,
  path: string,
  body: string,
  timeoutMs: number,
): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const call = request({ socketPath, path, method: 'POST', headers, timeout: timeoutMs }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') }),
      );
      response.on('error', (cause) => reject(notRunning(cause)));
    });
    call.on('timeout', () => call.destroy(silent(timeoutMs)));
    // A socket that we may not use says nothing about whether a lab listens at it.
    call.on('error', (cause) => reject(cause instanceof AppError ? cause : (systemError(cause) ?? notRunning(cause))));
    call.end(body);
  });
}

function notRunning(cause: Error): AppError {
  return new AppError({
    code: 'lab/not-running',
    kind: 'unreachable',
    message: 'No lab of this workspace is running.',
    tryThis: 'vmstation lab start',
    cause,
  });
}

function silent(timeoutMs: number): AppError {
  return new AppError({
    code: 'lab/silent',
    kind: 'unreachable',
    message: `The lab's process is there but did not answer within ${Math.round(timeoutMs / 1000)} s.`,
    tryThis:
      'Look at .vmstation/lab/daemon.log; `vmstation lab stop` ends it, and `vmstation lab start` continues from its disks.',
  });
}

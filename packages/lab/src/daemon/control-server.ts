import { chmodSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { AppError, errorKindTable, errorRecord, toAppError } from '@vmstation/core';
import type { LabRequest, LabRequests } from './lab-protocol.ts';

/** Answers requests of the control socket by name. */
export type LabHandlers = {
  readonly [Name in LabRequest]: (params: LabRequests[Name]['params']) => Promise<LabRequests[Name]['answer']>;
};

/** What is said to a request that no handler answers. */
export type RefuseRequest = (request: string) => AppError;

/**
 * Listens on the control socket, which only the own user may open. A file that a killed lab left in its place is removed first. A lab that does
 * not answer every request says why.
 */
export async function serveControl(
  socketPath: string,
  handlers: Partial<LabHandlers>,
  log: (line: string) => void,
  refuse: RefuseRequest = unknownRequest,
): Promise<Server> {
  rmSync(socketPath, { force: true });
  const server = createServer((request, response) => {
    void answer(request, response, { handlers, refuse, log });
  });
  const before = process.umask(0o177);
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(socketPath, resolve);
    });
    chmodSync(socketPath, 0o600);
  } finally {
    process.umask(before);
  }
  return server;
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { handlers, refuse, log }: { handlers: Partial<LabHandlers>; refuse: RefuseRequest; log: (line: string) => void },
): Promise<void> {
  const name = (request.url ?? '/').slice(1);
  try {
    const handler = Object.hasOwn(handlers, name) ? handlers[name as LabRequest] : undefined;
    if (handler === undefined) throw refuse(name);
    const params: unknown = JSON.parse((await bodyOf(request)) || '{}');
    send(response, 200, await (handler as (given: unknown) => Promise<unknown>)(params));
  } catch (thrown) {
    const error = toAppError(thrown);
    log(`${name} failed: ${error.stack ?? error.message}`);
    send(response, errorKindTable[error.kind].httpStatus, errorRecord(error));
  }
}

function unknownRequest(name: string): AppError {
  return new AppError({
    code: 'lab/unknown-request',
    kind: 'bug',
    message: `The running lab knows no request ${name}: it was started by another version of vmstation.`,
    tryThis: 'vmstation lab stop, then vmstation lab start',
  });
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json', connection: 'close' });
  response.end(JSON.stringify(body));
}

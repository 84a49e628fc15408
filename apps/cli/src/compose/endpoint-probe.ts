import { connect } from 'node:net';
import type { EndpointProbe, ProbeAnswer } from '@vmstation/core';

/** Where an address of the model is really dialled: itself (undefined), another place, or nowhere for a reason: then nothing is sent. */
export type Place = { readonly address: string; readonly port: number } | Nowhere | undefined;

/** Why an address is not dialled. */
export interface Nowhere {
  readonly nowhere: string;
}

/** How addresses of the model are dialled, and how a stand-in says that it is one. */
export interface Dialling {
  readonly elsewhere: (address: string, port: number) => Promise<Place>;
  /** A response header whose value names what it stands in for. */
  readonly standInHeader: string | undefined;
}

/** Dials addresses as they are, but not those of machines that nobody has introduced (`node trust`). */
export function introducedOnly(strangerAt: (address: string) => string | undefined): Dialling {
  return {
    standInHeader: undefined,
    async elsewhere(address) {
      const stranger = strangerAt(address);
      if (stranger === undefined) return undefined;
      return { nowhere: `not asked: nobody has trusted ${stranger} yet (vmstation node trust ${stranger})` };
    },
  };
}

const mostBodyCharacters = 64 * 1024;

/** Asks published endpoints over HTTP and TCP. Redirects are answers, not followed: a login page proves that its program runs. */
export function endpointProbe(dialling: Dialling): EndpointProbe {
  return {
    async http(url, { timeoutMs, signal }) {
      const routed = await route(new URL(url), dialling);
      if ('nowhere' in routed) return silent('', routed.nowhere);
      const { target, dialled } = routed;
      const deadline = AbortSignal.timeout(timeoutMs);
      try {
        const response = await fetch(target, {
          redirect: 'manual',
          signal: signal === undefined ? deadline : AbortSignal.any([deadline, signal]),
        });
        const standIn = dialling.standInHeader === undefined ? null : response.headers.get(dialling.standInHeader);
        return {
          ok: response.status < 400,
          status: response.status,
          detail: `HTTP ${response.status}`,
          dialled,
          standIn: standIn ?? undefined,
          body: (await response.text()).slice(0, mostBodyCharacters),
        };
      } catch (error) {
        return silent(dialled, deadline.aborted ? `no answer within ${timeoutMs / 1000} s` : reasonOf(error));
      }
    },
    async tcp(address, port, { timeoutMs }) {
      const place = (await dialling.elsewhere(address, port)) ?? { address, port };
      if ('nowhere' in place) return silent('', place.nowhere);
      const answer = await knock(place.address, place.port, timeoutMs);
      return { ...answer, standIn: answer.ok ? await standInBehind(place, dialling, timeoutMs) : undefined };
    },
  };
}

async function route(
  url: URL,
  dialling: Dialling,
): Promise<{ readonly target: URL; readonly dialled: string } | Nowhere> {
  const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80));
  const place = await dialling.elsewhere(url.hostname, port);
  if (place === undefined) return { target: url, dialled: url.origin };
  if ('nowhere' in place) return place;
  const target = new URL(url);
  target.hostname = place.address;
  target.port = String(place.port);
  return { target, dialled: target.origin };
}

/** A stand-in speaks HTTP whatever it stands in for, so that it can say what it is; a program that does not is no stand-in. */
async function standInBehind(
  place: { address: string; port: number },
  dialling: Dialling,
  timeoutMs: number,
): Promise<string | undefined> {
  if (dialling.standInHeader === undefined) return undefined;
  try {
    const response = await fetch(`http://${place.address}:${place.port}/`, { signal: AbortSignal.timeout(timeoutMs) });
    return response.headers.get(dialling.standInHeader) ?? undefined;
  } catch {
    return undefined;
  }
}

function knock(address: string, port: number, timeoutMs: number): Promise<ProbeAnswer> {
  const dialled = `${address}:${port}`;
  return new Promise((resolve) => {
    const socket = connect({ host: address, port });
    const end = (answer: ProbeAnswer): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(timeoutMs, () => end(silent(dialled, `no answer within ${timeoutMs / 1000} s`)));
    socket.once('error', (error) => end(silent(dialled, reasonOf(error))));
    socket.once('connect', () =>
      end({ ok: true, status: undefined, detail: 'accepts connections', dialled, standIn: undefined, body: '' }),
    );
  });
}

function silent(dialled: string, detail: string): ProbeAnswer {
  return { ok: false, status: undefined, detail, dialled, standIn: undefined, body: '' };
}

/** The system's own word (`ECONNREFUSED`) says more than fetch's. */
function reasonOf(error: unknown): string {
  const origin = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const code = (origin as NodeJS.ErrnoException).code;
  if (code === 'ECONNREFUSED') return 'connection refused';
  return code ?? (origin instanceof Error ? origin.message : String(origin));
}

import { type Endpoint, type PhaseName, type ProbeAnswer, toAppError } from '@vmstation/core';
import type { Invocation } from '../command/invocation.ts';
import type { Session } from '../compose/session.ts';
import { type AskedEndpoint, renderAddresses } from '../render/addresses.ts';

const patienceMs = 5000;

/** Asks an endpoint of the model as its kind wants it: the API by its version, a port by connecting, a page by fetching it. */
export async function askEndpoint(endpoint: Endpoint, { ports }: Session): Promise<ProbeAnswer> {
  const { probe, kube, signal } = ports;
  const { address, port } = endpoint;
  if (endpoint.probe.kind === 'tcp') return probe.tcp(address, port, { timeoutMs: patienceMs });
  if (endpoint.probe.kind === 'http') {
    return probe.http(new URL(endpoint.probe.path, endpoint.url).href, { timeoutMs: patienceMs, signal });
  }
  const answer = {
    status: undefined,
    dialled: (await probe.tcp(address, port, { timeoutMs: patienceMs })).dialled,
    standIn: undefined,
    body: '',
  };
  try {
    return { ...answer, ok: true, detail: await (await kube.connect()).serverVersion() };
  } catch (thrown) {
    const error = toAppError(thrown);
    if (error.kind === 'bug') throw error;
    return { ...answer, ok: false, detail: error.message };
  }
}

/** Prints where the things that these phases deploy answer now. */
export async function showAddresses(
  { io, style }: Invocation,
  session: Session,
  phases: readonly PhaseName[],
): Promise<void> {
  const published = session.workspace.cluster.endpoints.filter(({ phase }) => phases.includes(phase));
  const asked = await Promise.all(
    published.map(
      async (endpoint): Promise<AskedEndpoint> => ({ endpoint, answer: await askEndpoint(endpoint, session) }),
    ),
  );
  if (asked.length > 0) io.out(`\n${renderAddresses(asked, style)}\n`);
}

import { type Endpoint, type Finding, maySleep } from '@vmstation/core';
import type { Check, CheckContext } from '../check.ts';

/** Prometheus scrapes what the model says; a stand-in that cannot answer queries is said to prove nothing. */
export const monitoringCheck: Check = {
  name: 'monitoring',
  title: 'Monitoring',
  why: 'fresh samples of every node that is awake',
  until: 'monitor-stack',
  run: async (context) => {
    const prometheus = context.workspace.cluster.endpoints.find((endpoint) => endpoint.name === 'prometheus');
    return prometheus === undefined ? [] : sampleFindings(prometheus, context);
  },
};

interface QueryReply {
  readonly data?: {
    readonly result?: readonly {
      readonly metric: Readonly<Record<string, string>>;
      readonly value: readonly [number, string];
    }[];
  };
}

async function sampleFindings(prometheus: Endpoint, context: CheckContext): Promise<readonly Finding[]> {
  const url = new URL('/api/v1/query?query=up', prometheus.url).href;
  const answer = await context.probe.http(url, { timeoutMs: 5_000, signal: context.signal });
  const base = { code: 'monitoring/samples', title: 'Samples' } as const;
  if (!answer.ok)
    return [{ ...base, state: 'failed', evidence: `${url}: ${answer.detail}`, tryThis: 'vmstation verify network' }];
  if (answer.standIn !== undefined) {
    return [{ ...base, state: 'not-proved', evidence: `no queries can be asked: lab stand-in for ${answer.standIn}` }];
  }
  const samples = parseReply(answer.body);
  if (samples === undefined)
    return [{ ...base, state: 'unreadable', evidence: `${url} did not answer with a query result` }];
  return Promise.all(
    context.workspace.cluster.nodes.map((node) => nodeFinding(node.name, maySleep(node), samples, context)),
  );
}

async function nodeFinding(
  node: string,
  sleeper: boolean,
  samples: ReadonlyMap<string, boolean>,
  context: CheckContext,
): Promise<Finding> {
  const base = { code: 'monitoring/samples', title: 'Samples', node } as const;
  const up = samples.get(node);
  if (up === true) return { ...base, state: 'ok', evidence: 'its node-exporter is scraped' };
  if (sleeper && (await context.readings.read(node)).state === 'asleep')
    return { ...base, state: 'asleep', evidence: 'no samples while it sleeps' };
  return {
    ...base,
    state: 'failed',
    evidence: up === false ? 'its node-exporter is down' : 'Prometheus does not know it',
    tryThis: 'vmstation verify cluster',
  };
}

/** node → whether its node-exporter is up; undefined when the body is no query result. */
function parseReply(body: string): ReadonlyMap<string, boolean> | undefined {
  let reply: QueryReply;
  try {
    reply = JSON.parse(body) as QueryReply;
  } catch {
    return undefined;
  }
  const result = reply.data?.result;
  if (result === undefined) return undefined;
  return new Map(
    result
      .filter((sample) => sample.metric['job'] === 'node-exporter' && sample.metric['node'] !== undefined)
      .map((sample) => [sample.metric['node'] as string, sample.value[1] === '1']),
  );
}

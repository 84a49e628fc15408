import { readFileSync } from 'node:fs';
import type { Resource } from '@vmstation/core';
import { createHost } from '@vmstation/host';
import { openSshTransport } from '@vmstation/remote';

/** What `node apply-site.ts FILE` is told in the file. */
export interface ApplyOrder {
  readonly knownHostsFile: string;
  readonly configFile: string;
  readonly controlDir: string;
  readonly runId: string;
  readonly nodes: readonly (readonly [node: string, resources: readonly Resource[]])[];
}

/** What it prints. */
export interface ApplyAnswer {
  /** By machine: round trips, and how many resources ended how. */
  readonly nodes: Readonly<
    Record<string, { readonly roundTrips: number; readonly outcomes: Readonly<Record<string, number>> }>
  >;
  /** Everything that did not succeed, with its reason. */
  readonly bad: readonly string[];
}

/** Applies all nodes side by side with the product's own code, in a process of its own so that its start is in the time as Ansible's is. */
async function apply(order: ApplyOrder): Promise<ApplyAnswer> {
  const { knownHostsFile, configFile, controlDir, runId } = order;
  const bad: string[] = [];
  const nodes = order.nodes.map(async ([node, resources]) => {
    // A transport a node, so that its round trips are told apart.
    const transport = openSshTransport({ nodes: {}, knownHostsFile, controlDir, configFile });
    const host = createHost({ transport, clock: { now: () => new Date() } });
    const report = await host.apply({ node, runId, resources });
    const outcomes: Record<string, number> = {};
    for (const { id, outcome, reason } of report.resources) {
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
      if (outcome !== 'changed' && outcome !== 'unchanged') bad.push(`${node} ${id}: ${outcome}: ${reason ?? ''}`);
    }
    const { roundTrips } = transport.counters;
    await transport.close();
    return [node, { roundTrips, outcomes }] as const;
  });
  return { nodes: Object.fromEntries(await Promise.all(nodes)), bad };
}

if (process.argv[1] === import.meta.filename) {
  const order = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as ApplyOrder;
  process.stdout.write(JSON.stringify(await apply(order)));
}

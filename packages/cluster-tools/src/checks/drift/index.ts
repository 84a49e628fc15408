import type { Finding } from '@vmstation/core';
import { changesOfDrift, type NodeDrift, nodeDrifts } from '../../drift/node-drift.ts';
import type { Check } from '../check.ts';

/** Every node equals what is declared for it; what could not be read is never called equal. */
export const driftCheck: Check = {
  name: 'drift',
  title: 'Drift',
  why: 'declared against observed, on every node',
  until: undefined,
  run: async (context) => {
    const drifts = await nodeDrifts(
      context,
      context.workspace.cluster.nodes.map((node) => node.name),
    );
    return drifts.map(findingOf);
  },
};

function findingOf(drift: NodeDrift): Finding {
  const base = { code: 'drift/node', title: 'Host state', node: drift.node } as const;
  switch (drift.state) {
    case 'clean':
      return { ...base, state: 'ok', evidence: evidenceOfClean(drift) };
    case 'asleep':
      return { ...base, state: 'asleep', evidence: drift.evidence ?? 'asleep' };
    case 'unreadable':
      return { ...base, state: 'unreadable', evidence: drift.unreadable.join('; ') };
    case 'drifted': {
      const targets = [...new Set(changesOfDrift(drift).map((change) => `${change.target} ${change.attribute}`))];
      return {
        ...base,
        state: 'failed',
        evidence: `differs: ${targets.join(', ')}`,
        tryThis: 'vmstation drift --diff, then vmstation up',
      };
    }
  }
}

function evidenceOfClean({ compared, items }: NodeDrift): string {
  const ignored = items.filter((item) => item.ignored !== undefined).length;
  const sound = `${compared - ignored} resources are as declared`;
  return ignored === 0 ? sound : `${sound}, ${ignored} not, which you ignore`;
}

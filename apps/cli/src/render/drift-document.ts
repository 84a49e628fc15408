import type { Difference, StepChange } from '@vmstation/core';
import type { AgedItem, AgedNodeDrift, ClusterDrift, DriftReport } from '@vmstation/platform';

/** What `drift --json` prints: one record for each thing that is not as declared, in a stable order. `schema` counts up when a field changes its meaning. */
export function driftDocument(report: DriftReport): unknown {
  return {
    schema: 1,
    seenAt: report.seenAt,
    nodes: report.nodes.map(nodeRecord),
    cluster: clusterRecord(report.cluster),
    ...(report.historyProblem === undefined ? {} : { historyProblem: report.historyProblem }),
  };
}

function nodeRecord(node: AgedNodeDrift): unknown {
  const countOf = (state: AgedItem['state']) =>
    node.items.filter((item) => item.state === state && item.ignored === undefined).length;
  return {
    host: node.node,
    state: node.state,
    ...(node.look === undefined
      ? {}
      : { seenAt: node.look.seenAt, roundTrips: node.look.roundTrips, ms: Math.round(node.look.durationMs) }),
    wantedHash: node.wantedHash,
    items: node.items.map(itemRecord),
    ...(node.state === 'unreadable' && node.compared === 0 ? { reason: node.unreadable.join('; ') } : {}),
    ...(node.tryThis === undefined ? {} : { tryThis: node.tryThis }),
    ...(node.evidence === undefined ? {} : { evidence: node.evidence }),
    summary: {
      ok: node.compared - node.items.length,
      drift: countOf('drift'),
      unknown: countOf('unknown'),
      blocked: countOf('blocked'),
      ignored: node.items.filter((item) => item.ignored !== undefined).length,
    },
  };
}

function itemRecord({ id, state, differences, reason, since, owner, ignored }: AgedItem): unknown {
  return {
    id,
    state,
    attrs: differences.map(attributeRecord),
    ...(reason === undefined ? {} : { reason }),
    ...(since === undefined ? {} : { since }),
    owner,
    ...(ignored === undefined ? {} : { ignored: { until: ignored.until, reason: ignored.reason } }),
  };
}

function clusterRecord(cluster: ClusterDrift): unknown {
  const byTarget = Map.groupBy(cluster.changes, ({ target }) => target);
  return {
    state: cluster.state,
    items: [...byTarget].map(([id, changes]) => ({
      id,
      state: 'drift',
      attrs: changes.map(attributeRecord),
      since: changes.map(({ since }) => since).toSorted()[0],
    })),
    unreadable: cluster.unreadable,
    summary: { compared: cluster.compared, drift: byTarget.size, unknown: cluster.unreadable.length },
  };
}

function attributeRecord({ attribute, want, seen, diff }: Difference | StepChange): unknown {
  return { name: attribute, want, seen, ...(diff === undefined ? {} : { diff }) };
}

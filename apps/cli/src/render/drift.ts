import { type DriftState, outcomeOf, type StepChange } from '@vmstation/core';
import type { DriftReport } from '@vmstation/platform';
import { renderChanges } from './diff.ts';
import { count, labelled, table } from './layout.ts';
import { dot, mark, type Style, toneOf } from './style.ts';

/** Declared against observed, one row a node and one for the cluster; each difference below, with its diff when asked for. */
export function renderDrift(report: DriftReport, options: { readonly diff: boolean }, style: Style): string {
  const rows = [
    ...report.nodes.map((node) => [stateCell(node.state, style), node.node, noteOfNode(node)]),
    [stateCell(report.cluster.state, style), 'cluster', noteOfCluster(report.cluster)],
  ];
  const differing = [
    ...report.nodes.map((node) => ({ place: node.node, changes: node.changes })),
    { place: 'cluster', changes: report.cluster.changes },
  ].filter(({ changes }) => changes.length > 0);
  return [
    ...table(['state', 'place', ''], rows, style, ''),
    ...differing.flatMap(({ place, changes }) => [
      '',
      style.paint.strong(place),
      ...differences(changes, options, style),
    ]),
    '',
    verdict(report, style),
    ...advice(report, style),
  ].join('\n');
}

type NodeDrift = DriftReport['nodes'][number];

function stateCell(state: DriftState, style: Style): string {
  return `${mark(outcomeOf[state], style)} ${style.paint[toneOf(outcomeOf[state])](state)}`;
}

function noteOfNode(node: NodeDrift): string {
  if (node.state === 'asleep') return node.evidence ?? '';
  const differ = node.changes.length === 0 ? '' : `, ${count(node.changes.length, 'difference')}`;
  const compared = node.compared === 0 ? [] : [`${count(node.compared, 'resource')} compared${differ}`];
  return [...compared, ...node.unreadable].join('\n');
}

function noteOfCluster(cluster: DriftReport['cluster']): string {
  const differ = cluster.changes.length === 0 ? '' : `, ${count(cluster.changes.length, 'difference')}`;
  return [`${count(cluster.compared, 'set')} of objects compared${differ}`, ...cluster.unreadable].join('\n');
}

function differences(changes: readonly StepChange[], { diff }: { diff: boolean }, style: Style): readonly string[] {
  return changes.flatMap((change) => {
    if (diff || change.diff === undefined) return renderChanges([change], style, '  ');
    const lines = change.diff.split('\n').filter((line) => /^[-+](?![-+]{2} )/.test(line)).length;
    return [
      `  ${change.target} ${style.paint.quiet(change.attribute)}  ${count(lines, 'line')} differ; --diff shows them`,
    ];
  });
}

/** What to do about nodes that could not be read, each advice once. */
function advice(report: DriftReport, style: Style): readonly string[] {
  const lines = new Set(report.nodes.flatMap((node) => node.tryThis ?? []));
  return [...lines].map((line) => labelled('Try', line, { indent: 2, width: 6, style }));
}

function verdict(report: DriftReport, style: Style): string {
  const states = [...report.nodes.map((node) => node.state), report.cluster.state];
  const drifted = states.filter((state) => state === 'drifted').length;
  const unreadable = states.filter((state) => state === 'unreadable').length;
  const asleep = states.filter((state) => state === 'asleep').length;
  if (drifted + unreadable + asleep === 0) return `${mark('unchanged', style)} Everything is as declared.`;
  return [
    ...(drifted > 0 ? [`${count(drifted, 'place')} drifted: \`vmstation up\` puts back what is declared`] : []),
    ...(unreadable > 0 ? [`${unreadable} unreadable`] : []),
    ...(asleep > 0 ? [`${asleep} asleep, not compared`] : []),
  ].join(dot(style));
}

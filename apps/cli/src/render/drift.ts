import { type DriftIgnore, type DriftState, outcomeOf, type StepChange } from '@vmstation/core';
import type { DriftReport } from '@vmstation/platform';
import { renderChanges } from './diff.ts';
import { age, count, labelled, table, widthOf } from './layout.ts';
import { dot, mark, type Style, toneOf } from './style.ts';

/** Declared against observed, one row a node and one for the cluster; each difference below, with its diff when asked for. */
export function renderDrift(report: DriftReport, options: { readonly diff: boolean }, style: Style): string {
  const rows = [
    ...report.nodes.map((node) => [stateCell(node.state, style), node.node, noteOfNode(node)]),
    [stateCell(report.cluster.state, style), 'cluster', noteOfCluster(report.cluster)],
  ];
  const differing = [
    ...report.nodes.map((node) => ({ place: node.node, differences: node.items.flatMap(differencesOfItem) })),
    {
      place: 'cluster',
      differences: report.cluster.changes.map((change) => ({
        changes: [change],
        since: change.since,
        ignored: undefined,
      })),
    },
  ].filter(({ differences }) => differences.length > 0);
  return [
    ...table(['state', 'place', ''], rows, style, ''),
    ...differing.flatMap(({ place, differences }) => [
      '',
      style.paint.strong(place),
      ...differences.flatMap((one) => differenceLines(one, { ...options, now: report.seenAt }, style)),
    ]),
    '',
    verdict(report, style),
    ...advice(report, style),
    ...(report.historyProblem === undefined ? [] : [`Ages are not kept: ${report.historyProblem}`]),
  ].join('\n');
}

type NodeDrift = DriftReport['nodes'][number];

function stateCell(state: DriftState, style: Style): string {
  return `${mark(outcomeOf[state], style)} ${style.paint[toneOf(outcomeOf[state])](state)}`;
}

function noteOfNode(node: NodeDrift): string {
  if (node.state === 'asleep') return node.evidence ?? '';
  const differences = node.items.reduce((sum, item) => sum + item.differences.length, 0);
  const ignored = node.items.filter((item) => item.ignored !== undefined).length;
  const ignoring = ignored === 0 ? '' : `, ${count(ignored, 'resource')} ignored`;
  const differ = differences === 0 ? '' : `, ${count(differences, 'difference')}${ignoring}`;
  const compared = node.compared === 0 ? [] : [`${count(node.compared, 'resource')} compared${differ}`];
  return [...compared, ...node.unreadable].join('\n');
}

function noteOfCluster(cluster: DriftReport['cluster']): string {
  const differ = cluster.changes.length === 0 ? '' : `, ${count(cluster.changes.length, 'difference')}`;
  return [`${count(cluster.compared, 'set')} of objects compared${differ}`, ...cluster.unreadable].join('\n');
}

/** What differs of one thing, and since when that is known. */
interface AgedDifference {
  readonly changes: readonly StepChange[];
  readonly since: string | undefined;
  readonly ignored: DriftIgnore | undefined;
}

function differencesOfItem({ id, differences, since, ignored }: NodeDrift['items'][number]): readonly AgedDifference[] {
  return differences.length === 0
    ? []
    : [{ changes: differences.map((difference) => ({ target: id, ...difference })), since, ignored }];
}

function differenceLines(
  { changes, since, ignored }: AgedDifference,
  { diff, now }: { readonly diff: boolean; readonly now: string },
  style: Style,
): readonly string[] {
  const [first = '', ...rest] = changes.flatMap((change) => changeLines(change, diff, style));
  const note = style.paint.quiet(`${sinceText(since, now)}${ignoredText(ignored)}`);
  const both = `${first}  ${note}`;
  return widthOf(both) <= style.columns ? [both, ...rest] : [first, ...rest, `    ${note}`];
}

function changeLines(change: StepChange, diff: boolean, style: Style): readonly string[] {
  if (diff || change.diff === undefined) return renderChanges([change], style, '  ');
  const lines = change.diff.split('\n').filter((line) => /^[-+](?![-+]{2} )/.test(line)).length;
  return [
    `  ${change.target} ${style.paint.quiet(change.attribute)}  ${count(lines, 'line')} differ; --diff shows them`,
  ];
}

function ignoredText(ignored: DriftIgnore | undefined): string {
  if (ignored === undefined) return '';
  return `, ignored until ${ignored.until}${ignored.reason === undefined ? '' : `: ${ignored.reason}`}`;
}

function sinceText(since: string | undefined, now: string): string {
  const ms = Date.parse(now) - Date.parse(since ?? now);
  return ms <= 0 ? 'first seen now' : `since ${age(ms)}`;
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
  if (drifted + unreadable + asleep === 0) {
    const ignored = report.nodes.some(({ items }) => items.length > 0) ? ', but for what you ignore' : '';
    return `${mark('unchanged', style)} Everything is as declared${ignored}.`;
  }
  return [
    ...(drifted > 0 ? [`${count(drifted, 'place')} drifted: \`vmstation up\` puts back what is declared`] : []),
    ...(unreadable > 0 ? [`${unreadable} unreadable`] : []),
    ...(asleep > 0 ? [`${asleep} asleep, not compared`] : []),
  ].join(dot(style));
}

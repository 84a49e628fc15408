import { type Finding, type FindingState, outcomeOf } from '@vmstation/core';
import { count, table } from './layout.ts';
import { dot, mark, type Style, toneOf } from './style.ts';

/** Worst first. */
const severity: readonly FindingState[] = ['failed', 'unreadable', 'warning', 'asleep', 'not-proved', 'ok'];

/** Findings as a table, worst first, what to try below each that needs it, and a line that counts them. */
export function renderFindings(findings: readonly Finding[], style: Style): string {
  const sorted = findings.toSorted(
    (a, b) => severity.indexOf(a.state) - severity.indexOf(b.state) || (a.node ?? '').localeCompare(b.node ?? ''),
  );
  const rows = sorted.map((finding) => [
    `${markOf(finding.state, style)} ${finding.state === 'not-proved' ? 'not proved' : finding.state}`,
    finding.node ?? '',
    finding.code,
    evidenceOf(finding, style),
  ]);
  return [...table(['state', 'node', 'finding', 'evidence'], rows, style, ''), '', countFindings(findings, style)].join(
    '\n',
  );
}

/** `12 ok · 1 warning · 2 not proved`, worst first. */
export function countFindings(findings: readonly Finding[], style: Style): string {
  const parts = severity.flatMap((state) => {
    const number = findings.filter((finding) => finding.state === state).length;
    if (number === 0) return [];
    return [style.paint[toneOf(outcomeOf[state])](`${number} ${state === 'not-proved' ? 'not proved' : state}`)];
  });
  return parts.length === 0 ? count(0, 'finding') : parts.join(dot(style));
}

function evidenceOf(finding: Finding, style: Style): string {
  const needsHelp = finding.state === 'failed' || finding.state === 'unreadable' || finding.state === 'warning';
  if (!needsHelp || finding.tryThis === undefined || finding.tryThis === '') return finding.evidence;
  return `${finding.evidence}\n${style.unicode ? '↳' : 'try:'} ${finding.tryThis}`;
}

function markOf(state: FindingState, style: Style): string {
  if (state === 'warning') return style.paint.caution(style.unicode ? '▲' : '!');
  return mark(outcomeOf[state], style);
}

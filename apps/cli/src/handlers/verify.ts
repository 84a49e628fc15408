import { errorKindTable, exitCodeOfFindings } from '@vmstation/core';
import { type CheckReport, checkNames } from '@vmstation/platform';
import type { CommandHandler } from '../command/define-command.ts';
import { openSession } from '../compose/session.ts';
import { renderErrorRecord } from '../render/error.ts';
import { renderFindings } from '../render/findings.ts';
import { jsonText } from '../render/json.ts';
import { progressDisplay } from './progress.ts';

/** Runs one check, or all, and prints one table. A check that could not look is an error of its own, never green. */
export const handleVerify: CommandHandler = async (invocation) => {
  const { io, global, style } = invocation;
  const name = invocation.path.at(-1) ?? 'all';
  const display = progressDisplay(invocation);
  const session = await openSession(invocation, { withDiff: false, onEvent: () => {} });
  try {
    if (!global.json) display.say(`Checking ${name === 'all' ? 'everything' : name}`);
    const reports = await session.platform.verify(name === 'all' ? checkNames : [name]);
    display.close();
    if (global.json) io.out(`${jsonText(reports)}\n`);
    else io.out(`${renderReports(reports, style)}\n`);
    return exitCodeOf(reports);
  } finally {
    display.close();
    await session.close();
  }
};

function renderReports(reports: readonly CheckReport[], style: Parameters<typeof renderFindings>[1]): string {
  const errors = reports.flatMap(({ name, error }) =>
    error === undefined
      ? []
      : [renderErrorRecord({ ...error, context: { ...error.context, step: `verify ${name}` } }, style)],
  );
  return [
    renderFindings(
      reports.flatMap(({ findings }) => findings),
      style,
    ),
    ...errors,
  ].join('\n\n');
}

function exitCodeOf(reports: readonly CheckReport[]): number {
  const findings = exitCodeOfFindings(reports.flatMap((report) => report.findings.map((finding) => finding.state)));
  const errors = reports.flatMap(({ error }) => (error === undefined ? [] : [errorKindTable[error.kind].exitCode]));
  return findings === 1 ? findings : (errors[0] ?? findings);
}

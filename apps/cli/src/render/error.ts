import { type AppError, causeChain, type ErrorRecord } from '@vmstation/core';
import { labelled, wrap } from './layout.ts';
import { mark, type Style } from './style.ts';

const labels = { indent: 2, width: 7 };

/**
 * An error for the operator: code and message, where, why, what to try, where to read more. Only our own bugs show a stack.
 */
export function renderError(error: AppError, style: Style): string {
  const stack = error.kind === 'bug' ? stackOf(error) : undefined;
  const causes = causeChain(error).filter((message) => !error.message.includes(message));
  const { code, message, tryThis, nextSteps, context } = error;
  // Whoever stopped it knows why: no page is offered.
  const page = error.kind !== 'interrupted';
  return renderErrorParts({ code, message, tryThis, nextSteps, context, causes, stack, page }, style);
}

/** The same for an error that was recorded as data. */
export function renderErrorRecord(record: ErrorRecord, style: Style): string {
  return renderErrorParts(
    { ...record, causes: record.cause === undefined ? [] : [record.cause], stack: undefined, page: true },
    style,
  );
}

interface ErrorParts {
  readonly code: string;
  readonly message: string;
  readonly tryThis?: string | undefined;
  readonly nextSteps: readonly string[];
  readonly context: ErrorRecord['context'];
  readonly causes: readonly string[];
  readonly stack: string | undefined;
  readonly page: boolean;
}

function renderErrorParts(error: ErrorParts, style: Style): string {
  const [told = '', ...shown] = error.message.split('\n\n');
  const [first = '', ...rest] = wrap(told, Math.max(20, style.columns - error.code.length - 4));
  // What follows an empty line (faults with their source, help) is laid out already.
  const asItStands = shown.length === 0 ? [] : ['', ...shown.join('\n\n').split('\n')];
  const field = (label: string, text: string) => labelled(label, text, { ...labels, style });
  const where = ['step', 'node']
    .map((key) => error.context[key])
    .filter((value) => value !== undefined && !error.message.includes(String(value)));
  return [
    `${mark('failed', style)} ${style.paint.strong(error.code)}  ${first}`,
    ...[...rest, ...asItStands].map((line) => `    ${line}`.trimEnd()),
    ...(where.length === 0 ? [] : [field('Step', where.join(style.unicode ? ' › ' : ' > '))]),
    ...error.causes.map((cause) => field('Cause', cause)),
    ...(error.tryThis === undefined ? [] : [field('Try', error.tryThis)]),
    ...error.nextSteps.map((step, index) => field(index === 0 ? 'Then' : '', step)),
    ...(error.page ? [field('Docs', `vmstation explain ${error.code}`)] : []),
    ...(error.stack === undefined ? [] : ['', style.paint.quiet(error.stack)]),
  ].join('\n');
}

function stackOf(error: AppError): string | undefined {
  const origin = error.cause instanceof Error ? error.cause : error;
  return origin.stack?.split('\n').slice(1, 9).join('\n');
}

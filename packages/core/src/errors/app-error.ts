import type { ErrorKind } from './error-kind.ts';

/** `area/kebab-name`, for example `ssh/host-key-changed`. Every code has a page in cluster-docs/errors. */
export type ErrorCode = `${string}/${string}`;

/** Where an error happened: plain values for the operator, never secrets. */
export type ErrorContext = Readonly<Record<string, string | number | boolean | undefined>>;

/** What an {@link AppError} is made of. */
export interface AppErrorDetails {
  readonly code: ErrorCode;
  readonly kind: ErrorKind;
  /** What was attempted, on which node, and why it failed. Never repeats the cause: the renderer prints the chain. */
  readonly message: string;
  /** The one thing to try first, as a sentence or a command. */
  readonly tryThis?: string;
  readonly nextSteps?: readonly string[];
  readonly context?: ErrorContext;
  /** True when the same call may succeed later without a change. */
  readonly retryable?: boolean;
  readonly cause?: unknown;
}

/** An error meant for the operator: a stable code, what was attempted, why it failed and what to do next. */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly kind: ErrorKind;
  readonly tryThis: string | undefined;
  readonly nextSteps: readonly string[];
  readonly context: ErrorContext;
  readonly retryable: boolean;

  constructor(details: AppErrorDetails) {
    super(details.message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'AppError';
    this.code = details.code;
    this.kind = details.kind;
    this.tryThis = details.tryThis;
    this.nextSteps = details.nextSteps ?? [];
    this.context = details.context ?? {};
    this.retryable = details.retryable ?? false;
  }
}

/** An error as data, for `--json`, the journal and the HTTP contract. */
export interface ErrorRecord {
  readonly code: ErrorCode;
  readonly kind: ErrorKind;
  readonly message: string;
  readonly tryThis?: string;
  readonly nextSteps: readonly string[];
  readonly context: ErrorContext;
  readonly retryable: boolean;
  readonly cause?: string;
}

/** An error as data; the cause chain is flattened to one line. */
export function errorRecord(error: AppError): ErrorRecord {
  const cause = causeChain(error).join(': ');
  return {
    code: error.code,
    kind: error.kind,
    message: error.message,
    ...(error.tryThis === undefined ? {} : { tryThis: error.tryThis }),
    nextSteps: error.nextSteps,
    context: error.context,
    retryable: error.retryable,
    ...(cause === '' ? {} : { cause }),
  };
}

/** Messages of the causes below an error, nearest first. */
export function causeChain(error: Error): string[] {
  const messages: string[] = [];
  let cause: unknown = error.cause;
  while (cause !== undefined && cause !== null && messages.length < 10) {
    messages.push(cause instanceof Error ? cause.message : JSON.stringify(cause));
    cause = cause instanceof Error ? cause.cause : undefined;
  }
  return messages;
}

import { AppError, type ErrorContext } from '@vmstation/core';
import { listAt, numberAt, textAt } from './json-path.ts';

/** The `v1.Status` that the API server sends for a refusal, as far as we read it. */
export interface ApiStatus {
  readonly code: number;
  readonly reason: string;
  readonly message: string;
  readonly causes: readonly { readonly reason: string; readonly field: string; readonly message: string }[];
  readonly retryAfterSeconds: number | undefined;
}

/** Reads a `v1.Status` out of a reply's body; a body that is none gives its status line and first characters. */
export function readStatus(httpStatus: number, body: unknown): ApiStatus {
  return {
    code: httpStatus,
    reason: textAt(body, 'reason') ?? '',
    message: textAt(body, 'message') ?? (typeof body === 'string' ? body.slice(0, 300) : `HTTP status ${httpStatus}`),
    causes: listAt(body, 'details.causes').map((cause) => ({
      reason: textAt(cause, 'reason') ?? '',
      field: textAt(cause, 'field') ?? '',
      message: textAt(cause, 'message') ?? '',
    })),
    retryAfterSeconds: numberAt(body, 'details.retryAfterSeconds'),
  };
}

/** The error for a refusal of the API server. `attempted` is a phrase such as `apply Deployment monitoring/grafana`. */
export function refusalError(status: ApiStatus, attempted: string, server: string): AppError {
  const context: ErrorContext = { server, status: status.code, reason: status.reason };
  const said = `Could not ${attempted}: the Kubernetes API said: ${status.message}`;
  if (status.code === 401 || status.code === 403) {
    return new AppError({
      code: 'kube/forbidden',
      kind: 'remote',
      message: said,
      tryThis: 'Check that the kubeconfig of the workspace belongs to this cluster and its account may do this.',
      context,
    });
  }
  if (status.code === 409) {
    return new AppError({
      code: 'kube/conflict',
      kind: 'remote',
      message: said,
      tryThis: 'Run the same command again; when it repeats, look who else changes this object.',
      context,
      retryable: true,
    });
  }
  if (status.code === 400 || status.code === 422 || isSchemaRefusal(status)) {
    return new AppError({
      code: 'kube/invalid',
      kind: 'user',
      message: said,
      tryThis: 'Correct the field that the message names in the manifest or in vmstation.yaml.',
      context,
    });
  }
  return new AppError({
    code: 'kube/refused',
    kind: 'remote',
    message: said,
    tryThis:
      'Run `vmstation verify cluster`; when the API server is overloaded or starting, wait a little and run again.',
    context,
    retryable: status.code === 404 || status.code === 429 || status.code >= 500,
  });
}

/** The error when nothing, or nothing usable, answered at the server's address. */
export function unreachableError(server: string, attempted: string, cause: unknown): AppError {
  return new AppError({
    code: 'kube/unreachable',
    kind: 'unreachable',
    message: `Could not ${attempted}: the Kubernetes API at ${server} does not answer.`,
    tryThis: 'Check that the control plane node is on and `systemctl status kubelet` there is active.',
    context: { server },
    retryable: true,
    cause,
  });
}

/** The API server answers 500 without a reason when an applied object does not fit the kind's schema. */
export function isSchemaRefusal(status: ApiStatus): boolean {
  return (
    status.code === 500 && /failed to create typed|field not declared in schema|unknown field/.test(status.message)
  );
}

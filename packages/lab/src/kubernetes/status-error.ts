import type { JsonObject } from './json.ts';

/** One cause in a Status of reason Invalid. */
export interface StatusCause {
  readonly reason: string;
  readonly message: string;
  readonly field: string;
}

/** Resource and name that a Status speaks of. */
export interface StatusSubject {
  readonly group?: string;
  readonly kind?: string;
  readonly resource?: string;
  readonly name?: string;
}

interface StatusParts {
  readonly code: number;
  readonly reason: string;
  readonly message: string;
  readonly subject?: StatusSubject;
  readonly causes?: readonly StatusCause[];
  readonly retryAfterSeconds?: number;
  readonly uid?: string;
  /** With which a list goes on all the same. */
  readonly continueToken?: string;
}

/**
 * A request refused with a Kubernetes `Status`. Reasons, codes and wording follow
 * k8s.io/apimachinery/pkg/api/errors, since clients decide by them.
 */
export class StatusError extends Error {
  readonly code: number;
  readonly reason: string;
  readonly parts: StatusParts;

  constructor(parts: StatusParts) {
    super(parts.message);
    this.name = 'StatusError';
    this.code = parts.code;
    this.reason = parts.reason;
    this.parts = parts;
  }

  /** The `v1.Status` object of the reply's body. */
  toStatus(): JsonObject {
    const { subject, causes, retryAfterSeconds, uid, continueToken } = this.parts;
    const details: JsonObject = {
      ...(subject?.name ? { name: subject.name } : {}),
      ...(subject?.group ? { group: subject.group } : {}),
      ...((subject?.kind ?? subject?.resource) ? { kind: subject?.kind ?? subject?.resource } : {}),
      ...(uid ? { uid } : {}),
      ...(causes ? { causes: causes.map((cause) => ({ ...cause })) } : {}),
      ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
    };
    return {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: continueToken === undefined ? {} : { continue: continueToken },
      status: 'Failure',
      message: this.message,
      ...(this.reason === '' ? {} : { reason: this.reason }),
      ...(Object.keys(details).length === 0 ? {} : { details }),
      code: this.code,
    };
  }
}

function qualified(subject: StatusSubject): string {
  const resource = subject.resource ?? subject.kind ?? '';
  return subject.group ? `${resource}.${subject.group}` : resource;
}

/** 404 for an object. */
export function notFound(subject: StatusSubject): StatusError {
  return new StatusError({
    code: 404,
    reason: 'NotFound',
    message: `${qualified(subject)} "${subject.name ?? ''}" not found`,
    subject,
  });
}

/** 404 for a path that no resource serves. */
export function pathNotFound(): StatusError {
  return new StatusError({
    code: 404,
    reason: 'NotFound',
    message: 'the server could not find the requested resource',
  });
}

/** 409 when a name is taken. */
export function alreadyExists(subject: StatusSubject): StatusError {
  return new StatusError({
    code: 409,
    reason: 'AlreadyExists',
    message: `${qualified(subject)} "${subject.name ?? ''}" already exists`,
    subject,
  });
}

/** 409 for a lost race or a refused precondition. */
export function conflict(subject: StatusSubject, why: string, causes?: readonly StatusCause[]): StatusError {
  return new StatusError({
    code: 409,
    reason: 'Conflict',
    message: `Operation cannot be fulfilled on ${qualified(subject)} "${subject.name ?? ''}": ${why}`,
    subject,
    ...(causes ? { causes } : {}),
  });
}

/** 400 for a request that cannot be understood. */
export function badRequest(message: string): StatusError {
  return new StatusError({ code: 400, reason: 'BadRequest', message });
}

/** 403 by authorization or admission. */
export function forbidden(subject: StatusSubject, why: string): StatusError {
  const name = subject.name ? ` "${subject.name}"` : '';
  return new StatusError({
    code: 403,
    reason: 'Forbidden',
    message: `${qualified(subject)}${name} is forbidden: ${why}`,
    subject,
  });
}

/** 422 with every faulty field. `subject.kind` names the kind. */
export function invalid(subject: StatusSubject, causes: readonly StatusCause[]): StatusError {
  const list = causes.map((cause) => `${cause.field}: ${cause.message}`);
  const text = list.length === 1 ? list[0] : `[${list.join(', ')}]`;
  const kind = subject.group ? `${subject.kind}.${subject.group}` : subject.kind;
  return new StatusError({
    code: 422,
    reason: 'Invalid',
    message: `${kind} "${subject.name ?? ''}" is invalid: ${text}`,
    subject: { ...subject },
    causes,
  });
}

/** 405 for a verb that a resource does not offer. */
export function methodNotAllowed(subject: StatusSubject): StatusError {
  return new StatusError({
    code: 405,
    reason: 'MethodNotAllowed',
    message: 'the server does not allow this method on the requested resource',
    subject,
  });
}

/** 410 for a resourceVersion or a continue token that is too old. */
export function expired(message: string, continueToken?: string): StatusError {
  return new StatusError({
    code: 410,
    reason: 'Expired',
    message,
    ...(continueToken === undefined ? {} : { continueToken }),
  });
}

/** 413 for a body that the server does not take. */
export function tooLarge(why: string): StatusError {
  const message = `Request entity too large: ${why}`;
  return new StatusError({ code: 413, reason: 'RequestEntityTooLarge', message });
}

/** 429, with when to try again. */
export function tooManyRequests(
  message: string,
  retryAfterSeconds: number,
  causes?: readonly StatusCause[],
): StatusError {
  return new StatusError({
    code: 429,
    reason: 'TooManyRequests',
    message,
    retryAfterSeconds,
    ...(causes ? { causes } : {}),
  });
}

/** 500 with the reason InternalError, or none as `apply` gives for a field that its schema lacks. */
export function internalError(message: string, reason = 'InternalError'): StatusError {
  return new StatusError({ code: 500, reason, message });
}

/** A faulty field for {@link invalid}: wrong value. */
export function invalidValue(field: string, value: unknown, why: string): StatusCause {
  return { reason: 'FieldValueInvalid', field, message: `Invalid value: ${shown(value)}: ${why}` };
}

/** A faulty field: it must be present. */
export function requiredValue(field: string, why = ''): StatusCause {
  return { reason: 'FieldValueRequired', field, message: why === '' ? 'Required value' : `Required value: ${why}` };
}

/** A faulty field: the value is none of those allowed. */
export function unsupportedValue(field: string, value: unknown, allowed: readonly string[]): StatusCause {
  const list = allowed.map((item) => `"${item}"`).join(', ');
  return {
    reason: 'FieldValueNotSupported',
    field,
    message: `Unsupported value: ${shown(value)}: supported values: ${list}`,
  };
}

/** A faulty field: more than `limit` bytes. */
export function tooLongValue(field: string, limit: number): StatusCause {
  return { reason: 'FieldValueTooLong', field, message: `Too long: may not be more than ${limit} bytes` };
}

/** A faulty field: it must not be set here. */
export function forbiddenField(field: string, why: string): StatusCause {
  return { reason: 'FieldValueForbidden', field, message: `Forbidden: ${why}` };
}

/** A faulty field: it repeats an earlier one. */
export function duplicateValue(field: string, value: unknown): StatusCause {
  return { reason: 'FieldValueDuplicate', field, message: `Duplicate value: ${shown(value)}` };
}

/** A faulty field: what it names does not exist. */
export function notFoundValue(field: string, value: unknown): StatusCause {
  return { reason: 'FieldValueNotFound', field, message: `Not found: ${shown(value)}` };
}

function shown(value: unknown): string {
  return JSON.stringify(value) ?? 'null';
}

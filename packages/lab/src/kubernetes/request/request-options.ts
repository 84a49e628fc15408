import { forbiddenField, invalid, requiredValue, type StatusError, unsupportedValue } from '../status-error.ts';
import type { ApiRequest } from './api-request.ts';

const kinds: Readonly<Record<string, string>> = {
  create: 'CreateOptions',
  update: 'UpdateOptions',
  patch: 'PatchOptions',
  delete: 'DeleteOptions',
  deletecollection: 'DeleteOptions',
};

/** 422 for an option of a request, as k8s.io/apimachinery/pkg/apis/meta/v1/validation has it. */
export function invalidOption(
  kind: string,
  cause: { readonly reason: string; readonly field: string; readonly message: string },
): StatusError {
  return invalid({ group: 'meta.k8s.io', kind, name: '' }, [cause]);
}

function optionsOf(request: ApiRequest): string {
  return kinds[request.info.verb] ?? 'ListOptions';
}

/** Name under which a write's fields are owned: `fieldManager`, else the user agent's program name. Throws 422. */
export function managerOf(request: ApiRequest): string {
  const named = request.query.get('fieldManager');
  if (!named) return request.userAgent.split('/')[0]?.slice(0, 128) || 'unknown';
  if (named.length > 128) {
    throw invalidOption(optionsOf(request), {
      reason: 'FieldValueTooLong',
      field: 'fieldManager',
      message: 'Too long: may not be more than 128 bytes',
    });
  }
  return named;
}

/** True when the client asks for a dry run. Throws 422 for any value but All. */
export function isDryRun(request: ApiRequest): boolean {
  const value = request.query.getAll('dryRun').filter((item) => item !== '');
  if (value.length === 0) return false;
  if (value.every((item) => item === 'All')) return true;
  throw invalidOption(optionsOf(request), unsupportedValue('dryRun', value, ['All']));
}

/** What to do about unknown fields. Throws 422 for an unknown wish. */
export function fieldValidationOf(request: ApiRequest): 'Strict' | 'Warn' | 'Ignore' {
  const value = request.query.get('fieldValidation') ?? 'Warn';
  if (value === '' || value === 'Warn') return 'Warn';
  if (value === 'Strict' || value === 'Ignore') return value;
  throw invalidOption(optionsOf(request), unsupportedValue('fieldValidation', value, ['', 'Ignore', 'Strict', 'Warn']));
}

/** Whether an apply takes fields from other managers. Throws 422 for an apply without a manager, and for force without apply. */
export function forceOf(request: ApiRequest, isApply: boolean): boolean {
  const force = request.query.get('force');
  if (!isApply) {
    if (force) throw invalidOption('PatchOptions', forbiddenField('force', 'may not be specified for non-apply patch'));
    return false;
  }
  if (!request.query.get('fieldManager')) {
    throw invalidOption('PatchOptions', requiredValue('fieldManager', 'is required for apply patch'));
  }
  return force === 'true' || force === '1';
}

import { timestamp } from '../clock.ts';
import { fieldAt, isObject } from '../json.ts';
import type { ApiObjects } from '../registry/api-objects.ts';
import { type ApiRequest, type ApiResponse, jsonBody } from '../request/api-request.ts';
import { invalid, invalidValue } from '../status-error.ts';
import type { TokenAuthenticator } from './token-authentication.ts';

const shortestSeconds = 600;

/** Answers `serviceaccounts/NAME/token`: a token of limited life. Throws 404, and 422 for a life under ten minutes. */
export function requestToken(api: ApiObjects, tokens: TokenAuthenticator, request: ApiRequest): ApiResponse {
  const { namespace, name } = request.info;
  const account = api.mustGet('serviceaccounts', namespace, name);
  const body = jsonBody(request);
  const asked = fieldAt(body, 'spec', 'expirationSeconds');
  const seconds = typeof asked === 'number' ? asked : 3600;
  if (seconds < shortestSeconds) {
    throw invalid({ group: 'authentication.k8s.io', kind: 'TokenRequest', name: '' }, [
      invalidValue('spec.expirationSeconds', seconds, 'may not specify a duration less than 10 minutes'),
    ]);
  }
  const expiresMs = api.clock.now() + seconds * 1000;
  const token = tokens.issue({
    namespace,
    name,
    uid: account.metadata.uid ?? '',
    expires: Math.floor(expiresMs / 1000),
  });
  return {
    code: 201,
    body: {
      kind: 'TokenRequest',
      apiVersion: 'authentication.k8s.io/v1',
      metadata: { name, namespace, creationTimestamp: timestamp(api.clock.now()) },
      spec: {
        audiences: ['https://kubernetes.default.svc'],
        ...(isObject(body.spec) ? body.spec : {}),
        expirationSeconds: seconds,
      },
      status: { token, expirationTimestamp: timestamp(expiresMs) },
    },
  };
}

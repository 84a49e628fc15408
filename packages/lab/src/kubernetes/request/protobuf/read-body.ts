import type { JsonObject } from '../../json.ts';
import { resourceOfKind } from '../../resources.ts';
import { badRequest } from '../../status-error.ts';
import { unsupportedMediaType } from '../media-type.ts';
import { readFields } from './read-fields.ts';
import { wireFields } from './wire-fields.ts';

/** Types of bodies that are not stored as they are. */
const otherTypes: Readonly<Record<string, string>> = {
  'v1/Binding': 'V1Binding',
  'policy/v1/Eviction': 'V1Eviction',
  'autoscaling/v1/Scale': 'V1Scale',
  'authorization.k8s.io/v1/SelfSubjectAccessReview': 'V1SelfSubjectAccessReview',
  'authorization.k8s.io/v1/SelfSubjectRulesReview': 'V1SelfSubjectRulesReview',
  'authorization.k8s.io/v1/SubjectAccessReview': 'V1SubjectAccessReview',
  'authorization.k8s.io/v1/LocalSubjectAccessReview': 'V1LocalSubjectAccessReview',
  'authentication.k8s.io/v1/SelfSubjectReview': 'V1SelfSubjectReview',
  'authentication.k8s.io/v1/TokenReview': 'V1TokenReview',
  'authentication.k8s.io/v1/TokenRequest': 'AuthenticationV1TokenRequest',
};

/**
 * Reads a body of media type `application/vnd.kubernetes.protobuf`, which kubectl's `create` by flags and client-go's typed clients send:
 * four magic bytes, then a `runtime.Unknown` with the type and the object. `body` holds one character per byte. Throws 415 for a custom
 * resource, as those have no protobuf form, and 400 for a kind that is not served and for bytes that are no message.
 * Source: https://kubernetes.io/docs/reference/using-api/api-concepts/#protobuf-encoding
 */
export function readProtobufBody(body: string): JsonObject {
  if (!body.startsWith('k8s\u0000'))
    throw badRequest('provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]');
  const { apiVersion, kind, raw } = readEnvelope(Buffer.from(body.slice(4), 'latin1'));
  const definition = resourceOfKind(apiVersion, kind);
  if (definition?.custom) throw unsupportedMediaType(['application/json', 'application/yaml']);
  const type = kind === 'DeleteOptions' ? 'V1DeleteOptions' : (definition?.type ?? otherTypes[`${apiVersion}/${kind}`]);
  if (type === undefined) {
    throw badRequest(
      `no kind "${kind}" is registered for version "${apiVersion}" in scheme "pkg/api/legacyscheme/scheme.go:30"`,
    );
  }
  return { apiVersion, kind, ...readFields(raw, type) };
}

interface Envelope {
  readonly apiVersion: string;
  readonly kind: string;
  readonly raw: Buffer;
}

function readEnvelope(bytes: Buffer): Envelope {
  let raw: Buffer = Buffer.alloc(0);
  let [apiVersion, kind] = ['', ''];
  for (const { number, bytes: value } of wireFields(bytes)) {
    if (number === 2) raw = value;
    if (number !== 1) continue;
    for (const part of wireFields(value)) {
      if (part.number === 1) apiVersion = part.bytes.toString('utf8');
      if (part.number === 2) kind = part.bytes.toString('utf8');
    }
  }
  return { apiVersion, kind, raw };
}

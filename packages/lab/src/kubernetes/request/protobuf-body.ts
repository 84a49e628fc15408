import type { Json, JsonObject } from '../json.ts';
import { unsupportedMediaType } from './media-type.ts';

/** A message type: field number to name and type. `text*` repeats. */
interface MessageType {
  readonly [number: number]: readonly [name: string, type: 'text' | 'text*' | 'integer' | MessageType];
}

const resourceAttributes: MessageType = {
  1: ['namespace', 'text'],
  2: ['verb', 'text'],
  3: ['group', 'text'],
  4: ['version', 'text'],
  5: ['resource', 'text'],
  6: ['subresource', 'text'],
  7: ['name', 'text'],
};
const nonResourceAttributes: MessageType = { 1: ['path', 'text'], 2: ['verb', 'text'] };

/** The kinds that kubectl sends as protobuf whatever discovery says. Source: k8s.io/api generated.proto files. */
const kinds: Readonly<Record<string, MessageType>> = {
  SelfSubjectAccessReview: {
    2: ['spec', { 1: ['resourceAttributes', resourceAttributes], 2: ['nonResourceAttributes', nonResourceAttributes] }],
  },
  SelfSubjectRulesReview: { 2: ['spec', { 1: ['namespace', 'text'] }] },
  SelfSubjectReview: {},
  TokenRequest: { 2: ['spec', { 1: ['audiences', 'text*'], 4: ['expirationSeconds', 'integer'] }] },
};

const envelope: MessageType = {
  1: ['typeMeta', { 1: ['apiVersion', 'text'], 2: ['kind', 'text'] }],
  2: ['raw', 'text'],
};

/**
 * Reads the protobuf body of one of the few kinds that kubectl always sends so. `body` holds one character per byte.
 * Throws 415 for every other kind: clients then have to send JSON.
 */
export function readProtobufBody(body: string): JsonObject {
  const outer = body.startsWith('k8s\u0000') ? readMessage(Buffer.from(body.slice(4), 'latin1'), envelope) : {};
  const { apiVersion, kind } = (outer.typeMeta ?? {}) as JsonObject;
  const type = typeof kind === 'string' ? kinds[kind] : undefined;
  if (!type || typeof outer.raw !== 'string') throw unsupportedMediaType(['application/json', 'application/yaml']);
  return { apiVersion, kind, ...readMessage(Buffer.from(outer.raw, 'latin1'), type) };
}

function readMessage(bytes: Buffer, type: MessageType): JsonObject {
  const message: JsonObject = {};
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; at < bytes.length; shift += 7) {
      const byte = bytes[at++] ?? 0;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) break;
    }
    return value;
  };
  while (at < bytes.length) {
    const tag = varint();
    const field = type[Math.floor(tag / 8)];
    if (tag % 8 === 0) {
      const value = varint();
      if (field?.[1] === 'integer') message[field[0]] = value;
    } else if (tag % 8 === 2) {
      const length = varint();
      const part = bytes.subarray(at, at + length);
      at += length;
      if (field) message[field[0]] = partValue(part, field[1], message[field[0]]);
    } else throw unsupportedMediaType(['application/json']);
  }
  return message;
}

function partValue(part: Buffer, type: MessageType[number][1], before: Json | undefined): Json {
  if (typeof type === 'object') return readMessage(part, type);
  const text = part.toString('latin1');
  return type === 'text*' ? [...(Array.isArray(before) ? before : []), text] : text;
}

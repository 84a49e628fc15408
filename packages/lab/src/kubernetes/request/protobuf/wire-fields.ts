import { badRequest } from '../../status-error.ts';

/** One field of a message: `bytes` of a text, message or map entry, `integer` of a number. */
export interface WireField {
  readonly number: number;
  readonly bytes: Buffer;
  readonly integer: bigint;
}

const none = Buffer.alloc(0);

/**
 * Splits a protobuf message into its fields. Throws 400 for bytes that are no message.
 * Source: https://protobuf.dev/programming-guides/encoding/
 */
export function* wireFields(message: Buffer): Generator<WireField> {
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = message[at++];
      if (byte === undefined) throw noMessage('unexpected EOF');
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asIntN(64, value);
    }
    throw noMessage('proto: integer overflow');
  };
  const take = (length: number): Buffer => {
    if (length < 0 || at + length > message.length) throw noMessage('unexpected EOF');
    const part = message.subarray(at, at + length);
    at += length;
    return part;
  };
  while (at < message.length) {
    const tag = varint();
    const number = Number(tag >> 3n);
    const wireType = Number(tag & 7n);
    if (number <= 0) throw noMessage(`proto: illegal tag ${number} (wire type ${wireType})`);
    if (wireType === 0) yield { number, bytes: none, integer: varint() };
    else if (wireType === 1) yield { number, bytes: take(8), integer: 0n };
    else if (wireType === 2) yield { number, bytes: take(Number(varint())), integer: 0n };
    else if (wireType === 5) yield { number, bytes: take(4), integer: 0n };
    else throw noMessage(`proto: illegal wireType ${wireType}`);
  }
}

function noMessage(why: string): Error {
  return badRequest(`error decoding body: ${why}`);
}

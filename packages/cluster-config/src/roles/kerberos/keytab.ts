import { encryptionTypes } from './string-to-key.ts';

/** A key of a principal, as a keytab holds it. */
export interface KeytabEntry {
  readonly realm: string;
  /** `host/masternode.home.arpa`. */
  readonly principal: string;
  /** kvno, 1 to 255. */
  readonly keyVersion: number;
  /** What the KDC derives the same keys from. */
  readonly password: string;
}

/**
 * A keytab, format 0x0502 as MIT's "keytab file format" describes it, with a key of every encryption type for each entry. Equal entries give
 * equal bytes: they bear no time.
 */
export async function keytab(entries: readonly KeytabEntry[]): Promise<Buffer> {
  const keys = entries.flatMap((entry) =>
    encryptionTypes.map(async (type) => {
      const { realm, principal, password } = entry;
      // The salt of MIT's "normal" type: the realm and the parts of the name, nothing between them.
      const key = await type.toKey(password, `${realm}${principal.replaceAll('/', '')}`);
      return keytabKey(entry, type.number, key);
    }),
  );
  return Buffer.concat([Buffer.from([5, 2]), ...(await Promise.all(keys))]);
}

function keytabKey({ realm, principal, keyVersion }: KeytabEntry, type: number, key: Buffer): Buffer {
  const parts = principal.split('/');
  const body = Buffer.concat([
    number16(parts.length),
    counted(Buffer.from(realm)),
    ...parts.map((part) => counted(Buffer.from(part))),
    number32(1), // KRB5_NT_PRINCIPAL
    number32(0), // no time
    Buffer.from([keyVersion]),
    number16(type),
    counted(key),
    number32(keyVersion),
  ]);
  return Buffer.concat([number32(body.length), body]);
}

function counted(bytes: Buffer): Buffer {
  return Buffer.concat([number16(bytes.length), bytes]);
}

function number16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

function number32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

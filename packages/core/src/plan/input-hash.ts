import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';

/** sha256 (hex) of a value as JSON with sorted keys: equal inputs give equal hashes whatever their order of keys. */
export function inputHash(value: unknown): string {
  return sha256Hex(canonicalJson(value));
}

/** sha256 (hex) of UTF-8 text. */
export function sha256Hex(text: string): string {
  return bytesToHex(sha256(utf8ToBytes(text)));
}

/** JSON with sorted keys and no white space. */
export function canonicalJson(value: unknown): string {
  return (
    JSON.stringify(value, (_key, part: unknown) => {
      if (part === null || typeof part !== 'object' || Array.isArray(part)) return part;
      const record = part as Record<string, unknown>;
      return Object.fromEntries(
        Object.keys(record)
          .sort()
          .map((key) => [key, record[key]]),
      );
    }) ?? 'undefined'
  );
}

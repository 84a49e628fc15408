import { createHash, randomBytes } from 'node:crypto';

/** Where a lab takes everything random from: ids, name suffixes, choices. */
export interface LabRandom {
  /** So many random bytes. */
  bytes(count: number): Uint8Array;
}

/** The computer's own randomness. */
export const systemRandom: LabRandom = { bytes: (count) => randomBytes(count) };

/** Randomness that follows from its seed alone: sfc32 (Chris Doty-Humphrey, PractRand), seeded with the text's SHA-256. No use for secrets. */
export function seededRandom(seed: string): LabRandom {
  const digest = createHash('sha256').update(seed).digest();
  let a = digest.readInt32LE(0);
  let b = digest.readInt32LE(4);
  let c = digest.readInt32LE(8);
  let counter = 1;
  const next = (): number => {
    const word = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + word;
    return word >>> 0;
  };
  for (let round = 0; round < 12; round += 1) next();
  return { bytes: (count) => Uint8Array.from({ length: count }, () => next() & 0xff) };
}

/** A random UUID of version 4 (RFC 9562). */
export function randomUuid(random: LabRandom): string {
  const bytes = random.bytes(16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Buffer.from(bytes).toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

/** A whole number from 0 up to, but not including, `below` (at most 2^24). */
export function randomBelow(random: LabRandom, below: number): number {
  const [high = 0, middle = 0, low = 0, extra = 0] = random.bytes(4);
  return Math.floor(((high * 2 ** 24 + middle * 2 ** 16 + low * 2 ** 8 + extra) / 2 ** 32) * below);
}

/** One of several. Throws RangeError for an empty list. */
export function randomChoice<T>(random: LabRandom, items: readonly T[]): T {
  if (items.length === 0) throw new RangeError('nothing to choose from');
  return items[randomBelow(random, items.length)] as T;
}

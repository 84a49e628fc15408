import { gunzipSync, inflateRawSync } from 'node:zlib';

/**
 * One file of an npm package's archive (tar, gzipped). Throws when it is not there.
 * Source: https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html (ustar)
 */
export function fileOfPackage(archive: Buffer, path: string): Buffer {
  const tar = gunzipSync(archive);
  for (let at = 0; at + 512 <= tar.length; ) {
    const text = (from: number, length: number): string =>
      tar.toString('latin1', at + from, at + from + length).split('\u0000')[0] ?? '';
    const size = Number.parseInt(text(124, 12), 8) || 0;
    const name = [text(345, 155), text(0, 100)].filter((part) => part !== '').join('/');
    if (name === path) return tar.subarray(at + 512, at + 512 + size);
    at += 512 + Math.ceil(size / 512) * 512;
  }
  throw new Error(`the package has no file ${path}`);
}

const endOfDirectory = 0x06054b50;

/**
 * One file of a zip archive without a comment. Throws when it is not there or is packed otherwise than by deflate.
 * Source: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
 */
export function fileOfZip(zip: Buffer, path: string): Buffer {
  const end = zip.length - 22;
  if (end < 0 || zip.readUInt32LE(end) !== endOfDirectory) throw new Error('this is no zip archive');
  let at = zip.readUInt32LE(end + 16);
  for (let left = zip.readUInt16LE(end + 10); left > 0; left--) {
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map((offset) => zip.readUInt16LE(at + offset));
    const name = zip.toString('utf8', at + 46, at + 46 + (nameLength ?? 0));
    if (name === path) return unpack(zip, at);
    at += 46 + (nameLength ?? 0) + (extraLength ?? 0) + (commentLength ?? 0);
  }
  throw new Error(`the zip archive has no file ${path}`);
}

function unpack(zip: Buffer, entry: number): Buffer {
  const method = zip.readUInt16LE(entry + 10);
  if (method !== 8) throw new Error(`a zip entry is packed by method ${method}, not by deflate`);
  const header = zip.readUInt32LE(entry + 42);
  const start = header + 30 + zip.readUInt16LE(header + 26) + zip.readUInt16LE(header + 28);
  return inflateRawSync(zip.subarray(start, start + zip.readUInt32LE(entry + 20)));
}

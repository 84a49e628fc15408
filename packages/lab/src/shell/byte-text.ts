/*
 * Inside a simulated machine all data is a "byte text": a string in which each UTF-16 unit is one byte (0–255). File names,
 * arguments, variables, pipes and here-documents carry it, so binary data passes unharmed and lengths count bytes as in the
 * C locale.
 */

/** Bytes → byte text. */
export function toByteText(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}

/** Byte text → bytes. */
export function fromByteText(text: string): Uint8Array {
  return Buffer.from(text, 'latin1');
}

/** Unicode text → byte text (UTF-8). */
export function encodeText(text: string): string {
  for (let index = 0; index < text.length; index += 1) {
    if (text.charCodeAt(index) > 127) return Buffer.from(text, 'utf8').toString('latin1');
  }
  return text;
}

/** Byte text → Unicode text where it is valid UTF-8, unchanged where it is not. */
export function decodeText(text: string): string {
  for (let index = 0; index < text.length; index += 1) {
    if (text.charCodeAt(index) > 127) {
      const decoded = Buffer.from(text, 'latin1').toString('utf8');
      return decoded.includes('\uFFFD') ? text : decoded;
    }
  }
  return text;
}
